import Tensors

/// Everything that defines a training but the network, the data and the loss.
public struct TrainingSettings: Codable, Sendable, Hashable {
  public var optimizer: OptimizerSettings
  /// η, times the schedule's factor.
  public var learningRate: Double
  public var schedule: LearningRateSchedule
  /// λ: g + λθ in place of g, or θ ← (1 − ηλ) θ before each step where ``isDecayDecoupled``.
  public var weightDecay: Double
  public var isDecayDecoupled: Bool
  /// Gradients of a larger norm are shortened to it; `nil` for never.
  public var clipNorm: Double?
  /// Samples of a batch.
  public var batchSize: Int
  public var steps: Int
  public var augmentation: Augmentation
  /// The weight of the newest batch in the running averages of batch normalisation.
  public var normalizationMomentum: Double
  /// Of the order of samples, augmentation and the optimiser's probes.
  public var seed: UInt64

  public init(
    optimizer: OptimizerSettings, learningRate: Double? = nil, schedule: LearningRateSchedule = LearningRateSchedule(),
    weightDecay: Double = 0, isDecayDecoupled: Bool? = nil, clipNorm: Double? = nil, batchSize: Int, steps: Int,
    augmentation: Augmentation = Augmentation(), normalizationMomentum: Double = 0.1, seed: UInt64 = 0
  ) {
    self.optimizer = optimizer
    self.learningRate = learningRate ?? optimizer.standardLearningRate
    self.schedule = schedule
    self.weightDecay = weightDecay
    self.isDecayDecoupled = isDecayDecoupled ?? optimizer.decouplesWeightDecay
    self.clipNorm = clipNorm
    self.batchSize = batchSize
    self.steps = steps
    self.augmentation = augmentation
    self.normalizationMomentum = normalizationMomentum
    self.seed = seed
  }

  /// - Throws: ``InputError`` that names the setting that makes no sense.
  public func validate() throws(InputError) {
    try optimizer.validate()
    func require(_ value: Double, _ flag: String, _ isValid: Bool, _ range: String) throws(InputError) {
      guard value.isFinite, isValid else { throw InputError(place: "\(flag) \(value)", "must be \(range)") }
    }
    try require(learningRate, "--learning-rate", learningRate > 0, "a positive number")
    try require(weightDecay, "--weight-decay", weightDecay >= 0, "a number from 0 on")
    if let clipNorm { try require(clipNorm, "--clip", clipNorm > 0, "a positive number") }
    try require(
      normalizationMomentum, "--batch-norm-momentum", (0...1).contains(normalizationMomentum), "from 0 to 1")
    guard steps >= 0, batchSize >= 1 else {
      throw InputError("training takes a number of steps and a batch of samples")
    }
  }

  /// η of a step.
  public func learningRate(ofStep step: Int) -> Double { learningRate * schedule.factor(step: step, of: steps) }

  /// The optimiser and what goes with it, in words.
  public var summary: String {
    var parts = [optimizer.summary, "η \(learningRate) (\(schedule.summary))"]
    if weightDecay != 0 { parts.append("\(isDecayDecoupled ? "decoupled" : "coupled") weight decay \(weightDecay)") }
    if let clipNorm { parts.append("gradients clipped to norm \(clipNorm)") }
    if !augmentation.isNone { parts.append(augmentation.summary) }
    return parts.joined(separator: ", ")
  }
}
