import Tensors
import TestSupport
import Testing

@Suite struct DenseMatrixTests {
  private func random(_ rows: Int, _ columns: Int, seed: UInt32 = 1) -> DenseMatrix {
    var stream = NumpyRandom(seed: seed)
    return DenseMatrix(rows: rows, columns: columns, elements: stream.normals(rows * columns))
  }

  private func distance(_ a: DenseMatrix, _ b: DenseMatrix) -> Double { (a + b.scaled(by: -1)).largestMagnitude }

  @Test(arguments: [(1, 1, 1), (3, 4, 5), (7, 2, 3), (2, 0, 3)])
  func productsByDefinition(m: Int, inner: Int, n: Int) throws {
    let (a, b) = (random(m, inner), random(inner, n, seed: 2))
    var expected = DenseMatrix(zeros: m, n)
    for i in 0..<m {
      for j in 0..<n {
        for k in 0..<inner { expected[i, j] += a[i, k] * b[k, j] }
      }
    }
    #expect(distance(try a * b, expected) < 1e-14)
    #expect(distance(try .product(a.transposed, true, b.transposed, true), expected) < 1e-14)
    #expect(distance(try a.gram(), try a.transposed * a) < 1e-14)
    #expect(distance(try a.outerGram(), try a * a.transposed) < 1e-14)
  }

  /// (A ⊗ B)(C ⊗ D) = AC ⊗ BD, (A ⊗ B)ᵀ = Aᵀ ⊗ Bᵀ, and I ⊗ I = I.
  @Test func kroneckerProducts() throws {
    let (a, b, c, d) = (random(2, 3), random(4, 2), random(3, 2), random(2, 5))
    #expect(distance(try a.kronecker(b) * c.kronecker(d), try (a * c).kronecker(b * d)) < 1e-13)
    #expect(a.kronecker(b).transposed == a.transposed.kronecker(b.transposed))
    #expect(DenseMatrix.identity(2).kronecker(.identity(3)) == .identity(6))
    #expect(a.kronecker(b)[1 * 4 + 2, 2 * 2 + 1] == a[1, 2] * b[2, 1])
  }

  @Test(arguments: [(5, 5), (9, 4), (3, 8), (1, 6), (40, 1)])
  func singularDecomposition(rows: Int, columns: Int) throws {
    let a = random(rows, columns)
    let (left, values, right) = try a.singularDecomposition()
    #expect(values == values.sorted(by: >))
    #expect(distance(try left * DenseMatrix(diagonal: values) * right, a) < 1e-13)
    #expect(distance(try left.gram(), .identity(values.count)) < 1e-13)
    #expect(distance(try right.outerGram(), .identity(values.count)) < 1e-13)
    for (value, expected) in zip(try a.singularValues(), values) { #expect(abs(value - expected) < 1e-13) }
    let squares = try a.gram().symmetricEigenvalues().reversed()
    for (value, expected) in zip(squares, values) { #expect(abs(value - expected * expected) < 1e-12) }
  }

  @Test func stackedAndBordered() {
    let (a, b) = (random(2, 3), random(1, 3))
    let stacked = DenseMatrix.stacked([a, b])
    let bordered = a.bordered(by: 2)
    #expect(bordered.rows == 4 && bordered.columns == 5)
    #expect(Array(bordered.row(1)) == Array(a.row(1)) + [0, 0] && Array(bordered.row(3)) == [0, 0, 0, 0, 0])
    #expect(stacked.rows == 3 && Array(stacked.row(2)) == b.elements && Array(stacked.row(1)) == Array(a.row(1)))
  }

  @Test func emptyMatrices() throws {
    let empty = DenseMatrix(zeros: 0, 3)
    #expect(try empty.singularValues() == [])
    #expect(try empty.gram() == DenseMatrix(zeros: 3, 3))
    #expect(empty.transposed.rows == 3)
    #expect(try DenseMatrix(zeros: 0, 0).symmetricEigenvalues() == [])
  }

  @Test func elementsThatAreNotFiniteAreErrors() {
    var a = random(3, 3)
    a[1, 2] = .nan
    #expect(throws: InputError.self) { try a.singularValues() }
    #expect(throws: InputError.self) { try a.singularDecomposition() }
    #expect(throws: InputError.self) { try a.symmetricEigenvalues() }
  }
}
