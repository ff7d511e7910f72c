import Tensors
import Testing

/// Singular values of stacked blocks, beyond what a squared matrix could tell.
struct TriangularFactorTests {
  /// A = H₁ D H₂ of m × n with reflections H and singular values D over 14 decades.
  @Test(arguments: [(40, 7, 1), (40, 7, 3), (40, 100, 2), (5, 5, 4), (11, 4, 3)])
  func gradedSingularValues(rows: Int, blockRows: Int, lanes: Int) throws {
    let columns = 8
    let expected = (0..<columns).map { index in
      index < rows ? [1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14][index] : 0
    }
    let (u, v) = (randomVector(rows, seed: 1, as: Double.self), randomVector(columns, seed: 2, as: Double.self))
    func reflected(_ x: [Double], by w: [Double]) -> [Double] {
      let slope = 2 * zip(x, w).reduce(0) { $0 + $1.0 * $1.1 } / w.reduce(0) { $0 + $1 * $1 }
      return zip(x, w).map { $0 - slope * $1 }
    }
    // Column j of H₁ D, then every row by H₂.
    let scaled = (0..<columns).map { column in
      var unit = [Double](repeating: 0, count: rows)
      if column < rows { unit[column] = expected[column] }
      return reflected(unit, by: u.elements)
    }
    let matrix = (0..<rows).map { row in reflected(scaled.map { $0[row] }, by: v.elements) }
    var factor = TriangularFactor(columns: columns, blockRows: blockRows, lanes: lanes, pool: WorkerPool(count: 2))
    for start in stride(from: 0, to: rows, by: blockRows) {
      let count = min(blockRows, rows - start)
      try factor.append(rows: count) { target, leading in
        for row in 0..<count {
          for column in 0..<columns { target[column * leading + row] = matrix[start + row][column] }
        }
      }
    }
    let found = try factor.singularValues()
    #expect(found.count == columns)
    for (value, reference) in zip(found, expected) { #expect(abs(value - reference) < 2e-15) }
  }
}
