import Tensors

/// A part of an operator on some elements of its vectors, all others held at zero.
public struct PartOperator<Scalar: Real, A: LinearOperator>: LinearOperator
where A.Space == DenseVectorSpace<Scalar> {
  public let operation: A
  /// Where element i of a vector of the part is in a vector of the whole.
  public let places: [Int]
  public let space: DenseVectorSpace<Scalar>

  /// - Precondition: places are different positions in the whole's vectors.
  public init(_ operation: A, places: [Int]) {
    precondition(places.allSatisfy { $0 >= 0 && $0 < operation.dimension })
    self.operation = operation
    self.places = places
    space = DenseVectorSpace(dimension: places.count, pool: operation.space.pool)
  }

  public func apply(_ vectors: [Vector<Scalar>]) throws -> [Vector<Scalar>] {
    let whole = vectors.map { vector in
      var spread = operation.space.zero()
      spread.withUnsafeMutablePointer { target in
        for (index, place) in places.enumerated() { target[place] = vector[index] }
      }
      return spread
    }
    return try operation.apply(whole).map { product in
      Vector(count: places.count) { target in
        product.withUnsafePointer { source in
          for (index, place) in places.enumerated() { target.initializeElement(at: index, to: source[place]) }
        }
      }
    }
  }
}

extension PartOperator: Sendable where A: Sendable {}
