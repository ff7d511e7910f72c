import Krylov
import Tensors

/// Nesterov's accelerated gradient in the form of PyTorch's SGD: v ← βv + g; θ ← θ − η(g + βv), g at θ.
///
/// Source: I. Sutskever, J. Martens, G. Dahl, G. Hinton, ICML 2013, in the variables of the point at which gradients are taken.
public struct Nesterov<Scalar: Real>: Optimizer {
  private var base: HeavyBall<Scalar>

  /// - Parameter momentum: β.
  public init(momentum: Double, count: Int) { base = HeavyBall(momentum: momentum, count: count) }

  public var state: [(name: String, vector: Vector<Scalar>)] { base.state }

  public var velocity: Vector<Scalar>? { base.velocity }

  public mutating func restore(_ vectors: [String: Vector<Scalar>]) throws(InputError) { try base.restore(vectors) }

  public mutating func step(
    _ parameters: inout Vector<Scalar>, gradient: Vector<Scalar>, context: StepContext<Scalar>
  ) throws {
    let space = context.space
    base.accumulate(gradient, space)
    space.axpy(-context.learningRate, gradient, &parameters)
    base.descend(&parameters, by: context.learningRate * base.momentum, space)
  }
}
