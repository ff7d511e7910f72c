import Tensors

/// A basis of dense vectors, each contiguous and aligned, multiplied with in chunks of rows by the workers of a pool.
///
/// The columns are stored apart rather than as one matrix: growing then moves nothing, and a snapshot shares the
/// columns until one of them is written to. Every product reads each column once, four columns at a time against a
/// chunk that stays in the cache.
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
  public func coefficients(of vectors: [Vector], columns: Range<Int>) -> [[Double]] {
    precondition(vectors.allSatisfy { $0.count == space.dimension } && columns.upperBound <= count)
    let width = columns.count
    let sums = vectors.count * width
    guard sums > 0 else { return vectors.map { _ in [] } }
    let chunk = DenseVectorSpace<Scalar>.chunk
    let chunks = (space.dimension + chunk - 1) / chunk
    let partial = AlignedStorage<Double>(count: chunks * sums)
    withColumns(columns) { pointers in
      withExtendedLifetime(vectors) {
        let sources = vectors.map { Optional($0.withUnsafePointer { $0 }) }
        space.pool.forRanges(of: space.dimension, chunk: chunk) { range, index in
          Scalar.dots(
            pointers, columns: width, sources, vectors: sources.count, offset: range.lowerBound, count: range.count,
            partial.pointer + index * sums)
        }
      }
    }
    var total = [Double](repeating: 0, count: sums)
    for index in 0..<chunks {
      for place in 0..<sums { total[place] += partial.pointer[index * sums + place] }
    }
    return vectors.indices.map { Array(total[$0 * width..<($0 + 1) * width]) }
  }

  public func subtract(_ coefficients: [Double], columns: Range<Int>, from vector: inout Vector) {
    precondition(vector.count == space.dimension && columns.upperBound <= count && coefficients.count == columns.count)
    vector.withUnsafeMutablePointer { add(coefficients.map { -$0 }, columns: columns, to: [$0]) }
  }

  public func subtract(_ coefficients: [[Double]], columns: Range<Int>, from vectors: inout [Vector]) {
    precondition(vectors.allSatisfy { $0.count == space.dimension } && columns.upperBound <= count)
    precondition(coefficients.count == vectors.count && coefficients.allSatisfy { $0.count == columns.count })
    let targets = vectors.indices.map { vectors[$0].withUnsafeMutablePointer { $0 } }
    withExtendedLifetime(vectors) { add(coefficients.joined().map { -$0 }, columns: columns, to: targets) }
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
              negated, pointers, columns: columns.count, [target], vectors: 1, offset: range.lowerBound,
              count: range.count)
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
    let found = coefficients(of: [first, second], columns: columns)
    first.withUnsafeMutablePointer { first in
      second.withUnsafeMutablePointer { second in
        add(found.joined().map { -$0 }, columns: columns, to: [first, second])
      }
    }
    return (found[0], found[1])
  }

  public mutating func replace(_ index: Int, with vector: Vector) {
    precondition(vector.count == space.dimension)
    vectors[index] = vector
  }

  public func combinations(_ coefficients: [[Double]]) -> [Vector] {
    let width = coefficients.map(\.count).max() ?? 0
    precondition(width <= count)
    var results = coefficients.map { _ in space.zero() }
    let targets = results.indices.map { results[$0].withUnsafeMutablePointer { $0 } }
    withExtendedLifetime(results) {
      add(
        coefficients.flatMap { $0 + Array(repeating: 0, count: width - $0.count) }, columns: 0..<width, to: targets)
    }
    return results
  }

  /// Adds combinations of columns, one a target with `columns.count` coefficients each.
  private func add(_ coefficients: [Double], columns: Range<Int>, to targets: [UnsafeMutablePointer<Scalar>?]) {
    guard !columns.isEmpty, !targets.isEmpty else { return }
    withColumns(columns) { pointers in
      space.pool.forRanges(of: space.dimension, chunk: DenseVectorSpace<Scalar>.chunk) { range, _ in
        Scalar.axpys(
          coefficients, pointers, columns: columns.count, targets, vectors: targets.count, offset: range.lowerBound,
          count: range.count)
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
      space.pool.forRanges(of: space.dimension, chunk: DenseVectorSpace<Scalar>.chunk) { range, _ in
        let results = AlignedStorage<Scalar>(count: columns * tile, zeroed: false)
        for start in stride(from: range.lowerBound, to: range.upperBound, by: tile) {
          let length = Swift.min(tile, range.upperBound - start)
          results.pointer.clear(count: columns * tile)
          // Kernels count elements of columns and of results from the same place.
          let rows = (0..<count).map { pointers[$0].map { $0 + start } }
          let places = (0..<columns).map { Optional(results.pointer + $0 * tile) }
          Scalar.axpys(matrix, rows, columns: count, places, vectors: columns, offset: 0, count: length)
          for column in 0..<columns {
            (targets[column] + start).update(from: results.pointer + column * tile, count: length)
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
