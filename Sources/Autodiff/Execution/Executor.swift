import Synchronization
import Tensors

/// The samples a function runs over, in the executor's precision, rows in data order.
public struct BoundData<Scalar: Real>: Sendable {
  /// The number of samples (rows of the inputs).
  public var samples: Int
  /// Elements of a row.
  public var inputSize: Int
  public var targetSize: Int
  /// Rows of targets, weights and draws for each row of inputs.
  public var rowsPerSample: Int
  /// Elements of a row of ``draws``.
  public var drawSize: Int
  public var inputs: AlignedStorage<Scalar>
  public var targets: AlignedStorage<Scalar>
  public var weights: AlignedStorage<Scalar>
  /// Numbers drawn for each row; none where no function reads them.
  public var draws: AlignedStorage<Scalar>

  public init(
    samples: Int, inputSize: Int, targetSize: Int, rowsPerSample: Int = 1, inputs: AlignedStorage<Scalar>,
    targets: AlignedStorage<Scalar>, weights: AlignedStorage<Scalar>, drawSize: Int = 0,
    draws: AlignedStorage<Scalar> = AlignedStorage(count: 0)
  ) {
    precondition(inputs.count >= samples * inputSize && targets.count >= samples * rowsPerSample * targetSize)
    precondition(weights.count >= samples * rowsPerSample && draws.count >= samples * rowsPerSample * drawSize)
    self.samples = samples
    self.inputSize = inputSize
    self.targetSize = targetSize
    self.rowsPerSample = rowsPerSample
    self.inputs = inputs
    self.targets = targets
    self.weights = weights
    self.drawSize = drawSize
    self.draws = draws
  }

  /// The regions that hold the rows of some samples.
  func memory(of samples: Range<Int>) -> Memory<Scalar> {
    let row = samples.lowerBound * rowsPerSample
    var memory = Memory<Scalar>()
    memory[.inputs] = inputs.pointer + samples.lowerBound * inputSize
    memory[.targets] = targets.pointer + row * targetSize
    memory[.weights] = weights.pointer + row
    memory[.draws] = draws.pointer + row * drawSize
    return memory
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
  /// Written by ``move(to:)`` only, behind the entrance.
  nonisolated(unsafe) private var parameters: Vector<Scalar>
  private let literals: Vector<Scalar>
  private let pool: WorkerPool
  private let residualBytes: Int
  private let workers: [Workspace<Scalar>]
  nonisolated(unsafe) private var fixed: [Int: AlignedStorage<Scalar>]
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

  /// Moves this executor itself to other parameters, and has it read its data anew: what a step of training needs, where arenas,
  /// plans and room for residuals stay. The memory of the data may be written to between calls.
  public func move(to parameters: Vector<Scalar>) {
    precondition(parameters.count == self.parameters.count)
    entrance.lock.withLock { _ in
      self.parameters = parameters
      fixed = Self.fixedValues(plans, parameters, literals, workers, pool)
      kept.clear()
    }
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
    let linear = plans.values.map { $0.count(.linearResult) }.max() ?? 0
    let direction = plans.values.map { $0.count(.direction) }.reduce(0, +)
    let primal = plans.values.map { $0.count(.primalResult) }.max() ?? 0
    let kept = KeptResiduals<Scalar>.byteCount(schedule: schedule, plans: plans, bytes: residualBytes)
    func sums(_ count: Int) -> Int {
      if schedule.tasks == 1 { return 0 }
      if Commit<Scalar>.storesSums(count: count, tasks: schedule.tasks) {
        return schedule.tasks * count * MemoryLayout<Scalar>.stride
      }
      return count * (workers * MemoryLayout<Scalar>.stride + MemoryLayout<Double>.stride)
    }
    let rows = plans.values.map { $0.width(.linearRows) }.max() ?? 0
    let linearBytes = sums(linear) + (linear + direction + rows * schedule.samples) * MemoryLayout<Scalar>.stride
    let results = max(vectors * linearBytes, sums(primal))
    let unread = plans.values.map(\.unreadCount).max() ?? 0
    let own = (workers * (arena + unread) + fixed) * MemoryLayout<Scalar>.stride
    return own + results + kept
  }

  /// The sums of the outputs with a primal destination, such as the loss and its gradient.
  public func evaluate() -> Vector<Scalar> {
    entrance.lock.withLock { _ in run(vectors: [], region: .primalResult)[0] }
  }

  /// The rows of the output that has a primal destination for them, in data order, such as the network's outputs.
  public func evaluateRows() -> Vector<Scalar> {
    entrance.lock.withLock { _ in run(vectors: [], region: .primalRows)[0] }
  }

  /// For each vector the sums of the outputs with a linear destination, such as Hessian-vector products.
  ///
  /// One primal pass serves all vectors; where residuals are kept, none is needed after the first call. A vector is a direction in
  /// the parameters or, for functions of ``Source/vectorRows``, has rows for all samples.
  public func apply(_ vectors: [Vector<Scalar>]) -> [Vector<Scalar>] { apply(vectors, .linearResult) }

  /// For each vector the rows of the output that has a linear destination for them, in data order, such as products with the
  /// Jacobian.
  public func applyRows(_ vectors: [Vector<Scalar>]) -> [Vector<Scalar>] { apply(vectors, .linearRows) }

  private func apply(_ vectors: [Vector<Scalar>], _ region: Region) -> [Vector<Scalar>] {
    guard !vectors.isEmpty else { return [] }
    let width = plans.values.map { $0.width(.vectorRows) }.max() ?? 0
    precondition(width == 0 || vectors.allSatisfy { $0.count == width * schedule.samples })
    guard plans.values.contains(where: { $0.count(region) > 0 }) else { return vectors.map { _ in Vector(zeros: 0) } }
    return entrance.lock.withLock { _ in run(vectors: vectors, region: region) }
  }

  /// Sums or rows, of the primal part or for each vector.
  private func run(vectors: [Vector<Scalar>], region: Region) -> [Vector<Scalar>] {
    let isPrimal = region == .primalResult || region == .primalRows
    let isRows = region == .primalRows || region == .linearRows
    let width = plans.values.map { isRows ? $0.width(region) : $0.count(region) }.max() ?? 0
    let count = isRows ? width * schedule.samples : width
    let results = (0..<(isPrimal ? 1 : vectors.count)).map { _ in AlignedStorage<Scalar>(count: count, zeroed: false) }
    // Rows need no commit: every microbatch writes its own.
    let commits = isRows ? [] : results.map { Commit(count: count, tasks: schedule.tasks, into: $0) }
    let directions = vectors.map { direction(for: $0) }
    pool.run(tasks: schedule.tasks) { task, worker in
      let workspace = workers[worker]
      let needed = commits.count { $0.sums(task: task) == nil }
      let own = workspace.sums(count: count, vectors: needed)
      // Either all commits keep their tasks' sums or none does: they are alike.
      let sums = commits.enumerated().map { index, commit in
        commit.sums(task: task) ?? own + index * Commit<Scalar>.padded(count)
      }
      for (position, index) in schedule.microbatches(ofTask: task).enumerated() {
        let samples = schedule.samples(ofMicrobatch: index)
        guard let plan = plans[samples.count], let fixed = fixed[samples.count] else { continue }
        func target(_ repetition: Int) -> UnsafeMutablePointer<Scalar> {
          isRows ? results[repetition].pointer + samples.lowerBound * width : sums[repetition]
        }
        var memory = data.memory(of: samples)
        memory[.parameters] = parameters.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
        memory[.literals] = literals.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
        memory[.fixed] = fixed.pointer
        let residual = isPrimal ? nil : kept[index]
        memory[.residual] = residual?.pointer ?? workspace.residual.pointer
        memory[.primalResult] = workspace.unread.pointer
        memory[.primalRows] = workspace.unread.pointer
        if isPrimal { memory[region] = target(0) }
        if residual?.isFilled != true {
          workspace.run(plan, .primal, &memory, first: position == 0)
          residual?.isFilled = true
        }
        for (repetition, vector) in vectors.enumerated() {
          let base = vector.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
          memory[.vector] = base
          memory[.vectorRows] = base + samples.lowerBound * plan.width(.vectorRows)
          memory[.direction] = directions[repetition][samples.count]?.pointer
          memory[region] = target(repetition)
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
