import Curvature
import Krylov
import Tensors

/// An eigenvector h of a layer's block as the matrix Mat(h) [m, n], held against the factors of the layer.
///
/// Were the block a Kronecker product E[M] ⊗ E[xxᵀ], Mat(h) would be u vᵀ with an eigenvector of each factor: of rank
/// one, with one entry 1 in each of the two rows of correspondences.
///
/// Source: Y. Wu, X. Zhu, C. Wu, A. Wang, R. Ge, "Dissecting Hessian" (2020), arXiv:2010.04261.
public struct ReshapedEigenvector: Sendable, Hashable {
  /// σ₁²/Σσ² of Mat(h): 1 for a matrix of rank one, 1/min(m, n) at least.
  public var rankOneShare: Double
  /// ‖Mat(h) vⱼ‖² for the leading eigenvectors vⱼ of E[xxᵀ]; over all of them the sum is 1.
  public var inputShares: [Double]
  /// ‖Mat(h)ᵀ uⱼ‖² for the leading eigenvectors uⱼ of E[M]; over all of them the sum is 1.
  public var outputShares: [Double]

  /// - Parameters:
  ///   - matrix: Mat(h), h of unit norm.
  ///   - factors: what it is held against.
  ///   - count: leading eigenvectors of each factor.
  /// - Throws: ``InputError`` where an element is not finite.
  public init(_ matrix: DenseMatrix, _ factors: LayerEigenfactors, count: Int) throws {
    rankOneShare = try Self.rankOneShare(matrix)
    let right = try DenseMatrix.product(matrix, false, factors.inputVectors(count), true)
    inputShares = (0..<right.columns).map { column in
      (0..<right.rows).reduce(0) { $0 + right[$1, column] * right[$1, column] }
    }
    let left = try DenseMatrix.product(factors.outputVectors(count), false, matrix, false)
    outputShares = (0..<left.rows).map { row in left.row(row).reduce(0) { $0 + $1 * $1 } }
  }

  /// σ₁²/Σσ², the singular values taken from the smaller Gram matrix.
  static func rankOneShare(_ matrix: DenseMatrix) throws -> Double {
    let gram = matrix.rows <= matrix.columns ? try matrix.outerGram() : try matrix.gram()
    let trace = (0..<gram.rows).reduce(0) { $0 + gram[$1, $1] }
    guard trace > 0, let largest = try gram.symmetricEigenvalues().last else { return .nan }
    return min(1, largest / trace)
  }
}
