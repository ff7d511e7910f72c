import Tensors

/// A symmetric matrix stored in full, as a linear operator.
///
/// Cost of a product: 2n² operations; inner products accumulate in Double.
public struct DenseSymmetricOperator<Scalar: Real>: LinearOperator, Sendable {
  public let space: DenseVectorSpace<Scalar>
  /// Row i in elements i·n ..< (i + 1)·n.
  public let matrix: Vector<Scalar>

  /// - Parameter matrix: n² elements, row by row; used as given, so it should be symmetric.
  /// - Throws: ``InputError`` when the number of elements is not the square of the dimension of the space.
  public init(matrix: Vector<Scalar>, space: DenseVectorSpace<Scalar>) throws(InputError) {
    guard matrix.count == space.dimension * space.dimension else {
      throw InputError("a matrix of order \(space.dimension) has \(matrix.count) elements")
    }
    self.matrix = matrix
    self.space = space
  }

  public func apply(_ vectors: [Vector<Scalar>]) throws -> [Vector<Scalar>] {
    let n = space.dimension
    return vectors.map { vector in
      precondition(vector.count == n)
      return Vector(count: n) { target in
        guard let target = target.baseAddress else { return }
        matrix.withUnsafePointer { matrix in
          vector.withUnsafePointer { vector in
            space.pool.forRanges(of: n, chunk: 64) { rows, _ in
              for row in rows { target[row] = Scalar(Scalar.dot(matrix + row * n, vector, count: n)) }
            }
          }
        }
      }
    }
  }
}
