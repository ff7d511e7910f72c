/// A symmetric operator given by what it does to vectors:
///
///     let shifted = ClosureOperator(space: hessian.space) { vectors in
///       ...
///     }
public struct ClosureOperator<Space: VectorSpace>: LinearOperator {
  public let space: Space
  private let body: ([Space.Vector]) throws -> [Space.Vector]

  /// - Parameter body: A v for each vector; A must be symmetric.
  public init(space: Space, _ body: @escaping ([Space.Vector]) throws -> [Space.Vector]) {
    self.space = space
    self.body = body
  }

  public func apply(_ vectors: [Space.Vector]) throws -> [Space.Vector] { try body(vectors) }
}
