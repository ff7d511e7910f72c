import Krylov
import Networks
import Tensors

@testable import Curvature

/// A part of an operator on some elements of its vectors, all others held at zero.
struct PartOperator<Scalar: Real, A: LinearOperator>: LinearOperator
where A.Space == DenseVectorSpace<Scalar> {
  let operation: A
  /// Where element i of a vector of the part is in a vector of the whole.
  let places: [Int]
  let space: DenseVectorSpace<Scalar>

  /// - Precondition: places are different positions in the whole's vectors.
  init(_ operation: A, places: [Int]) {
    precondition(places.allSatisfy { $0 >= 0 && $0 < operation.dimension })
    self.operation = operation
    self.places = places
    space = DenseVectorSpace(dimension: places.count, pool: operation.space.pool)
  }

  func apply(_ vectors: [Vector<Scalar>]) throws -> [Vector<Scalar>] {
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

extension KroneckerBlock {
  /// ‖A − Â‖_F/‖A‖_F of the approximation Â and an exact block A, both formed.
  func relativeError<A: LinearOperator>(to exact: A) throws -> Double where A.Space == DenseVectorSpace<Scalar> {
    let (first, second) = (
      try ExactSpectrum.symmetricMatrix(exact).matrix, try ExactSpectrum.symmetricMatrix(matrix).matrix
    )
    var (difference, size) = (0.0, 0.0)
    for row in 0..<dimension {
      // The lower triangle, counted twice off the diagonal.
      for column in 0...row {
        let weight = row == column ? 1.0 : 2.0
        let (a, b) = (first[column * dimension + row], second[column * dimension + row])
        difference += weight * (a - b) * (a - b)
        size += weight * a * a
      }
    }
    return difference == 0 ? 0 : (difference / size).squareRoot()
  }
}

extension Objective {
  /// The exact block that an approximation is of, on its vectors.
  ///
  /// Only derivatives by the block's own parameters are computed.
  func exactOperator(
    of block: KroneckerBlock<Scalar>, _ kind: OperatorKind = .gaussNewton, options: OperatorOptions = OperatorOptions()
  ) throws -> PartOperator<Scalar, NetworkOperator<Scalar>> {
    let offsets = ObjectiveGraph.offsets(selection.parameters(of: network).map(\.count)) + [dimension]
    func parameter(of place: Int) -> Int {
      var (low, high) = (0, offsets.count - 2)
      while low < high {
        let middle = (low + high + 1) / 2
        if offsets[middle] <= place { low = middle } else { high = middle - 1 }
      }
      return low
    }
    let owners = block.places.map { parameter(of: $0) }
    let positions = Set(owners).sorted()
    var starts: [Int: Int] = [:]
    var next = 0
    for position in positions {
      starts[position] = next - offsets[position]
      next += offsets[position + 1] - offsets[position]
    }
    let places = zip(block.places, owners).map { place, owner in place + (starts[owner] ?? 0) }
    return PartOperator(try selecting(positions).curvature(kind, options: options), places: places)
  }
}
