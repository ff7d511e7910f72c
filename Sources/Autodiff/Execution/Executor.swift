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
///   kept residuals, from the first product on; Double totals of a call.
public final class Executor<Scalar: Real>: Sendable {
  public let schedule: Schedule
  private let plans: [Int: Plan]
  private let data: BoundData<Scalar>
  /// Written by ``move(to:)`` only, behind the entrance.
  nonisolated(unsafe) private var parameters: Vector<Scalar>
  private let literals: Vector<Scalar>
  private let pool: WorkerPool
  private let residualBytes: Int
  /// One for each worker, and for each slice of a group.
  private let workspaces: [Workspace<Scalar>]
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
    workspaces = (0..<max(pool.count, schedule.slices ?? 0)).map { _ in Workspace(plans: Array(plans.values)) }
    kept = KeptResiduals(schedule: schedule, plans: plans, bytes: residualBytes)
    fixed = Self.fixedValues(plans, parameters, literals, workspaces, pool)
  }

  private init(_ other: Executor, at parameters: Vector<Scalar>) {
    plans = other.plans
    schedule = other.schedule
    self.parameters = parameters
    literals = other.literals
    data = other.data
    pool = other.pool
    residualBytes = other.residualBytes
    workspaces = other.workspaces
    kept = KeptResiduals(schedule: schedule, plans: plans, bytes: residualBytes)
    entrance = other.entrance
    fixed = other.entrance.lock.withLock { _ in
      Self.fixedValues(other.plans, parameters, other.literals, other.workspaces, other.pool)
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
      fixed = Self.fixedValues(plans, parameters, literals, workspaces, pool)
      kept.clear()
    }
  }

  private static func fixedValues(
    _ plans: [Int: Plan], _ parameters: Vector<Scalar>, _ literals: Vector<Scalar>, _ workspaces: [Workspace<Scalar>],
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
      memory[.arena] = workspaces[0].arena.pointer
      let bound = memory
      pool.run(tasks: 1) { _, _ in workspaces[0].run(plan.instructions[.fixed] ?? [], bound, first: true) }
      pack(plan, .fixed, bound, workspaces, pool)
    }
    return fixed
  }

  /// Packs the matrices of a stage, each on some worker.
  private static func pack(
    _ plan: Plan, _ stage: Stage, _ memory: Memory<Scalar>, _ workspaces: [Workspace<Scalar>], _ pool: WorkerPool
  ) {
    let instructions = plan.packing[stage] ?? []
    pool.run(tasks: instructions.count) { task, worker in
      workspaces[worker].run(instructions[task], memory, first: true)
    }
  }

  /// How many microbatches keep their residuals between products.
  public var keptMicrobatches: Int { kept.count }

  /// Bytes held for kept residuals: none before the first product.
  public var heldResidualBytes: Int { kept.heldElements * MemoryLayout<Scalar>.stride }

  /// How many microbatches would keep their residuals.
  public static func keptMicrobatches(plans: [Int: Plan], schedule: Schedule, residualBytes: Int) -> Int {
    KeptResiduals<Scalar>.sizes(schedule: schedule, plans: plans, bytes: residualBytes).count
  }

  /// Bytes of arenas, sums and residuals this executor holds or will hold for calls with `vectors` vectors.
  public static func byteCount(
    plans: [Int: Plan], schedule: Schedule, workers: Int, vectors: Int, residualBytes: Int
  ) -> Int {
    let isKept =
      keptMicrobatches(plans: plans, schedule: schedule, residualBytes: residualBytes) == schedule.microbatchCount
    // Workers have no use for residuals of their own where all are kept.
    let arena = plans.values.map { $0.count(.arena) + $0.scratchCount + (isKept ? 0 : $0.count(.residual)) }.max() ?? 0
    let workspaces = max(workers, schedule.slices ?? 0)
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
      let holders = schedule.slices == nil ? workers : schedule.tasks
      return count * (holders * MemoryLayout<Scalar>.stride + MemoryLayout<Double>.stride)
    }
    let rows = plans.values.map { $0.width(.linearRows) }.max() ?? 0
    let linearBytes = sums(linear) + (linear + direction + rows * schedule.samples) * MemoryLayout<Scalar>.stride
    let results = max(vectors * linearBytes, sums(primal))
    let unread = plans.values.map(\.unreadCount).max() ?? 0
    let own = (workspaces * (arena + unread) + fixed) * MemoryLayout<Scalar>.stride
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
  /// One primal pass serves all vectors; where residuals are kept, none is needed after the first call. A vector is a
  /// direction in the parameters or, for functions of ``Source/vectorRows``, has rows for all samples.
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
    if !isPrimal { kept.allocate() }
    let isRows = region == .primalRows || region == .linearRows
    let width = plans.values.map { isRows ? $0.width(region) : $0.count(region) }.max() ?? 0
    let count = isRows ? width * schedule.samples : width
    let results = (0..<(isPrimal ? 1 : vectors.count)).map { _ in AlignedStorage<Scalar>(count: count, zeroed: false) }
    // Rows need no commit: every microbatch writes its own.
    let commits = isRows ? [] : results.map { Commit(count: count, tasks: schedule.tasks, into: $0) }
    let call = Call(
      vectors: vectors, directions: vectors.map { direction(for: $0) }, region: region, isPrimal: isPrimal,
      rowWidth: isRows ? width : nil, count: count, results: results, commits: commits)
    if schedule.slices == nil { runTasks(call) } else { runRounds(call) }
    for commit in commits { commit.finish(pool) }
    return results.map { Vector(adopting: $0) }
  }

  /// What one call asks for.
  private struct Call {
    var vectors: [Vector<Scalar>]
    var directions: [[Int: AlignedStorage<Scalar>]]
    var region: Region
    var isPrimal: Bool
    /// Elements of a sample's row, where the results are rows.
    var rowWidth: Int?
    /// Elements of a result.
    var count: Int
    var results: [AlignedStorage<Scalar>]
    var commits: [Commit<Scalar>]

    /// Where a task leaves the sums of each result: with the commits, or from `own` on.
    func sums(task: Int, own: (_ vectors: Int) -> UnsafeMutablePointer<Scalar>) -> [UnsafeMutablePointer<Scalar>] {
      let base = own(commits.count { $0.sums(task: task) == nil })
      // Either all commits keep their tasks' sums or none does: they are alike.
      return commits.enumerated().map { index, commit in
        commit.sums(task: task) ?? base + index * Commit<Scalar>.padded(count)
      }
    }

    /// Where a microbatch of some samples leaves a result.
    func target(
      _ repetition: Int, _ samples: Range<Int>, _ sums: [UnsafeMutablePointer<Scalar>]
    ) -> UnsafeMutablePointer<Scalar> {
      rowWidth.map { results[repetition].pointer + samples.lowerBound * $0 } ?? sums[repetition]
    }

    /// The regions that a vector's product reads and writes.
    func bind(
      _ repetition: Int, _ samples: Range<Int>, _ plan: Plan, _ sums: [UnsafeMutablePointer<Scalar>],
      in memory: inout Memory<Scalar>
    ) {
      let base = vectors[repetition].withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
      memory[.vector] = base
      memory[.vectorRows] = base + samples.lowerBound * plan.width(.vectorRows)
      memory[.direction] = directions[repetition][samples.count]?.pointer
      memory[region] = target(repetition, samples, sums)
    }
  }

  /// The regions that the primal part of a microbatch reads and writes.
  private func memory(
    _ samples: Range<Int>, _ residual: UnsafeMutablePointer<Scalar>, _ workspace: Workspace<Scalar>, _ call: Call,
    _ sums: [UnsafeMutablePointer<Scalar>]
  ) -> Memory<Scalar> {
    var memory = data.memory(of: samples)
    memory[.parameters] = parameters.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
    memory[.literals] = literals.withUnsafePointer { UnsafeMutablePointer(mutating: $0) }
    memory[.fixed] = fixed[samples.count]?.pointer
    memory[.arena] = workspace.arena.pointer
    memory[.residual] = residual
    memory[.primalResult] = workspace.unread.pointer
    memory[.primalRows] = workspace.unread.pointer
    if call.isPrimal { memory[call.region] = call.target(0, samples, sums) }
    return memory
  }

  /// Microbatches that know nothing of each other: one task on one worker.
  private func runTasks(_ call: Call) {
    pool.run(tasks: schedule.tasks) { task, worker in
      let workspace = workspaces[worker]
      let sums = call.sums(task: task) { workspace.sums(count: call.count, vectors: $0) }
      for (position, index) in schedule.microbatches(ofTask: task).enumerated() {
        let samples = schedule.samples(ofMicrobatch: index)
        guard let plan = plans[samples.count] else { continue }
        let residual = call.isPrimal ? nil : kept[index]
        var memory = memory(samples, residual?.pointer ?? workspace.residual.pointer, workspace, call, sums)
        if residual?.isFilled != true {
          workspace.run(plan.instructions[.primal] ?? [], memory, first: position == 0)
          residual?.isFilled = true
        }
        for repetition in call.vectors.indices {
          call.bind(repetition, samples, plan, sums, in: &memory)
          workspace.run(plan.instructions[.linear] ?? [], memory, first: position == 0)
        }
      }
      for (repetition, commit) in call.commits.enumerated() {
        commit.add(sums[repetition], task: task)
      }
    }
  }

  /// Group after group, the slices of a group side by side, each in an arena of its own.
  private func runRounds(_ call: Call) {
    guard let plan = plans[schedule.microbatch] else { return }
    let sums = (0..<schedule.tasks).map { task in
      call.sums(task: task) { workspaces[task].sums(count: call.count, vectors: $0) }
    }
    let primal = plan.segments(.primal)
    let linear = plan.segments(.linear)
    for round in 0..<schedule.rounds {
      var slices: [Slice] = []
      var isFilled = !call.isPrimal
      for task in 0..<schedule.tasks {
        for (position, index) in schedule.microbatches(ofTask: task, round: round).enumerated() {
          let samples = schedule.samples(ofMicrobatch: index)
          let workspace = workspaces[slices.count]
          let entry = call.isPrimal ? nil : kept[index]
          isFilled = isFilled && entry?.isFilled == true
          slices.append(
            Slice(
              task: task, samples: samples, isFirst: round == 0 && position == 0, entry: entry,
              memory: memory(samples, entry?.pointer ?? workspace.residual.pointer, workspace, call, sums[task])))
        }
      }
      if !isFilled {
        run(primal, slices)
        for slice in slices { slice.entry?.isFilled = true }
      }
      for repetition in call.vectors.indices {
        for index in slices.indices {
          call.bind(repetition, slices[index].samples, plan, sums[slices[index].task], in: &slices[index].memory)
        }
        run(linear, slices)
      }
    }
    for task in 0..<schedule.tasks {
      for (repetition, commit) in call.commits.enumerated() { commit.add(sums[task][repetition], task: task) }
    }
  }

  /// A microbatch of a group.
  private struct Slice {
    var task: Int
    var samples: Range<Int>
    /// Whether it begins the sums of its task.
    var isFirst: Bool
    var entry: KeptResiduals<Scalar>.Entry?
    var memory: Memory<Scalar>
  }

  /// Runs segment after segment, in every slice before the sums over the slices.
  private func run(_ segments: [Plan.Segment], _ slices: [Slice]) {
    for segment in segments {
      pool.run(tasks: schedule.tasks) { task, worker in
        for slice in slices[schedule.microbatches(ofTask: task)] {
          workspaces[worker].run(segment.instructions, slice.memory, first: slice.isFirst)
        }
      }
      for exchange in segment.exchanges { sumOverSlices(exchange, slices) }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sumOverSlices(_ exchange: Plan.Exchange, _ slices: [Slice]) {
    for index in 0..<exchange.count {
      var sum = 0.0
      for slice in slices { sum += Double(slice.memory[exchange.operand][index]) }
      for slice in slices { slice.memory[exchange.result][index] = Scalar(sum) }
    }
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
      memory[.arena] = workspaces[0].arena.pointer
      let bound = memory
      if let instructions = plan.instructions[.direction], !instructions.isEmpty {
        pool.run(tasks: 1) { _, _ in workspaces[0].run(instructions, bound, first: true) }
      }
      Self.pack(plan, .direction, bound, workspaces, pool)
      result[size] = storage
    }
    return result
  }
}
