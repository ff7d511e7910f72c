import Tensors

/// The Gauss quadrature rule of a tridiagonal matrix: Σⱼ wⱼ f(λⱼ) = e₁ᵀ f(T) e₁.
///
/// For the T of m Lanczos steps from v it approximates vᵀf(A)v / vᵀv, exactly where f is a polynomial of degree ≤ 2m − 1. The nodes λⱼ are the
/// Ritz values, the weights the squared first components of the eigenvectors of T, with sum 1.
///
/// Source: G. H. Golub, J. H. Welsch, Math. Comp. 23 (1969), 221–230, doi:10.1090/S0025-5718-69-99647-1.
public struct QuadratureRule: Sendable, Hashable, Codable {
  /// Ascending.
  public var nodes: [Double]
  public var weights: [Double]

  public init(nodes: [Double], weights: [Double]) {
    precondition(nodes.count == weights.count)
    self.nodes = nodes
    self.weights = weights
  }

  public init(_ matrix: TridiagonalMatrix) throws(InputError) {
    let eigen = try matrix.eigen()
    nodes = eigen.values
    let order = nodes.count
    weights = (0..<order).map { eigen.vectors[$0 * order] * eigen.vectors[$0 * order] }
  }

  /// Σⱼ wⱼ f(λⱼ)
  public func integral(_ f: (Double) -> Double) -> Double {
    zip(nodes, weights).reduce(0) { $0 + $1.1 * f($1.0) }
  }

  /// Σⱼ wⱼ λⱼᵖ
  public func moment(_ power: Int) -> Double {
    integral { node in (0..<power).reduce(1) { product, _ in product * node } }
  }
}
