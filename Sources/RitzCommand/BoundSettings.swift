import Ritz

/// Everything that defines a run of `ritz bound`, stored with it so that `--resume DIR` needs nothing else.
struct BoundSettings: StoredSettings, Equatable {
  var objective: ObjectiveSettings
  var isBinary: Bool
  var hasRandomLabels: Bool
  /// A checkpoint to begin at.
  var weights: String?
  var hasZeroPrior: Bool
  /// The training that leads to the start.
  var startEpochs: Double
  var startRate: Double
  var startMomentum: Double
  var bases: [WorkingBasis]
  var refreshEpochs: Int?
  var deviations: InitialDeviation
  /// The training of each posterior.
  var epochs: Double
  var learningRate: Double
  var schedule: String
  var batch: Int
  var bound: PACBayesBound
  var draws: Int
  var drawsAreWhole: Bool
  var testDraws: Int
  var sharpnessSamples: Int
  var precision: Precision
  var microbatch: Int?
  /// The command as typed, for the report.
  var command: [String]
  /// Identifies θ and the data, so that a run is not resumed with others.
  var fingerprint: UInt32

  static let (file, writer) = ("bound.json", "ritz bound")

  /// The network at the prior's mean.
  func network() throws -> Network {
    let network = try objective.network()
    if let mode = network.batchNormalization, mode != .running {
      throw InputError(
        place: "--batch-norm \(mode.rawValue)",
        "makes the answer to a sample depend on others, and the bound speaks of the errors of single ones",
        remedy: "use --batch-norm running")
    }
    guard hasZeroPrior else { return network }
    return try network.withParameters(Vector<Double>(zeros: network.parameterCount))
  }

  /// The training set.
  func dataset() throws -> Dataset { try prepared(objective.dataset()) }

  private func prepared(_ given: Dataset) throws -> Dataset {
    let dataset = isBinary ? try given.withBinaryTargets() : given
    return hasRandomLabels ? try dataset.withRandomTargets(seed: objective.seed) : dataset
  }

  /// The samples the training set leaves: the test split where the source has one; `nil` otherwise.
  func testSet(_ training: Dataset) throws -> Dataset? {
    guard training.description.split == "train" else { return nil }
    var other = objective
    (other.split, other.samples) = ("test", nil)
    return try prepared(other.dataset(scaledLike: training))
  }

  func namedLoss() throws -> Loss { try objective.namedLoss() }

  /// How the posterior is trained.
  func posterior(samples: Int) throws -> PosteriorSettings {
    guard batch <= samples else {
      throw InputError(
        place: "--batch \(batch)", "there are \(samples) samples only", remedy: "choose smaller batches")
    }
    guard learningRate > 0, learningRate.isFinite else {
      throw InputError(place: "--learning-rate \(learningRate)", "must be a positive number")
    }
    let perEpoch = samples / batch
    return PosteriorSettings(
      bound: bound, learningRate: learningRate,
      schedule: try LearningRateSchedule(argument: schedule, stepsPerEpoch: perEpoch), batchSize: batch,
      steps: Int((epochs * Double(perEpoch)).rounded()), seed: objective.seed)
  }

  /// How the start is trained.
  func start(samples: Int) throws -> TrainingSettings {
    var optimizer = try OptimizerSettings(named: "heavy-ball")
    optimizer.momentum = startMomentum
    let size = min(batch, samples)
    let settings = TrainingSettings(
      optimizer: optimizer, learningRate: startRate, batchSize: size,
      steps: Int((startEpochs * Double(samples / size)).rounded()), seed: objective.seed)
    try settings.validate()
    return settings
  }

  var description: String {
    "RMSprop, η \(learningRate) (\(schedule)), batch \(batch), deviations from \(deviations.rawValue)"
      + (refreshEpochs.map { ", basis anew every \($0) epochs" } ?? "")
  }
}
