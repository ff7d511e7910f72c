/// One line of `history.jsonl`. It holds no clock times, so that a resumed run writes the lines of an undisturbed one.
public enum RunRecord: Codable, Sendable, Equatable {
  case step(RunStep)
  case evaluation(RunEvaluation)
  case measurement(RunMeasurement)

  /// The record as JSON, with the end of its line.
  public func line() throws -> [UInt8] { try RunJSON.encode(self, isForPeople: false) }

  private enum Kind: String, Codable { case step, evaluation, measurement }

  private enum CodingKeys: String, CodingKey { case kind }

  public init(from decoder: any Decoder) throws {
    switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .kind) {
    case .step: self = .step(try RunStep(from: decoder))
    case .evaluation: self = .evaluation(try RunEvaluation(from: decoder))
    case .measurement: self = .measurement(try RunMeasurement(from: decoder))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .step(let step):
      try container.encode(Kind.step, forKey: .kind)
      try step.encode(to: encoder)
    case .evaluation(let evaluation):
      try container.encode(Kind.evaluation, forKey: .kind)
      try evaluation.encode(to: encoder)
    case .measurement(let measurement):
      try container.encode(Kind.measurement, forKey: .kind)
      try measurement.encode(to: encoder)
    }
  }
}

/// A step of the optimiser.
public struct RunStep: Codable, Sendable, Equatable {
  /// Steps taken before this one.
  public var step: Int
  /// Passes over the data before this step, with fractions.
  @ReportedNumber public var epoch: Double
  /// The loss of the step's samples before it.
  @ReportedNumber public var loss: Double
  /// η of this step.
  @ReportedNumber public var learningRate: Double
  /// ‖g‖ of the step's samples, before clipping.
  @ReportedNumber public var gradientNorm: Double
  /// ‖θ′ − θ‖
  @ReportedNumber public var updateNorm: Double

  public init(
    step: Int, epoch: Double, loss: Double, learningRate: Double, gradientNorm: Double, updateNorm: Double
  ) {
    self.step = step
    self.epoch = epoch
    self.loss = loss
    self.learningRate = learningRate
    self.gradientNorm = gradientNorm
    self.updateNorm = updateNorm
  }

  private enum CodingKeys: String, CodingKey {
    case step, epoch, loss
    case learningRate = "learning_rate"
    case gradientNorm = "gradient_norm"
    case updateNorm = "update_norm"
  }
}

/// The loss, and the fraction of samples classified as labelled, on a whole set of samples.
public struct RunEvaluation: Codable, Sendable, Equatable {
  public var step: Int
  /// `training`, `validation`, …
  public var set: String
  public var samples: Int
  @ReportedNumber public var loss: Double
  /// For classification.
  @OptionalReportedNumber public var accuracy: Double?

  public init(step: Int, set: String, samples: Int, loss: Double, accuracy: Double? = nil) {
    self.step = step
    self.set = set
    self.samples = samples
    self.loss = loss
    self.accuracy = accuracy
  }
}
