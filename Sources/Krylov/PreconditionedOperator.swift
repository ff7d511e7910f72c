import Tensors

/// D^½ A D^½ for a diagonal matrix D ≥ 0: A in coordinates φ = D^(−½) θ.
///
/// Its eigenvalues are those of D A; with D = P^(−1), P an optimiser's diagonal preconditioner, they are what decides its
/// stability.
public struct PreconditionedOperator<Scalar: Real, A: LinearOperator>: LinearOperator
where A.Space == DenseVectorSpace<Scalar> {
  public let operation: A
  /// D^½
  public let root: DiagonalOperator<Scalar>

  /// - Parameter diagonal: the elements of D.
  /// - Throws: ``InputError`` where their number is not the dimension, or one is negative or not finite.
  public init(_ operation: A, diagonal: Vector<Scalar>) throws {
    let count = operation.dimension
    guard diagonal.count == count else {
      throw InputError("a preconditioner of \(diagonal.count) elements for an operator of dimension \(count)")
    }
    for index in 0..<count where !(diagonal[index] >= 0 && diagonal[index].isFinite) {
      throw InputError(
        "element \(index) of the preconditioner is \(diagonal[index])", remedy: "give finite numbers, none negative")
    }
    self.operation = operation
    let root = Vector<Scalar>(count: count) { target in
      for index in 0..<count { target.initializeElement(at: index, to: diagonal[index].squareRoot()) }
    }
    self.root = DiagonalOperator(root, pool: operation.space.pool)
  }

  public var space: DenseVectorSpace<Scalar> { operation.space }

  public func apply(_ vectors: [Vector<Scalar>]) throws -> [Vector<Scalar>] {
    try root.apply(operation.checkedProducts(root.apply(vectors)))
  }
}

extension PreconditionedOperator: Sendable where A: Sendable {}
