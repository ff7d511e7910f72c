import Krylov
import Tensors

/// A = BᵀJ, the Jacobian of all outputs of all samples weighted by a factor of the loss's second derivative, so that AᵀA is the Gauss-Newton
/// matrix (or the Fisher matrix, or n times JᵀJ for the tangent kernel) and A Aᵀ its *dual*, with the same eigenvalues apart from zeros.
///
/// Shapes: P columns, one a parameter; n·r rows, row s·n + i for sample i in direction s of the r directions of a sample: C for the
/// tangent kernel and the squared losses, C − 1 for cross-entropy, whose second derivative annihilates the vector of ones.
///
/// Cost of a product: that of the Jacobian.
public struct WeightedJacobian: LinearMap, Sendable {
  let jacobian: Jacobian<Double>
  let factor: OutputFactor

  /// Vectors over the selected parameters.
  public var domain: DenseVectorSpace<Double> { jacobian.domain }
  /// Vectors with an element for each row.
  public let codomain: DenseVectorSpace<Double>

  /// A v for each of the vectors.
  public func apply(_ vectors: [Vector<Double>]) throws -> [Vector<Double>] {
    try jacobian.apply(vectors).map(factor.contract)
  }

  /// Aᵀu for each of the vectors.
  public func applyTransposed(_ vectors: [Vector<Double>]) throws -> [Vector<Double>] {
    for vector in vectors where vector.count != codomain.dimension {
      throw InputError("a vector of \(vector.count) elements for a weighted Jacobian of \(codomain.dimension) rows")
    }
    return try jacobian.applyTransposed(vectors.map(factor.expand))
  }
}

extension Objective where Scalar == Double {
  /// The weighted Jacobian of the Gauss-Newton matrix, the Fisher matrix or the tangent kernel.
  ///
  /// - Throws: ``InputError`` for other operators, and for the loss `output`.
  public func weightedJacobian(of kind: OperatorKind) throws -> WeightedJacobian {
    let factor = try outputFactor(of: kind)
    return WeightedJacobian(
      jacobian: try jacobian(), factor: factor,
      codomain: DenseVectorSpace(dimension: factor.slots * factor.samples, pool: pool))
  }
}
