import Tensors

/// A symmetric tridiagonal matrix, such as the T of Lanczos.
public struct TridiagonalMatrix: Sendable, Hashable, Codable {
  /// α₁ … α_m
  public var diagonal: [Double]
  /// β₁ … β_{m−1}
  public var offDiagonal: [Double]

  public init(diagonal: [Double], offDiagonal: [Double]) {
    precondition(offDiagonal.count == Swift.max(0, diagonal.count - 1))
    self.diagonal = diagonal
    self.offDiagonal = offDiagonal
  }

  /// The number of rows m.
  public var order: Int { diagonal.count }

  /// The leading `order` × `order` part: what fewer Lanczos steps would have given.
  public func leading(_ order: Int) -> TridiagonalMatrix {
    TridiagonalMatrix(
      diagonal: Array(diagonal.prefix(order)), offDiagonal: Array(offDiagonal.prefix(Swift.max(0, order - 1))))
  }

  /// Eigenvalues in ascending order, with eigenvectors where asked for; O(m²) without, O(m³) with vectors.
  public func eigen(vectors: Bool = true) throws(InputError) -> SymmetricEigen {
    try SymmetricEigen.decompose(diagonal: diagonal, offDiagonal: offDiagonal, vectors: vectors)
  }
}
