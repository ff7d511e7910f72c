import Synchronization
import Tensors

/// The samples a function runs over, in the executor's precision, rows in data order.
public struct BoundData<Scalar: Real>: Sendable {
  /// The number of samples (rows of the inputs).
  public var samples: Int
  /// Elements of a row.
  public var inputSize: Int
  public var targetSize: Int
  /// Rows of targets and weights for each row of inputs.
  public var rowsPerSample: Int
  public var inputs: AlignedStorage<Scalar>
  public var targets: AlignedStorage<Scalar>
  public var weights: AlignedStorage<Scalar>

  public init(
    samples: Int, inputSize: Int, targetSize: Int, rowsPerSample: Int = 1, inputs: AlignedStorage<Scalar>,
    targets: AlignedStorage<Scalar>, weights: AlignedStorage<Scalar>
  ) {
    precondition(inputs.count >= samples * inputSize && targets.count >= samples * rowsPerSample * targetSize)
    precondition(weights.count >= samples * rowsPerSample)
    self.samples = samples
    self.inputSize = inputSize
    self.targetSize = targetSize
    self.rowsPerSample = rowsPerSample
    self.inputs = inputs
    self.targets = targets
    self.weights = weights
  }
}

/// Lets in one call at a time: calls share the workers' memory.
private final class Entrance: Sendable {
  let lock = Mutex(())
}

/// Runs a function over all samples: cut into microbatches and tasks, one task on one worker, sums committed in task order.
///
/// - Precision: sums within a task in `Scalar`, across tasks in Double.
/// - Memory: for every worker one arena, the sums of a call and, where residuals are not kept, one microbatch's residuals; the
///   kept residuals; Double totals of a call.
public final class Executor<Scalar: Real>: Sendable {
  public let schedule: Schedule
  private let plans: [Int: Plan]
  private let data: BoundData<Scalar>
  private let parameters: Vector<Scalar>
  private let literals: Vector<Scalar>
  private let pool: WorkerPool
  private let residualBytes: Int
  private let workers: [Workspace<Scalar>]
  private let fixed: [Int: AlignedStorage<Scalar>]
  private let kept: KeptResiduals<Scalar>
  private let entrance: Entrance

  /// - Parameters:
  ///   - plans: one for each of the schedule's microbatch sizes.
  ///   - parameters: θ, flat.
  ///   - residualBytes: memory for residuals kept between products; microbatches beyond it recompute theirs.
  public init(
    plans: [Int: Plan], schedule: Schedule, parameters: Vector<Scalar>, literals: Vector<Scalar>,
    data: BoundData<Scalar>, pool: WorkerPool, residualBytes: Int
  ) throws(InputError) {
    try LinearAlgebraLibrary.load()
    precondition(data.samples == schedule.samples)
    precondition(schedule.sizes.allSatisfy { plans[$0] != nil })
    self.plans = plans
    self.schedule = schedule
    self.parameters = parameters
    self.literals = literals
    self.data = data
    self.pool = pool
    self.residualBytes = residualBytes
    entrance = Entrance()
    workers = (0..<pool.count).map { _ in Workspace(plans: Array(plans.values)) }
    kept = KeptResiduals(schedule: schedule, plans: plans, bytes: residualBytes)
    fixed = Self.fixedValues(plans, parameters, literals, workers, pool)
  }

  private init(_ other: Executor, at parameters: Vector<Scalar>) {
    plans = other.plans
    schedule = other.schedule
    self.parameters = parameters
    literals = other.literals
    data = other.data
    pool = other.pool
    residualBytes = other.residualBytes
    workers = other.workers
    kept = KeptResiduals(schedule: schedule, plans: plans, bytes: residualBytes)
    entrance = other.entrance
    fixed = other.entrance.lock.withLock { _ in
      Self.fixedValues(other.plans, parameters, other.literals, other.workers, other.pool)
    }
  }

  /// The same function at other parameters. It shares this one's arenas: calls of the two wait for each other.
  public func at(_ parameters: Vector<Scalar>) -> Executor {
    precondition(parameters.count == self.parameters.count)
    return Executor(self, at: parameters)
  }

  private static func fixedValues(
    _ plans: [Int: Plan], _ parameters: Vector<Scalar>, _ literals: Vector<Scalar>, _ workers: [Workspace<Scalar>],
    _ pool: WorkerPool
  ) -> [Int: AlignedStorage<Scalar>] {
    var fixed: [Int: AlignedStorage<Scalar>] = [:]
    for (size, plan) in plans {
      let storage = AlignedStorage<Scalar>(count: plan.count(.fixed))
      fixed[size] = storage
      var memory = Memory<Scalar>()
      memory[.parameters] = parameters.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
      memory[.literals] = literals.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
      memory[.fixed] = storage.pointer
      pool.run(tasks: 1) { _, _ in workers[0].run(plan, .fixed, &memory, first: true) }
      pack(plan, .fixed, memory, workers, pool)
    }
    return fixed
  }

  /// Packs the matrices of a stage, each on some worker.
  private static func pack(
    _ plan: Plan, _ stage: Stage, _ memory: Memory<Scalar>, _ workers: [Workspace<Scalar>], _ pool: WorkerPool
  ) {
    let instructions = plan.packing[stage] ?? []
    pool.run(tasks: instructions.count) { task, worker in workers[worker].run(instructions[task], memory, first: true) }
  }

  /// How many microbatches keep their residuals between products.
  public var keptMicrobatches: Int { kept.count }

  /// How many microbatches would keep their residuals.
  public static func keptMicrobatches(plans: [Int: Plan], schedule: Schedule, residualBytes: Int) -> Int {
    KeptResiduals<Scalar>.sizes(schedule: schedule, plans: plans, bytes: residualBytes).count
  }

  /// Bytes of arenas, sums and residuals this executor holds or will hold for calls with `vectors` vectors.
  public static func byteCount(
    plans: [Int: Plan], schedule: Schedule, workers: Int, vectors: Int, residualBytes: Int
  ) -> Int {
    let arena = plans.values.map { $0.count(.arena) + $0.scratchCount + $0.count(.residual) }.max() ?? 0
    let fixed = plans.values.map { $0.count(.fixed) }.reduce(0, +)
    let linear = plans.values.map { $0.count(.linearResult) + $0.count(.direction) }.max() ?? 0
    let primal = plans.values.map { $0.count(.primalResult) }.max() ?? 0
    let kept = KeptResiduals<Scalar>.byteCount(schedule: schedule, plans: plans, bytes: residualBytes)
    func sums(_ count: Int) -> Int {
      if schedule.tasks == 1 { return 0 }
      if Commit<Scalar>.storesSums(count: count, tasks: schedule.tasks) {
        return schedule.tasks * count * MemoryLayout<Scalar>.stride
      }
      return count * (workers * MemoryLayout<Scalar>.stride + MemoryLayout<Double>.stride)
    }
    let results = max(vectors * (sums(linear) + linear * MemoryLayout<Scalar>.stride), sums(primal))
    let own = (workers * (arena + (linear > 0 ? primal : 0)) + fixed) * MemoryLayout<Scalar>.stride
    return own + results + kept
  }

  /// The sums of the outputs with a primal destination, such as the loss and its gradient.
  public func evaluate() -> Vector<Scalar> {
    let count = plans.values.map { $0.count(.primalResult) }.max() ?? 0
    return entrance.lock.withLock { _ in run(vectors: [], resultCount: count, region: .primalResult)[0] }
  }

  /// For each vector the sums of the outputs with a linear destination, such as Hessian-vector products.
  ///
  /// One primal pass serves all vectors; where residuals are kept, none is needed after the first call.
  public func apply(_ vectors: [Vector<Scalar>]) -> [Vector<Scalar>] {
    guard !vectors.isEmpty else { return [] }
    let count = plans.values.map { $0.count(.linearResult) }.max() ?? 0
    guard count > 0 else { return vectors.map { _ in Vector(zeros: 0) } }
    return entrance.lock.withLock { _ in run(vectors: vectors, resultCount: count, region: .linearResult) }
  }

  private func run(vectors: [Vector<Scalar>], resultCount: Int, region: Region) -> [Vector<Scalar>] {
    let isPrimal = region == .primalResult
    let repetitions = isPrimal ? 1 : vectors.count
    let results = (0..<repetitions).map { _ in AlignedStorage<Scalar>(count: resultCount, zeroed: false) }
    let commits = results.map { Commit(count: resultCount, tasks: schedule.tasks, into: $0) }
    let directions = vectors.map { direction(for: $0) }
    pool.run(tasks: schedule.tasks) { task, worker in
      let workspace = workers[worker]
      let needed = commits.count { $0.sums(task: task) == nil }
      let own = workspace.sums(count: resultCount, vectors: needed)
      // Either all commits keep their tasks' sums or none does: they are alike.
      let sums = commits.enumerated().map { index, commit in
        commit.sums(task: task) ?? own + index * Commit<Scalar>.padded(resultCount)
      }
      for (position, index) in schedule.microbatches(ofTask: task).enumerated() {
        let samples = schedule.samples(ofMicrobatch: index)
        guard let plan = plans[samples.count], let fixed = fixed[samples.count] else { continue }
        var memory = Memory<Scalar>()
        memory[.parameters] = parameters.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
        memory[.literals] = literals.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
        memory[.fixed] = fixed.pointer
        memory[.inputs] = data.inputs.pointer + samples.lowerBound * data.inputSize
        memory[.targets] = data.targets.pointer + samples.lowerBound * data.rowsPerSample * data.targetSize
        memory[.weights] = data.weights.pointer + samples.lowerBound * data.rowsPerSample
        let residual = isPrimal ? nil : kept[index]
        memory[.residual] = residual?.pointer ?? workspace.residual.pointer
        memory[.primalResult] = isPrimal ? sums[0] : workspace.unreadSums.pointer
        if residual?.isFilled != true {
          workspace.run(plan, .primal, &memory, first: position == 0)
          residual?.isFilled = true
        }
        for (repetition, vector) in vectors.enumerated() {
          memory[.vector] = vector.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
          memory[.direction] = directions[repetition][samples.count]?.pointer
          memory[.linearResult] = sums[repetition]
          workspace.run(plan, .linear, &memory, first: position == 0)
        }
      }
      for (repetition, commit) in commits.enumerated() {
        commit.add(sums[repetition], task: task)
      }
    }
    for commit in commits { commit.finish(pool) }
    return results.map { Vector(adopting: $0) }
  }

  /// What depends on the vector alone, for each microbatch size.
  private func direction(for vector: Vector<Scalar>) -> [Int: AlignedStorage<Scalar>] {
    var result: [Int: AlignedStorage<Scalar>] = [:]
    for (size, plan) in plans where plan.count(.direction) > 0 {
      let storage = AlignedStorage<Scalar>(count: plan.count(.direction), zeroed: false)
      var memory = Memory<Scalar>()
      memory[.parameters] = parameters.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
      memory[.literals] = literals.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
      memory[.fixed] = fixed[size]?.pointer
      memory[.vector] = vector.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
      memory[.direction] = storage.pointer
      if plan.instructions[.direction]?.isEmpty == false {
        pool.run(tasks: 1) { _, _ in workers[0].run(plan, .direction, &memory, first: true) }
      }
      Self.pack(plan, .direction, memory, workers, pool)
      result[size] = storage
    }
    return result
  }
}
