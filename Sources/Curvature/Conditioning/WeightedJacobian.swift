import Krylov
import Tensors

/// A = BᵀJ, the Jacobian of all outputs of all samples weighted by a factor of the loss's second derivative, so that
/// AᵀA is the Gauss-Newton matrix (or the Fisher matrix, or n times JᵀJ for the tangent kernel) and A Aᵀ its *dual*,
/// with the same eigenvalues apart from zeros.
///
/// Shapes: P columns, one a parameter; n·r rows, row s·n + i for sample i in direction s of the r directions of a
/// sample: C for the tangent kernel and the squared losses, C − 1 for cross-entropy, whose second derivative
/// annihilates the vector of ones.
///
/// Cost of a product: that of the Jacobian.
public struct WeightedJacobian: LinearMap, Sendable {
  let jacobian: Jacobian<Double>
  let factor: OutputFactor
  let scales: Vector<Double>?

  /// Vectors over the selected parameters.
  public var domain: DenseVectorSpace<Double> { jacobian.domain }
  /// Vectors with an element for each row.
  public let codomain: DenseVectorSpace<Double>

  /// A v for each of the vectors.
  public func apply(_ vectors: [Vector<Double>]) throws -> [Vector<Double>] {
    try jacobian.apply(vectors.map(scaled)).map(factor.contract)
  }

  /// Aᵀu for each of the vectors.
  public func applyTransposed(_ vectors: [Vector<Double>]) throws -> [Vector<Double>] {
    for vector in vectors where vector.count != codomain.dimension {
      throw InputError("a vector of \(vector.count) elements for a weighted Jacobian of \(codomain.dimension) rows")
    }
    return try jacobian.applyTransposed(vectors.map(factor.expand)).map(scaled)
  }

  private func scaled(_ vector: Vector<Double>) -> Vector<Double> {
    guard let scales, vector.count == scales.count else { return vector }
    return Vector((0..<vector.count).map { vector[$0] * scales[$0] })
  }
}

extension Objective where Scalar == Double {
  /// The weighted Jacobian of the Gauss-Newton matrix, the Fisher matrix or the tangent kernel.
  ///
  /// - Parameter scales: what its columns are multiplied by, over the selected parameters.
  /// - Throws: ``InputError`` for other operators, and for the loss `output`.
  public func weightedJacobian(of kind: OperatorKind, scales: Vector<Double>? = nil) throws -> WeightedJacobian {
    let factor = try outputFactor(of: kind)
    if let scales, scales.count != dimension {
      throw InputError("\(scales.count) factors for the \(dimension) columns of a weighted Jacobian")
    }
    return WeightedJacobian(
      jacobian: try cutJacobian(), factor: factor, scales: scales,
      codomain: DenseVectorSpace(dimension: factor.slots * factor.samples, pool: pool))
  }
}
