import Krylov
import Tensors

/// How far the leading eigenspaces of two symmetric matrices agree, for every number of eigenvectors from 1 on.
///
/// With U and V the two families of leading eigenvectors and k of each, the overlap is Tr(P₁P₂)/k = ‖U_kᵀV_k‖_F²/k, the
/// mean squared cosine of the principal angles; all of it comes from the one matrix UᵀV.
///
/// Cost: K² inner products and the singular values of a K × K matrix.
/// Source: Y. Wu, X. Zhu, C. Wu, A. Wang, R. Ge, "Dissecting Hessian" (2020), arXiv:2010.04261.
public struct EigenspaceOverlap: Sendable, Hashable {
  /// Tr(P₁P₂)/k for k = 1, 2, ….
  public var values: [Double]
  /// How far the overlap of the true eigenspaces may be from it, by Davis and Kahan; `nil` where an eigenspace is not defined by
  /// what is known, as where the gap below its last eigenvalue is smaller than the residuals (see ``SubspaceOverlap/error``).
  public var errors: [Double?]
  /// n, the dimension of the space.
  public var dimension: Int
  /// The cosines of the principal angles of the largest subspaces, descending.
  public var principalCosines: [Double]

  /// The first K of two lists of descending eigenpairs; one more of each, where it is there, tells the gap below the last.
  ///
  /// - Returns: `nil` where there is none to compare.
  /// - Throws: ``InputError`` where an eigenvector is not finite.
  public init?<Scalar: Real>(
    _ first: [Eigenpair<Vector<Scalar>>], _ second: [Eigenpair<Vector<Scalar>>], count: Int,
    in space: DenseVectorSpace<Scalar>
  ) throws {
    let count = min(count, first.count, second.count)
    guard count > 0 else { return nil }
    var basis = space.basis()
    for pair in first.prefix(count) { basis.append(pair.vector) }
    var cosines = DenseMatrix(zeros: count, count)
    for (column, pair) in second.prefix(count).enumerated() {
      for (row, value) in basis.coefficients(of: pair.vector).enumerated() { cosines[row, column] = value }
    }
    dimension = space.dimension
    values = Self.overlaps(cosines)
    principalCosines = try cosines.singularValues().map { min(1, $0) }
    let sines = [first, second].map { pairs in
      (1...count).map { LeadingSubspace(pairs, count: $0, isWhole: pairs.count == space.dimension).sine }
    }
    errors = (0..<count).map { index in
      guard let one = sines[0][index], let other = sines[1][index] else { return nil }
      return min(1, (one + other) / Double(index + 1).squareRoot())
    }
  }

  /// ‖C_k‖_F²/k for the leading k × k parts C_k of a matrix.
  static func overlaps(_ cosines: DenseMatrix) -> [Double] {
    var sum = 0.0
    return (0..<min(cosines.rows, cosines.columns)).map { k in
      for index in 0...k {
        sum += cosines[index, k] * cosines[index, k]
        if index < k { sum += cosines[k, index] * cosines[k, index] }
      }
      return min(1, sum / Double(k + 1))
    }
  }

  /// k/n: the mean for independent random subspaces.
  public func chance(_ k: Int) -> Double { SubspaceOverlap.chance(k, of: dimension) }

  /// The standard deviation for independent random subspaces.
  public func chanceDeviation(_ k: Int) -> Double { SubspaceOverlap.chanceDeviation(k, of: dimension) }
}
