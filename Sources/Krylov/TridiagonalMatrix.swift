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

extension TridiagonalMatrix {
  /// The matrix whose Gauss rule this is; smaller where nodes coincide or weights vanish beside rounding.
  ///
  /// Lanczos with diag(λⱼ) from the vector of √wⱼ, orthogonalised in full. Cost: O(m³).
  ///
  /// Source: W. B. Gragg, W. J. Harrod, Numer. Math. 44 (1984), 317–335, doi:10.1007/BF01405565 (the problem).
  public init(_ rule: QuadratureRule) {
    func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
    diagonal = []
    offDiagonal = []
    var vector = rule.weights.map { Swift.max(0, $0).squareRoot() }
    var rest = norm(vector)
    let scale = rule.nodes.reduce(0) { Swift.max($0, abs($1)) }
    var basis: [[Double]] = []
    while basis.count < rule.nodes.count, rest > 0 {
      vector = vector.map { $0 / rest }
      let image = zip(rule.nodes, vector).map(*)
      if !basis.isEmpty { offDiagonal.append(rest) }
      diagonal.append(dot(vector, image))
      basis.append(vector)
      vector = image
      for _ in 0..<2 {
        for known in basis {
          let share = dot(known, vector)
          for index in vector.indices { vector[index] -= share * known[index] }
        }
      }
      rest = norm(vector)
      if rest <= 16 * Double.ulpOfOne * scale { break }
    }
  }
}
