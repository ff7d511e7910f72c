import Krylov
import Tensors

/// Stochastic gradient descent: θ ← θ − ηg.
///
/// Source: H. Robbins, S. Monro, Ann. Math. Statist. 22 (1951), 400–407, doi:10.1214/aoms/1177729586.
public struct GradientDescent<Scalar: Real>: Optimizer {
  public init() {}

  public var state: [(name: String, vector: Vector<Scalar>)] { [] }

  public mutating func restore(_ vectors: [String: Vector<Scalar>]) throws(InputError) {}

  public mutating func step(
    _ parameters: inout Vector<Scalar>, gradient: Vector<Scalar>, context: StepContext<Scalar>
  ) throws {
    context.space.axpy(-context.learningRate, gradient, &parameters)
  }
}
