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

  public func remainder(
    of vector: Vector, subtracting coefficients: [Double], columns: Range<Int>
  ) -> (Vector, norm: Double) {
    precondition(vector.count == space.dimension && columns.upperBound <= count && coefficients.count == columns.count)
    let negated = coefficients.map { -$0 }
    let chunk = DenseVectorSpace<Scalar>.chunk
    let squares = AlignedStorage<Double>(count: (space.dimension + chunk - 1) / chunk)
    let result = Vector(count: space.dimension) { target in
      guard let target = target.baseAddress else { return }
      withColumns(columns) { pointers in
        vector.withUnsafePointer { x in
          space.pool.forRanges(of: space.dimension, chunk: chunk) { range, index in
            // The chunk is still in the first-level cache when it is read again for its norm.
            let y = target + range.lowerBound
            y.update(from: x + range.lowerBound, count: range.count)
            Scalar.axpys(
              negated, pointers, columns: columns.count, offset: range.lowerBound, count: range.count, y)
            squares.pointer[index] = Scalar.dot(y, y, count: range.count)
          }
        }
      }
    }
    let sum = squares.buffer.reduce(0, +)
    // Squares that overflow or vanish are for the space's careful norm.
    return (result, sum.isFinite && sum > 1e-200 ? sum.squareRoot() : space.norm(result))
  }

  public func orthogonalize(
    _ first: inout Vector, _ second: inout Vector, columns: Range<Int>
  ) -> ([Double], [Double]) {
    let found = coefficients(of: first, second, columns: columns)
    let (one, other) = (found.0.map { -$0 }, found.1.map { -$0 })
    guard !columns.isEmpty else { return found }
    // Both vectors are done on a tile before the next one, so that the second finds the columns in the cache.
    let tile = 1024
    withColumns(columns) { pointers in
      first.withUnsafeMutablePointer { y in
        second.withUnsafeMutablePointer { z in
          space.pool.forRanges(of: space.dimension, chunk: DenseVectorSpace<Scalar>.chunk) { range, _ in
            for start in stride(from: range.lowerBound, to: range.upperBound, by: tile) {
              let length = Swift.min(tile, range.upperBound - start)
              Scalar.axpys(one, pointers, columns: columns.count, offset: start, count: length, y + start)
              Scalar.axpys(other, pointers, columns: columns.count, offset: start, count: length, z + start)
            }
          }
        }
      }
    }
    return found
  }

  /// Bᵀx and Bᵀy, reading every column from memory once: a few columns at a time, for both vectors.
  private func coefficients(of x: Vector, _ y: Vector, columns: Range<Int>) -> ([Double], [Double]) {
    let width = columns.count
    guard width > 0 else { return ([], []) }
    let chunk = DenseVectorSpace<Scalar>.chunk
    let chunks = (space.dimension + chunk - 1) / chunk
    let partial = AlignedStorage<Double>(count: 2 * chunks * width)
    withColumns(columns) { pointers in
      x.withUnsafePointer { x in
        y.withUnsafePointer { y in
          space.pool.forRanges(of: space.dimension, chunk: chunk) { range, index in
            let sums = partial.pointer + 2 * index * width
            for start in stride(from: 0, to: width, by: 4) {
              let group = Swift.min(4, width - start)
              Scalar.dots(
                pointers + start, columns: group, offset: range.lowerBound, count: range.count, x + range.lowerBound,
                sums + start)
              Scalar.dots(
                pointers + start, columns: group, offset: range.lowerBound, count: range.count, y + range.lowerBound,
                sums + width + start)
            }
          }
        }
      }
    }
    var total = [Double](repeating: 0, count: 2 * width)
    for index in 0..<chunks {
      for column in 0..<2 * width { total[column] += partial.pointer[2 * index * width + column] }
    }
    return (Array(total[..<width]), Array(total[width...]))
  }

  public mutating func replace(_ index: Int, with vector: Vector) {
    precondition(vector.count == space.dimension)
    vectors[index] = vector
  }

  public func combination(_ coefficients: [Double]) -> Vector {
    precondition(coefficients.count <= count)
    var result = space.zero()
    add(coefficients, columns: 0..<coefficients.count, to: &result)
    return result
  }

  /// All results of a tile of rows are made before the next, so that the columns are in the cache from the second result on.
  public func combinations(_ coefficients: [[Double]]) -> [Vector] {
    precondition(coefficients.allSatisfy { $0.count <= count })
    var results = coefficients.map { _ in space.zero() }
    let targets = results.indices.map { results[$0].withUnsafeMutablePointer { $0 } }
    let tile = 1024
    withColumns(0..<count) { pointers in
      withExtendedLifetime(results) {
        space.pool.forRanges(of: space.dimension, chunk: DenseVectorSpace<Scalar>.chunk) { range, _ in
          for start in stride(from: range.lowerBound, to: range.upperBound, by: tile) {
            let length = Swift.min(tile, range.upperBound - start)
            for (target, column) in zip(targets, coefficients) where !column.isEmpty {
              Scalar.axpys(column, pointers, columns: column.count, offset: start, count: length, target + start)
            }
          }
        }
      }
    }
    return results
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
