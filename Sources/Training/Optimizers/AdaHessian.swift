import Krylov
import Tensors

/// Adam with the square of an estimate of the Hessian's diagonal in place of the gradient's: D = z ⊙ Hz with signs z
/// drawn for each step, averaged over the rows and columns of every filter of a convolution; m ← β₁m + (1 − β₁) g; v ←
/// β₂v + (1 − β₂) D²; θ ← θ − η m̂ / (√v̂ + ε).
///
/// The average is over estimates with their signs, as in the paper: their errors cancel. Implementations that average
/// magnitudes take larger D. Cost: a Hessian-vector product a step.
/// Source: Z. Yao et al., 2020, arXiv:2006.00719.
public struct AdaHessian<Scalar: Real>: Optimizer {
  private var base: Adam<Scalar>

  public init(beta1: Double, beta2: Double, epsilon: Double, count: Int) {
    base = Adam(beta1: beta1, beta2: beta2, epsilon: epsilon, count: count)
  }

  public var state: [(name: String, vector: Vector<Scalar>)] { base.state }

  public mutating func restore(_ vectors: [String: Vector<Scalar>]) throws(InputError) { try base.restore(vectors) }

  public mutating func step(
    _ parameters: inout Vector<Scalar>, gradient: Vector<Scalar>, context: StepContext<Scalar>
  ) throws {
    var diagonal = try context.hutchinsonDiagonal()
    context.averageOverFilters(&diagonal)
    base.step(&parameters, gradient: gradient, averagingSquaresOf: diagonal, context)
  }

  public func preconditioner(after step: Int) -> Vector<Scalar>? { base.preconditioner(after: step) }
}
