import Foundation

/// One line of `history.jsonl`. It holds no clock times, so that a resumed run writes the lines of an undisturbed one.
public enum RunRecord: Codable, Sendable, Equatable {
  case step(RunStep)
  case evaluation(RunEvaluation)
  case measurement(RunMeasurement)

  /// The record as JSON, keys sorted, with the end of its line.
  public func line() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try [UInt8](encoder.encode(self)) + [UInt8(ascii: "\n")]
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
