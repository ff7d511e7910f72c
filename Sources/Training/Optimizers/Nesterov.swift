import Krylov
import Tensors

/// Nesterov's accelerated gradient in the form of PyTorch's SGD: v ← βv + g; θ ← θ − η(g + βv), g at θ.
///
/// Source: I. Sutskever, J. Martens, G. Dahl, G. Hinton, ICML 2013, in the variables of the point at which gradients are taken.
public struct Nesterov<Scalar: Real>: Optimizer {
  /// β
  public let momentum: Double
  private var velocity: Vector<Scalar>

  public init(momentum: Double, count: Int) {
    self.momentum = momentum
    velocity = Vector(zeros: count)
  }

  public var state: [(name: String, vector: Vector<Scalar>)] { [("velocity", velocity)] }

  public mutating func restore(_ vectors: [String: Vector<Scalar>]) throws(InputError) {
    velocity = try .restored("velocity", count: velocity.count, from: vectors)
  }

  public mutating func step(
    _ parameters: inout Vector<Scalar>, gradient: Vector<Scalar>, context: StepContext<Scalar>
  ) throws {
    let space = context.space
    space.scale(momentum, &velocity)
    space.axpy(1, gradient, &velocity)
    space.axpy(-context.learningRate, gradient, &parameters)
    space.axpy(-context.learningRate * momentum, velocity, &parameters)
  }
}
