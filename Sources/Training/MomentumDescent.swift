import Curvature
import Networks
import Tensors

/// Gradient descent with heavy-ball momentum on all samples at once: v ← βv + g; θ ← θ − ηv.
///
/// Source: B. T. Polyak, USSR Comput. Math. Math. Phys. 4 (1964), 1–17, doi:10.1016/0041-5553(64)90137-5.
public struct MomentumDescent: Sendable {
  /// η
  public var learningRate: Double
  /// β
  public var momentum: Double
  public var steps: Int

  public init(learningRate: Double, momentum: Double = 0.9, steps: Int) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.steps = steps
  }

  /// The parameters after the steps, from those of the objective.
  ///
  /// - Parameter observe: called with each step's number and the loss before it.
  /// - Throws: ``InputError`` where the loss is no longer finite; the selection must be all parameters.
  public func train<Scalar: Real>(
    _ objective: Objective<Scalar>, observe: (_ step: Int, _ loss: Double) throws -> Void = { _, _ in }
  ) throws -> Vector<Scalar> {
    try train(objective) { step, loss, _ in try observe(step, loss) }
  }

  /// The parameters after the steps, from those of the objective.
  ///
  /// - Parameter visit: called with each step's number, and the loss and the parameters before it.
  /// - Throws: ``InputError`` where the loss is no longer finite; the selection must be all parameters.
  public func train<Scalar: Real>(
    _ objective: Objective<Scalar>, visit: (_ step: Int, _ loss: Double, _ parameters: Vector<Scalar>) throws -> Void
  ) throws -> Vector<Scalar> {
    guard objective.dimension == objective.network.parameterCount else {
      throw InputError("training moves all parameters, but only \(objective.dimension) are selected")
    }
    let function = try objective.gradientFunction()
    var parameters = objective.parameters
    var velocity = Vector<Scalar>(zeros: parameters.count)
    for step in 0..<steps {
      let (loss, gradient) = try function(parameters)
      try visit(step, loss, parameters)
      velocity.withUnsafeMutablePointer { velocity in
        Scalar.scale(Scalar(momentum), velocity, count: parameters.count)
        gradient.withUnsafePointer { Scalar.axpy(1, $0, velocity, count: parameters.count) }
      }
      parameters.withUnsafeMutablePointer { parameters in
        velocity.withUnsafePointer { Scalar.axpy(-Scalar(learningRate), $0, parameters, count: gradient.count) }
      }
    }
    return parameters
  }
}
