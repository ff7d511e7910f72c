import Tensors
import Testing

@Suite struct ElementwiseTileTests {
  static func random<T: Real>(_ count: Int, _ index: Int = 0, _ type: T.Type = T.self) -> [T] {
    var stream = RandomStream(seed: 5, purpose: "tile", index: index)
    return (0..<count).map { _ in T(2 * RandomStream.unitInterval(stream.next()) - 1) }
  }

  static let shapes: [(rows: Int, columns: Int)] = [(1, 1), (3, 7), (8, 16), (5, 31), (17, 100), (2, 1025), (40, 10)]

  static func apply<T: Real>(_ operation: VectorOperation, _ x: T, _ y: T) -> T {
    switch operation {
    case .add: x + y
    case .subtract: x - y
    case .multiply: x * y
    case .divide: x / y
    }
  }

  func checkVectors<T: Real>(_ type: T.Type) {
    for (rows, columns) in Self.shapes {
      let a: [T] = Self.random(rows * columns)
      let row: [T] = Self.random(columns, 1)
      let column: [T] = Self.random(rows, 2)
      let positions = (0..<rows * columns).map { ($0 / columns, $0 % columns) }
      var result = [T](repeating: 0, count: a.count)
      for operation in VectorOperation.allCases {
        T.run(T.rowStep(operation), &result, a, row, rows: rows, columns: columns)
        #expect(result == zip(a, positions).map { Self.apply(operation, $0, row[$1.1]) })
        T.run(T.columnStep(operation), &result, a, column, rows: rows, columns: columns)
        #expect(result == zip(a, positions).map { Self.apply(operation, $0, column[$1.0]) })
        var tile = a
        tile.withUnsafeMutableBufferPointer { x in
          guard let x = x.baseAddress else { return }
          T.run(T.columnStep(operation), x, x, column, rows: rows, columns: columns)
        }
        #expect(tile == result)
      }
      T.repeatRow(row, &result, rows: rows, columns: columns)
      #expect(result == positions.map { row[$0.1] })
      T.repeatColumn(column, &result, rows: rows, columns: columns)
      #expect(result == positions.map { column[$0.0] })
      T.fill(3, &result, count: result.count)
      #expect(result.allSatisfy { $0 == 3 })
    }
  }

  @Test func rowsAndColumns() {
    checkVectors(Float.self)
    checkVectors(Double.self)
  }

  func checkReductions<T: Real>(_ type: T.Type) {
    for (rows, columns) in Self.shapes {
      let a: [T] = Self.random(rows * columns)
      let b: [T] = Self.random(rows * columns, 1)
      var sums = [T](repeating: 0, count: rows)
      var dots = sums
      var maxima = sums
      T.rowSum(a, &sums, rows: rows, columns: columns)
      T.rowDot(a, b, &dots, rows: rows, columns: columns)
      T.rowMaximum(a, &maxima, rows: rows, columns: columns)
      for r in 0..<rows {
        let range = r * columns..<(r + 1) * columns
        // |error| ≤ the rounding of the result + columns rounding errors in Double of terms below 1.
        func tolerance(_ exact: Double) -> Double {
          abs(exact) * Double(T.ulpOfOne) + Double(columns * columns) * 1e-16
        }
        let sum = range.reduce(0.0) { $0 + Double(a[$1]) }
        #expect(abs(Double(sums[r]) - sum) <= tolerance(sum))
        let dot = range.reduce(0.0) { $0 + Double(a[$1]) * Double(b[$1]) }
        #expect(abs(Double(dots[r]) - dot) <= tolerance(dot))
        #expect(maxima[r] == a[range].max())
      }
      let start: [T] = Self.random(columns, 3)
      var totals = start
      T.columnSum(a, &totals, rows: rows, columns: columns)
      for c in 0..<columns {
        let terms = [Double(start[c])] + (0..<rows).map { Double(a[$0 * columns + c]) }
        // In any order: each of the additions rounds a sum that is no larger than that of all absolute values.
        let size = terms.reduce(0) { $0 + abs($1) }
        #expect(abs(Double(totals[c]) - terms.reduce(0, +)) <= Double(rows) * Double(T.ulpOfOne) * size)
      }
    }
  }

  @Test func reductions() {
    checkReductions(Float.self)
    checkReductions(Double.self)
  }

  /// A row's result does not depend on the tile it is in.
  @Test func reductionsOfRowsDoNotDependOnTheTile() {
    for (rows, columns) in Self.shapes {
      let a: [Float] = Self.random(rows * columns)
      var together = [Float](repeating: 0, count: rows)
      var dots = together
      Float.rowSum(a, &together, rows: rows, columns: columns)
      Float.rowDot(a, a, &dots, rows: rows, columns: columns)
      for r in 0..<rows {
        let row = Array(a[r * columns..<(r + 1) * columns])
        var alone: Float = 0
        Float.rowSum(row, &alone, rows: 1, columns: columns)
        #expect(alone == together[r])
        Float.rowDot(row, row, &alone, rows: 1, columns: columns)
        #expect(alone == dots[r])
      }
    }
  }

  @Test func maximaAndEmptyRows() {
    for columns in [3, 16, 40] {
      for place in 0..<columns {
        var row = [Double](repeating: 1, count: columns)
        row[place] = .nan
        var maximum = 0.0
        Double.rowMaximum(row, &maximum, rows: 1, columns: columns)
        #expect(maximum.isNaN)
        row[place] = .infinity
        Double.rowMaximum(row, &maximum, rows: 1, columns: columns)
        #expect(maximum == .infinity)
        row = [Double](repeating: -.infinity, count: columns)
        Double.rowMaximum(row, &maximum, rows: 1, columns: columns)
        #expect(maximum == -.infinity)
      }
    }
    var values = [7.0, 7]
    Double.rowMaximum([], &values, rows: 2, columns: 0)
    #expect(values == [-.infinity, -.infinity])
    Double.rowSum([], &values, rows: 2, columns: 0)
    #expect(values == [0, 0])
  }

  func checkTranspose<T: Real>(_ type: T.Type) {
    for (rows, columns) in Self.shapes + [(64, 48), (19, 23)] {
      let stride = columns + 3
      let resultStride = rows + 2
      let a: [T] = Self.random(rows * stride)
      var result = [T](repeating: -7, count: columns * resultStride)
      T.transpose(a, stride: stride, &result, resultStride: resultStride, rows: rows, columns: columns)
      for c in 0..<columns {
        for r in 0..<resultStride {
          #expect(result[c * resultStride + r] == (r < rows ? a[r * stride + c] : -7))
        }
      }
    }
  }

  @Test func transposes() {
    checkTranspose(Float.self)
    checkTranspose(Double.self)
  }

  struct Box: Sendable {
    var extents: [Int]
    var strides: [Int]
    var start = 0
    var distinct = true

    /// The offsets of the box's elements in row-major order.
    var offsets: [Int] {
      zip(extents, strides).reduce([start]) { offsets, dimension in
        offsets.flatMap { offset in (0..<dimension.0).map { offset + $0 * dimension.1 } }
      }
    }
  }

  static let boxes = [
    Box(extents: [], strides: [], start: 3),
    Box(extents: [5], strides: [2]),
    Box(extents: [5], strides: [-3], start: 20),
    Box(extents: [4, 6], strides: [6, 1]),
    Box(extents: [6, 4], strides: [1, 6]),
    Box(extents: [40, 33], strides: [1, 40]),
    Box(extents: [2, 3, 4], strides: [4, 8, 1]),
    Box(extents: [3, 1, 4, 5], strides: [1, 99, 15, 3]),
    Box(extents: [2, 9, 10, 3], strides: [270, 1, 27, 9]),
    Box(extents: [3, 4], strides: [0, 1], distinct: false),
    Box(extents: [4, 3], strides: [1, 0], distinct: false),
    Box(extents: [5, 6], strides: [1, 2], distinct: false),
    Box(extents: [2, 0, 3], strides: [3, 3, 1]),
    Box(extents: [2, 1, 2, 3, 1, 2, 2, 2], strides: [48, 7, 1, 16, 5, 2, 4, 8]),
  ]

  func checkBox<T: Real>(_ box: Box, _ type: T.Type) {
    let offsets = box.offsets
    let size = (offsets.max() ?? 0) + 1
    let source: [T] = Self.random(size)
    var gathered = [T](repeating: -7, count: offsets.count + 1)
    source.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { return }
      T.gather(base + box.start, strides: box.strides, extents: box.extents, &gathered)
    }
    #expect(gathered == offsets.map { source[$0] } + [-7])

    // Whole numbers, so that sums are exact in any order.
    let values = offsets.indices.map { T($0 % 100) }
    for accumulate in [false, true] where accumulate || box.distinct {
      var target = [T](repeating: 1000, count: size)
      var expected = target
      for (offset, value) in zip(offsets, values) { expected[offset] = accumulate ? expected[offset] + value : value }
      target.withUnsafeMutableBufferPointer { target in
        guard let base = target.baseAddress else { return }
        T.scatter(
          values, base + box.start, strides: box.strides, extents: box.extents, accumulate: accumulate)
      }
      #expect(target == expected)
    }
  }

  @Test(arguments: boxes) func gatherAndScatter(_ box: Box) {
    checkBox(box, Float.self)
    checkBox(box, Double.self)
  }
}
