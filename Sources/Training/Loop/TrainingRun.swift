import Curvature
import Datasets
import Krylov
import Networks
import Tensors

/// A training: parameters, the optimiser's memory and running averages, moved on step by step.
///
///     var run = try TrainingRun<Float>(network: network, dataset: data, loss: .crossEntropy, settings: settings, pool: pool)
///     while !run.isFinished {
///       let step = try run.advance()
///       print(step.step, step.loss)
///     }
///
/// Every number is a function of the settings and the data: the order of samples and all that is drawn come from
/// streams that are indexed by step or epoch. A run that is stored after some steps (``state``) and restored goes on
/// with the same bits, for any number of workers. Batch normalisation takes the statistics of the batch and keeps
/// running averages r ← (1 − μ) r + μ s with the unbiased variance, as PyTorch does, unless the network is in `running`
/// mode, where its statistics are constants.
public struct TrainingRun<Scalar: Real>: Sendable {
  public let settings: TrainingSettings
  /// The network that training began with.
  public let network: Network
  /// Steps taken.
  public internal(set) var step = 0
  /// θ
  public internal(set) var parameters: Vector<Scalar>
  /// Running averages of batch normalisation: of each site the mean and the variance.
  public internal(set) var averages: [(mean: [Scalar], variance: [Scalar])]
  public internal(set) var optimizer: any Optimizer<Scalar>
  /// The samples of a step, and what they give.
  public let batch: MinibatchGradient<Scalar>
  private var order: BatchOrder
  /// Whether the batch holds all samples, unchanged.
  private var isLoaded = false

  /// - Throws: ``InputError`` where network, data, loss and settings do not fit each other.
  public init(
    network: Network, dataset: Dataset, loss: Loss, settings: TrainingSettings,
    options: ExecutionOptions = ExecutionOptions(), pool: WorkerPool
  ) throws {
    try settings.validate()
    self.settings = settings
    self.network = network
    batch = try MinibatchGradient(
      network: network, dataset: dataset, loss: loss, batchSize: settings.batchSize, options: options, pool: pool)
    try settings.augmentation.require(sampleShape: batch.dataset.sampleShape)
    order = BatchOrder(samples: dataset.count, batchSize: settings.batchSize, seed: settings.seed)
    parameters = network.parameterVector(as: Scalar.self)
    averages = batch.statistics.map { site in
      (
        network.literals[site.mean].values.values(as: Scalar.self),
        network.literals[site.variance].values.values(as: Scalar.self)
      )
    }
    optimizer = settings.optimizer.make(count: parameters.count)
  }

  public var isFinished: Bool { step >= settings.steps }

  public var stepsPerEpoch: Int { order.stepsPerEpoch }

  /// Passes over the data so far.
  public var epoch: Double { Double(step) / Double(stepsPerEpoch) }

  /// The running averages as literals of the network, by their positions.
  public var literals: [Int: [Double]] {
    var literals: [Int: [Double]] = [:]
    for (site, average) in zip(batch.statistics, averages) {
      literals[site.mean] = average.mean.map { Double($0) }
      literals[site.variance] = average.variance.map { Double($0) }
    }
    return literals
  }

  /// The network at θ with its running averages; batch normalisation as in the network that training began with.
  public func trainedNetwork() throws(InputError) -> Network {
    try network.withParameters(parameters).withLiterals(literals)
  }

  /// Takes a step.
  ///
  /// - Throws: ``InputError`` where the loss is no longer finite; the run is then as it was before.
  public mutating func advance() throws -> TrainingStep<Scalar> {
    let space = batch.space
    load()
    let rate = settings.learningRate(ofStep: step)
    let (loss, gradient, statistics) = try batch.evaluate(at: parameters)
    let norm = space.norm(gradient)
    let isCoupled = settings.weightDecay != 0 && !settings.isDecayDecoupled
    let context = StepContext(
      step: step, learningRate: rate, weightDecay: isCoupled ? settings.weightDecay : 0, clipNorm: settings.clipNorm,
      loss: loss, seed: settings.seed, batch: batch)
    var direction = context.clipped(gradient, norm: norm)
    if isCoupled { space.axpy(settings.weightDecay, parameters, &direction) }
    let before = parameters
    var moved = parameters
    if settings.weightDecay != 0 && settings.isDecayDecoupled {
      space.scale(1 - rate * settings.weightDecay, &moved)
    }
    var next = optimizer
    try next.step(&moved, gradient: direction, context: context)
    var update = moved
    space.axpy(-1, before, &update)
    let report = TrainingStep(
      step: step, epoch: epoch, loss: loss, learningRate: rate, gradientNorm: norm, updateNorm: space.norm(update),
      parameters: before, literals: literals, gradient: gradient, update: update)
    optimizer = next
    parameters = moved
    average(statistics)
    step += 1
    return report
  }

  private mutating func load() {
    let isWhole = settings.batchSize == order.samples && settings.augmentation.isNone
    guard !(isWhole && isLoaded) else { return }
    let rows = order.rows(ofStep: step)
    let (augmentation, seed, first) = (settings.augmentation, settings.seed, step * settings.batchSize)
    if augmentation.isNone {
      batch.load(rows)
    } else {
      let (shape, border) = (batch.dataset.sampleShape, Scalar(batch.dataset.scaling(0)))
      batch.load(rows) { position, image in
        augmentation.apply(to: image, shape: shape, border: border, seed: seed, index: first + position)
      }
    }
    isLoaded = isWhole
  }

  private mutating func average(_ statistics: [(mean: [Scalar], variance: [Scalar])]) {
    let kept = Scalar(1 - settings.normalizationMomentum)
    let added = Scalar(settings.normalizationMomentum)
    for (index, (site, taken)) in zip(batch.statistics, statistics).enumerated() {
      let count = batch.statisticsGroup * site.pixels
      let unbiased = Scalar(Double(count) / Double(max(1, count - 1)))
      for channel in 0..<site.channels {
        averages[index].mean[channel] = kept * averages[index].mean[channel] + added * taken.mean[channel]
        averages[index].variance[channel] =
          kept * averages[index].variance[channel] + added * (unbiased * taken.variance[channel])
      }
    }
  }
}

/// What a step did.
public struct TrainingStep<Scalar: Real>: Sendable {
  /// Steps taken before it.
  public let step: Int
  /// Passes over the data before it.
  public let epoch: Double
  /// L of the batch before it, without weight decay.
  public let loss: Double
  /// η
  public let learningRate: Double
  /// ‖g‖ of the batch, before clipping and weight decay.
  public let gradientNorm: Double
  /// ‖θ′ − θ‖
  public let updateNorm: Double
  /// θ before it.
  public let parameters: Vector<Scalar>
  /// Running averages of batch normalisation before it, as literals of the network.
  public let literals: [Int: [Double]]
  /// g of the batch, before clipping and weight decay.
  public let gradient: Vector<Scalar>
  /// θ′ − θ
  public let update: Vector<Scalar>
}
