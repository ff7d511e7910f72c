import Tensors
import Training

/// How a posterior is trained.
public struct PosteriorSettings: Codable, Sendable, Hashable {
  public var bound: PACBayesBound
  /// η of RMSprop, times the schedule's factor.
  public var learningRate: Double
  public var schedule: LearningRateSchedule
  /// α of RMSprop.
  public var smoothing: Double
  /// ε of RMSprop.
  public var epsilon: Double
  /// Samples of a step.
  public var batchSize: Int
  public var steps: Int
  /// Of the noise and the order of samples.
  public var seed: UInt64

  public init(
    bound: PACBayesBound = PACBayesBound(), learningRate: Double = 1e-3,
    schedule: LearningRateSchedule = LearningRateSchedule(), smoothing: Double = 0.9, epsilon: Double = 1e-8,
    batchSize: Int = 100, steps: Int, seed: UInt64 = 0
  ) {
    self.bound = bound
    self.learningRate = learningRate
    self.schedule = schedule
    self.smoothing = smoothing
    self.epsilon = epsilon
    self.batchSize = batchSize
    self.steps = steps
    self.seed = seed
  }
}

/// The standard deviations that a posterior begins with.
public enum InitialDeviation: String, Codable, Sendable, CaseIterable {
  /// |wⱼ| in the working basis, at least 10⁻⁴ (Wu et al. 2020, arXiv:2010.04261).
  case weights
  /// Those of the best posterior for the loss's quadratic model with the diagonal of the Gauss-Newton matrix in the
  /// working basis; see ``QuadraticPosterior``.
  case curvature
}
