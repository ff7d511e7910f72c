/// Σ aₖ xₖxₖᵀ for a few vectors xₖ.
public struct LowRankOperator<Space: VectorSpace>: LinearOperator, Sendable {
  public let space: Space
  public let vectors: [Space.Vector]
  public let weights: [Double]

  /// - Precondition: one weight a vector.
  public init(space: Space, vectors: [Space.Vector], weights: [Double]) {
    precondition(vectors.count == weights.count)
    self.space = space
    self.vectors = vectors
    self.weights = weights
  }

  public func apply(_ arguments: [Space.Vector]) throws -> [Space.Vector] {
    arguments.map { argument in
      var product = space.zero()
      for (vector, weight) in zip(vectors, weights) where weight != 0 {
        space.axpy(weight * space.dot(vector, argument), vector, &product)
      }
      return product
    }
  }

  /// The sum of all eigenvalues, Σ aₖ‖xₖ‖².
  public var trace: Double {
    zip(vectors, weights).reduce(0) { $0 + $1.1 * space.dot($1.0, $1.0) }
  }
}
