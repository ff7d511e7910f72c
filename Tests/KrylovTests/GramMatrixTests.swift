import Foundation
import Tensors
import Testing

@testable import Krylov

@Suite struct GramMatrixTests {
  /// SᵀGS = I, S upper triangular, over random Gram matrices of full rank.
  @Test(arguments: 0..<8) func columnsAreOrthonormal(_ seed: Int) {
    let count = seed + 1
    let space = DenseVectorSpace<Double>(dimension: 60)
    var basis = space.basis()
    for index in 0..<count {
      basis.append(space.random(.gaussian, from: RandomStream(seed: UInt64(seed), purpose: "test", index: index)))
    }
    let gram = basis.coefficients(of: (0..<count).map { basis[$0] })
    let found = GramMatrix(gram).orthonormalColumns(
      of: Array(repeating: 1, count: count), smallest: 1e-12)
    #expect(found.columns.count == count)
    for (index, column) in found.columns.enumerated() {
      #expect(column[(index + 1)...].allSatisfy { $0 == 0 } && column[index] > 0)
    }
    basis.rotate(by: found.columns.flatMap { $0 }, columns: count)
    #expect(basis.orthogonalityDefect() < 1e-13)
    // From the first vector on: what is left of a vector is its norm over the diagonal of S.
    for index in 0..<count {
      #expect(abs(found.rest[index] - 1 / found.columns[index][index]) < 1e-12 * found.rest[index])
    }
  }

  @Test func vectorsWithoutADirectionOfTheirOwnAreLeftOut() {
    // v₃ = v₁ + v₂, v₄ = 0, v₅ a direction of its own.
    let gram: [[Double]] = [
      [1, 0, 1, 0, 0.5], [0, 1, 1, 0, 0], [1, 1, 2, 0, 0.5], [0, 0, 0, 0, 0], [0.5, 0, 0.5, 0, 1],
    ]
    let found = GramMatrix(gram).orthonormalColumns(of: Array(repeating: 1, count: 5), smallest: 1e-5)
    #expect(found.columns.count == 3)
    #expect(zip(found.columns[2], [-0.5, 0, 0, 0, 1]).allSatisfy { abs($0 * 0.75.squareRoot() - $1) < 1e-15 })
    #expect(abs(found.leastRatio - 0.75.squareRoot()) < 1e-15)
  }
}
