import Tensors

/// A point of a trajectory at which curvature is measured.
public struct TrajectoryMoment<Scalar: Real>: Sendable {
  /// Steps taken before it.
  public var step: Int
  /// Passes over the training data before it, with fractions.
  public var epoch: Double
  public var reason: ObservationReason
  /// θ, all parameters of the network.
  public var parameters: Vector<Scalar>
  /// Literals of the network that differ from those it was made with, by their positions: running averages of batch
  /// normalisation.
  public var literals: [Int: [Double]]
  public var optimizer: OptimizerContext<Scalar>?

  public init(
    step: Int, epoch: Double, reason: ObservationReason, parameters: Vector<Scalar>, literals: [Int: [Double]] = [:],
    optimizer: OptimizerContext<Scalar>? = nil
  ) {
    self.step = step
    self.epoch = epoch
    self.reason = reason
    self.parameters = parameters
    self.literals = literals
    self.optimizer = optimizer
  }
}

/// What an observer needs to know of the optimiser. Vectors are over all parameters.
public struct OptimizerContext<Scalar: Real>: Sendable {
  /// η of the step from this point.
  public var learningRate: Double
  /// Samples of a mini-batch of the training, m.
  public var batchSize: Int?
  /// Samples that mini-batches are drawn from without replacement, n.
  public var sampleCount: Int?
  public var weightDecay: WeightDecay
  /// `nil` where no edge is known.
  public var edge: SharpnessEdge?
  /// The diagonal P of θ′ = θ − η P⁻¹ g, such as √v̂ + ε; `nil` for the identity.
  public var preconditioner: Vector<Scalar>?
  /// θ′ − θ: of the step from this point where ``updateIsNext``, else of the step to it.
  public var update: Vector<Scalar>?
  public var updateIsNext: Bool
  /// The velocity of momentum: after the step from this point where ``updateIsNext``, else at this point.
  public var velocity: Vector<Scalar>?

  /// What weight decay does in a step.
  public enum WeightDecay: Sendable, Hashable {
    /// g + λθ in place of g: λ is a part of the Hessian.
    case coupled(Double)
    /// θ ← (1 − ηλ) θ beside the step.
    case decoupled(Double)
  }

  public init(
    learningRate: Double, batchSize: Int? = nil, sampleCount: Int? = nil, edge: SharpnessEdge? = nil,
    weightDecay: WeightDecay = .coupled(0), preconditioner: Vector<Scalar>? = nil, update: Vector<Scalar>? = nil,
    updateIsNext: Bool = false, velocity: Vector<Scalar>? = nil
  ) {
    self.learningRate = learningRate
    self.batchSize = batchSize
    self.sampleCount = sampleCount
    self.weightDecay = weightDecay
    self.velocity = velocity
    self.edge = edge
    self.preconditioner = preconditioner
    self.update = update
    self.updateIsNext = updateIsNext
  }
}

extension OptimizerContext {
  /// λ of coupled decay, which is a part of the Hessian of what is minimised.
  var coupledDecay: Double { if case .coupled(let decay) = weightDecay { decay } else { 0 } }

  /// λ of decoupled decay.
  var decoupledDecay: Double { if case .decoupled(let decay) = weightDecay { decay } else { 0 } }

  /// (n − m)/(n − 1): what drawing without replacement leaves of the variance of a mini-batch's gradient; 0 for all samples.
  var replacementFactor: Double {
    guard let sampleCount, let batchSize, sampleCount > 1 else { return 1 }
    return Double(Swift.max(0, sampleCount - batchSize)) / Double(sampleCount - 1)
  }
}

/// Why an observation is made.
public enum ObservationReason: String, Codable, Sendable, Hashable, CaseIterable {
  case start
  case schedule
  /// The loss rose far above what it was.
  case spike
  case end
}
