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
  /// Literals of the network that differ from those it was made with, by their positions: running averages of batch normalisation.
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
  /// `nil` where no edge is known.
  public var edge: SharpnessEdge?
  /// The diagonal P of θ′ = θ − η P⁻¹ g, such as √v̂ + ε; `nil` for the identity.
  public var preconditioner: Vector<Scalar>?
  /// θ′ − θ: of the step from this point where ``updateIsNext``, else of the step to it.
  public var update: Vector<Scalar>?
  public var updateIsNext: Bool

  public init(
    learningRate: Double, batchSize: Int? = nil, edge: SharpnessEdge? = nil, preconditioner: Vector<Scalar>? = nil,
    update: Vector<Scalar>? = nil, updateIsNext: Bool = false
  ) {
    self.learningRate = learningRate
    self.batchSize = batchSize
    self.edge = edge
    self.preconditioner = preconditioner
    self.update = update
    self.updateIsNext = updateIsNext
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
