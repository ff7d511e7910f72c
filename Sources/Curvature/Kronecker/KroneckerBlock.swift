import Krylov
import Tensors

/// A diagonal block of a curvature matrix with all its eigenpairs: a layer's, with Kronecker eigenvectors, or a small
/// one held in full.
public struct KroneckerBlock<Scalar: Real>: Sendable {
  public let name: String
  /// The layer whose elements [W b] or W the block is of; `nil` for one held in full.
  public let layer: SharedLinearLayer?
  /// Where each element of a block's vector, [W b] by rows, is in a vector over the selected parameters.
  public let places: [Int]
  /// The matrix on the block's vectors. One held in full has m eigenvectors u_i and the single v = 1.
  public let matrix: KroneckerOperator<Scalar>

  public var dimension: Int { places.count }

  /// The block's part of a vector over the selected parameters.
  public func gather(_ vector: Vector<Scalar>) -> Vector<Scalar> {
    Vector(count: places.count) { target in
      vector.withUnsafePointer { source in
        for (index, place) in places.enumerated() { target.initializeElement(at: index, to: source[place]) }
      }
    }
  }

  /// Writes the block's part of a vector over the selected parameters.
  public func scatter(_ part: Vector<Scalar>, into vector: inout Vector<Scalar>) {
    precondition(part.count == places.count)
    part.withUnsafePointer { source in
      vector.withUnsafeMutablePointer { target in
        for (index, place) in places.enumerated() { target[place] = source[index] }
      }
    }
  }

  func with(_ matrix: KroneckerOperator<Scalar>) -> KroneckerBlock {
    KroneckerBlock(name: name, layer: layer, places: places, matrix: matrix)
  }

  init(name: String, layer: SharedLinearLayer?, places: [Int], matrix: KroneckerOperator<Scalar>) {
    precondition(places.count == matrix.dimension)
    self.name = name
    self.layer = layer
    self.places = places
    self.matrix = matrix
  }

  /// A layer's block.
  public init(layer: SharedLinearLayer, matrix: KroneckerOperator<Scalar>) {
    self.init(name: layer.name, layer: layer, places: layer.elementPlaces, matrix: matrix)
  }

  /// A block in full.
  public init(
    name: String, ranges: [Range<Int>], matrix: DenseMatrix, pool: WorkerPool = WorkerPool(count: 1)
  ) throws(InputError) {
    let eigen = try matrix.descendingEigen()
    let operation = try KroneckerOperator<Scalar>(
      leftVectors: eigen.vectors, rightVectors: .identity(1),
      factors: KroneckerOperator<Scalar>.Factors(left: eigen.values, right: [1]), pool: pool)
    // Not a product for factored damping, which is for two factors.
    self.init(
      name: name, layer: nil, places: ranges.flatMap { Array($0) }, matrix: operation.withValues(operation.values))
  }
}

extension SharedLinearLayer {
  /// Where each element of [W b], by rows, is in a vector over the selected parameters.
  public var elementPlaces: [Int] {
    var places: [Int] = []
    places.reserveCapacity(dimension)
    for i in 0..<outputs {
      for j in 0..<inputs { places.append(weightRange.lowerBound + (isTransposed ? j * outputs + i : i * inputs + j)) }
      if let biasRange { places.append(biasRange.lowerBound + i) }
    }
    return places
  }
}
