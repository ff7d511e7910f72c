import Autodiff
import Datasets
import Krylov
import Networks
import Tensors

/// How an objective is cut and run. Everything but `residualBytes` can change bits, and is recorded with results.
public struct ExecutionOptions: Sendable {
  /// Samples of a microbatch; by default chosen from the network's width.
  public var microbatch: Int?
  /// An upper bound on the number of tasks; by default from the number of samples.
  public var tasks: Int?
  /// Bytes that residuals kept between products may take; by default a sixth of the memory of the process, at least 2 GiB or a
  /// third of it, at most 4 GiB.
  public var residualBytes: Int
  /// What ``residualBytes`` is taken to be where costs are counted: a budget then pays for the same on every machine.
  var countedResidualBytes: Int
  /// Samples of a group whose statistics batch normalisation takes; all samples are one group by default.
  public var batchNormGroup: Int?
  /// Of the order in which samples are cut into groups.
  public var seed: UInt64
  public init(
    microbatch: Int? = nil, tasks: Int? = nil, residualBytes: Int? = nil, batchNormGroup: Int? = nil,
    seed: UInt64 = 0
  ) {
    self.batchNormGroup = batchNormGroup
    self.seed = seed
    self.microbatch = microbatch
    self.tasks = tasks
    let memory = ProcessMemory.bytes
    self.residualBytes = residualBytes ?? min(4 << 30, max(memory / 6, min(2 << 30, memory / 3)))
    countedResidualBytes = residualBytes ?? 2 << 30
  }

  /// Leaves each of several executors its part of the memory for residuals.
  public mutating func shareResiduals(among count: Int) {
    residualBytes /= count
    countedResidualBytes /= count
  }
}

/// The objective L(θ) = Σᵢ wᵢ ℓ(f(xᵢ; θ), yᵢ) / Σᵢ wᵢ of a network on data, and the way it is run.
///
/// The mean is over samples of non-zero weight (positions of token models whose label is not ignored), exact whatever the
/// microbatches. Data is checked here once: labels in range, shapes that fit, finite numbers.
public struct Objective<Scalar: Real>: Sendable {
  public let network: Network
  public let loss: Loss
  public internal(set) var selection: ParameterSelection
  public internal(set) var schedule: Schedule
  public internal(set) var options: ExecutionOptions
  public let pool: WorkerPool
  /// n: samples (or positions) of non-zero weight.
  public let effectiveSamples: Int
  /// The samples of the data, those of weight zero among them.
  public let sampleCount: Int
  /// The shape of the outputs of one sample.
  public let outputShape: [Int]
  /// θ, all parameters one after the other.
  public let parameters: Vector<Scalar>
  let literals: Vector<Scalar>
  let data: BoundData<Scalar>
  /// The sample of the dataset at each place of ``data``; `nil` where they are the same.
  let order: [Int]?
  let targetType: TensorType?
  /// What the statistics of batch normalisation are of, where they are those of all samples.
  private let population: Dataset?
  /// Where the data is from, for errors.
  let dataSource: String

  /// - Throws: ``InputError`` where data, loss and network do not fit each other.
  public init(
    network: Network, dataset: Dataset, loss: Loss, selection: ParameterSelection? = nil,
    options: ExecutionOptions = ExecutionOptions(), pool: WorkerPool
  ) throws {
    self.loss = loss
    if let selection { self.selection = selection } else { self.selection = try .all(of: network) }
    self.pool = pool
    self.options = options
    let probe = try OutputProbe(network: network, loss: loss)
    outputShape = probe.outputShape
    let fitted = try Self.fit(dataset, to: network, loss: loss, probe: probe)
    sampleCount = fitted.count
    parameters = network.parameterVector(as: Scalar.self)
    try ScheduleRule.requireWholeGroups(samples: fitted.count, network: network, options: options)
    order = ScheduleRule.order(samples: fitted.count, network: network, options: options)
    (data, effectiveSamples) = try Self.bind(fitted, network: network, loss: loss, order: order)
    targetType = try Self.targetType(fitted, loss: loss)
    dataSource = dataset.description.source
    schedule = try ScheduleRule.schedule(samples: data.samples, network: network, options: options)
    population = network.batchNormalization == .population ? fitted : nil
    self.network =
      try population.map {
        try PopulationStatistics.fixed(network, $0, options: options, pool: pool)
      } ?? network
    literals = Vector(self.network.literals.flatMap { $0.values.values(as: Scalar.self) })
    try requireIndependentSamples()
  }

  /// Another objective's network and loss at other parameters, at other values of the network, or with other data bound.
  init(
    _ other: Objective, parameters moved: Vector<Scalar>? = nil, network given: Network? = nil,
    data: BoundData<Scalar>? = nil
  ) throws(InputError) {
    population = other.population
    var network = other.network
    var parameters = other.parameters
    if let given {
      network = given
      parameters = given.parameterVector(as: Scalar.self)
    } else if let moved {
      network = try network.withParameters(moved)
      parameters = moved
    }
    if given != nil || moved != nil, let population {
      network = try PopulationStatistics.fixed(network, population, options: other.options, pool: other.pool)
    }
    self.network = network
    self.parameters = parameters
    literals =
      given != nil || population != nil
      ? Vector(network.literals.flatMap { $0.values.values(as: Scalar.self) }) : other.literals
    loss = other.loss
    selection = other.selection
    schedule = other.schedule
    options = other.options
    pool = other.pool
    effectiveSamples = other.effectiveSamples
    sampleCount = other.sampleCount
    outputShape = other.outputShape
    self.data = data ?? other.data
    order = other.order
    targetType = other.targetType
    dataSource = other.dataSource
  }

  /// The same objective at other parameters; statistics of all samples are taken anew there.
  public func at(_ parameters: Vector<Scalar>) throws(InputError) -> Objective {
    try Objective(self, parameters: parameters)
  }

  /// The same objective with the network's parameters and literals at other values, such as those of a checkpoint.
  ///
  /// - Throws: ``InputError`` where the other network has not the same arrays.
  public func at(values network: Network) throws(InputError) -> Objective {
    let mine = self.network
    guard network.parameters.map(\.shape) == mine.parameters.map(\.shape),
      network.literals.map(\.type) == mine.literals.map(\.type)
    else {
      throw InputError(
        "\(network.source) has not the same arrays as \(mine.source)", remedy: "give checkpoints of one network")
    }
    guard let mode = mine.batchNormalization, mode != network.batchNormalization else {
      return try Objective(self, network: network)
    }
    return try Objective(self, network: network.withBatchNormalization(mode))
  }

  /// The same objective with some of the selected parameters, by their positions, all others held fixed.
  public func selecting(_ positions: [Int]) -> Objective {
    var other = self
    other.selection = ParameterSelection(positions, of: selection)
    return other
  }

  /// The space of vectors over the selected parameters.
  public var space: DenseVectorSpace<Scalar> { DenseVectorSpace(dimension: dimension, pool: pool) }

  /// P: the number of selected parameters.
  public var dimension: Int { selection.dimension(of: network) }

  /// The loss and its gradient with respect to the selected parameters.
  ///
  /// - Throws: ``InputError`` where the loss is not finite.
  public func lossAndGradient() throws -> (loss: Double, gradient: Vector<Scalar>) {
    try gradientFunction()(parameters)
  }

  /// θ ↦ (L(θ), ∇L(θ)), planned once for many θ.
  public func gradientFunction() throws(InputError) -> GradientFunction<Scalar> {
    GradientFunction(
      executor: try executor { graph throws(InputError) in try graph.lossAndGradient() }, dataSource: dataSource)
  }

  /// θ ↦ L(θ), without its gradient.
  public func lossFunction() throws(InputError) -> GradientFunction<Scalar> {
    GradientFunction(
      executor: try executor { graph throws(InputError) in [(graph.loss, .primal(offset: 0))] }, dataSource: dataSource)
  }

  /// An executor for a function of this objective, planned at the schedule's microbatch sizes.
  func executor(
    _ build: (inout ObjectiveGraph) throws(InputError) -> [(Value, ResultDestination)]
  ) throws(InputError) -> Executor<Scalar> {
    try executor(plans(build))
  }

  /// An executor of plans at the schedule's microbatch sizes.
  func executor(_ plans: [Int: Plan]) throws(InputError) -> Executor<Scalar> {
    try Executor(
      plans: plans, schedule: schedule, parameters: parameters, literals: literals, data: data, pool: pool,
      residualBytes: options.residualBytes)
  }

  func plans(
    _ build: (inout ObjectiveGraph) throws(InputError) -> [(Value, ResultDestination)]
  ) throws(InputError) -> [Int: Plan] {
    var plans: [Int: Plan] = [:]
    for size in schedule.sizes {
      plans[size] = try plan(size, build)
    }
    return plans
  }

  /// A function of this objective planned at one microbatch size.
  ///
  /// - Parameter slices: microbatches of a group, where not those of the schedule.
  func plan(
    _ size: Int, slices: Int? = nil, _ build: (inout ObjectiveGraph) throws(InputError) -> [(Value, ResultDestination)]
  ) throws(InputError) -> Plan {
    try ObjectiveGraph.plan(
      network: network, loss: loss, selection: selection, targetType: targetType, rowsPerSample: data.rowsPerSample,
      microbatch: size, slices: slices ?? schedule.slices ?? 1,
      kernels: schedule.kernels(for: Scalar.self, microbatch: size), build)
  }
}
