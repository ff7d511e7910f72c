import Foundation
import Tensors
import Testing

@Suite struct SymmetricEigenTests {
  /// AQ = Q diag(λ), QᵀQ = I, λ ascending.
  func checkDecomposition(_ eigen: SymmetricEigen, _ matrix: (Int, Int) -> Double, order n: Int) {
    #expect(eigen.values == eigen.values.sorted())
    for i in 0..<n {
      let q = Array(eigen.vector(i))
      for row in 0..<n {
        let product = (0..<n).reduce(0) { $0 + matrix(row, $1) * q[$1] }
        #expect(abs(product - eigen.values[i] * q[row]) < 1e-13 * Double(n))
      }
      for j in 0...i {
        let other = Array(eigen.vector(j))
        let product = zip(q, other).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(product - (i == j ? 1 : 0)) < 1e-14 * Double(n))
      }
    }
  }

  @Test(arguments: [1, 2, 7, 40]) func dense(_ n: Int) throws {
    let entries: [Double] = ElementwiseTileTests.random(n * n)
    var lower = [Double](repeating: .nan, count: n * n)
    for j in 0..<n { for i in j..<n { lower[j * n + i] = entries[j * n + i] } }
    func symmetric(_ i: Int, _ j: Int) -> Double { entries[min(i, j) * n + max(i, j)] }
    let eigen = try SymmetricEigen.decompose(lower, order: n, vectors: true)
    checkDecomposition(eigen, symmetric, order: n)
    let values = try SymmetricEigen.decompose(lower, order: n, vectors: false)
    #expect(values.vectors.isEmpty)
    #expect(zip(values.values, eigen.values).allSatisfy { abs($0 - $1) < 1e-13 * Double(n) })
  }

  /// The second difference: λⱼ = 2 − 2 cos(jπ/(n + 1)).
  @Test(arguments: [1, 2, 30]) func tridiagonal(_ n: Int) throws {
    let eigen = try SymmetricEigen.decompose(
      diagonal: [Double](repeating: 2, count: n), offDiagonal: [Double](repeating: -1, count: n - 1))
    for j in 1...n {
      #expect(abs(eigen.values[j - 1] - (2 - 2 * cos(Double(j) * .pi / Double(n + 1)))) < 1e-14)
    }
    checkDecomposition(eigen, { $0 == $1 ? 2 : abs($0 - $1) == 1 ? -1 : 0 }, order: n)
  }

  @Test func repeatedEigenvalues() throws {
    let n = 6
    // I + 5 e eᵀ/n with e all ones: eigenvalue 1 five times, then 6.
    let matrix = (0..<n * n).map { ($0 / n == $0 % n ? 1.0 : 0) + 5 / Double(n) }
    let eigen = try SymmetricEigen.decompose(matrix, order: n, vectors: true)
    #expect(zip(eigen.values, [1, 1, 1, 1, 1, 6]).allSatisfy { abs($0 - $1) < 1e-14 })
    checkDecomposition(eigen, { matrix[$0 * n + $1] }, order: n)
  }
}
