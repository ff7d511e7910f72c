import Tensors

/// A basis of dense vectors, each contiguous and aligned, multiplied with in chunks of rows by the workers of a pool.
///
/// The columns are stored apart rather than as one matrix: growing then moves nothing, and a snapshot shares the columns until one of them is
/// written to. Every product reads each column once, four columns at a time against a chunk that stays in the cache.
public struct DenseBasis<Scalar: Real>: VectorBasis {
  public typealias Vector = Tensors.Vector<Scalar>

  private let space: DenseVectorSpace<Scalar>
  private var vectors: [Vector] = []

  init(space: DenseVectorSpace<Scalar>) { self.space = space }

  public var count: Int { vectors.count }
  public var bytes: Int { count * space.dimension * MemoryLayout<Scalar>.stride }
  public subscript(index: Int) -> Vector { vectors[index] }

  public mutating func append(_ vector: Vector) {
    precondition(vector.count == space.dimension)
    vectors.append(vector)
  }

  public mutating func truncate(to count: Int) { vectors.removeLast(vectors.count - count) }

  /// Sums over a chunk are taken in Double and the chunks' sums added in their order.
  public func coefficients(of vector: Vector, columns: Range<Int>) -> [Double] {
    precondition(vector.count == space.dimension && columns.upperBound <= count)
    let width = columns.count
    guard width > 0 else { return [] }
    let chunk = DenseVectorSpace<Scalar>.chunk
    let chunks = (space.dimension + chunk - 1) / chunk
    let partial = AlignedStorage<Double>(count: chunks * width)
    withColumns(columns) { pointers in
      vector.withUnsafePointer { x in
        space.pool.forRanges(of: space.dimension, chunk: chunk) { range, index in
          Scalar.dots(
            pointers, columns: width, offset: range.lowerBound, count: range.count, x + range.lowerBound,
            partial.pointer + index * width)
        }
      }
    }
    var total = [Double](repeating: 0, count: width)
    for index in 0..<chunks {
      for column in 0..<width { total[column] += partial.pointer[index * width + column] }
    }
    return total
  }

  public func subtract(_ coefficients: [Double], columns: Range<Int>, from vector: inout Vector) {
    precondition(vector.count == space.dimension && columns.upperBound <= count && coefficients.count == columns.count)
    add(coefficients.map { -$0 }, columns: columns, to: &vector)
  }

  public func combination(_ coefficients: [Double]) -> Vector {
    precondition(coefficients.count <= count)
    var result = space.zero()
    add(coefficients, columns: 0..<coefficients.count, to: &result)
    return result
  }

  private func add(_ coefficients: [Double], columns: Range<Int>, to vector: inout Vector) {
    guard !columns.isEmpty else { return }
    withColumns(columns) { pointers in
      vector.withUnsafeMutablePointer { y in
        coefficients.withUnsafeBufferPointer { a in
          guard let a = a.baseAddress else { return }
          space.pool.forRanges(of: space.dimension, chunk: DenseVectorSpace<Scalar>.chunk) { range, _ in
            Scalar.axpys(
              a, pointers, columns: columns.count, offset: range.lowerBound, count: range.count, y + range.lowerBound)
          }
        }
      }
    }
  }

  /// Works on tiles of rows: all results of a tile are computed before the first is written back, so no second basis is needed.
  public mutating func rotate(by matrix: [Double], columns: Int) {
    let count = self.count
    precondition(columns <= count && matrix.count == count * columns)
    guard columns > 0 else { return truncate(to: 0) }
    // Columns that are to be overwritten and are shared with a snapshot become ours first.
    let targets = (0..<columns).map { vectors[$0].withUnsafeMutablePointer { $0 } }
    let tile = 1024
    withColumns(0..<count) { pointers in
      matrix.withUnsafeBufferPointer { matrix in
        guard let matrix = matrix.baseAddress else { return }
        space.pool.forRanges(of: space.dimension, chunk: DenseVectorSpace<Scalar>.chunk) { range, _ in
          let results = AlignedStorage<Scalar>(count: columns * tile, zeroed: false)
          for start in stride(from: range.lowerBound, to: range.upperBound, by: tile) {
            let length = Swift.min(tile, range.upperBound - start)
            results.buffer.update(repeating: 0)
            for column in 0..<columns {
              Scalar.axpys(
                matrix + column * count, pointers, columns: count, offset: start, count: length,
                results.pointer + column * tile)
            }
            for column in 0..<columns {
              (targets[column] + start).update(from: results.pointer + column * tile, count: length)
            }
          }
        }
      }
    }
    truncate(to: columns)
  }

  /// The base addresses of some columns; valid inside `body`, during which the vectors are kept alive.
  private func withColumns<R>(_ columns: Range<Int>, _ body: (UnsafePointer<UnsafePointer<Scalar>?>) -> R) -> R {
    withExtendedLifetime(vectors) {
      withUnsafeTemporaryAllocation(of: UnsafePointer<Scalar>?.self, capacity: columns.count) { pointers in
        for (index, column) in columns.enumerated() {
          pointers.initializeElement(at: index, to: vectors[column].withUnsafePointer { $0 })
        }
        return body(UnsafePointer(pointers.baseAddress!))
      }
    }
  }
}
