import Tensors

/// A diagonal matrix as a linear operator: its eigenvalues are what it was made from.
public struct DiagonalOperator<Scalar: Real>: LinearOperator, Sendable {
  public let space: DenseVectorSpace<Scalar>
  public let diagonal: Vector<Scalar>

  public init(_ diagonal: Vector<Scalar>, pool: WorkerPool = WorkerPool(count: 1)) {
    self.diagonal = diagonal
    self.space = DenseVectorSpace(dimension: diagonal.count, pool: pool)
  }

  public func apply(_ vectors: [Vector<Scalar>]) throws -> [Vector<Scalar>] {
    vectors.map { vector in
      precondition(vector.count == diagonal.count)
      return Vector(count: diagonal.count) { target in
        guard let target = target.baseAddress else { return }
        diagonal.withUnsafePointer { diagonal in
          vector.withUnsafePointer { vector in
            space.pool.forRanges(of: space.dimension, chunk: DenseVectorSpace<Scalar>.chunk) { range, _ in
              for index in range { target[index] = diagonal[index] * vector[index] }
            }
          }
        }
      }
    }
  }
}
