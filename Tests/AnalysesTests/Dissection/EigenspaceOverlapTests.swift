import Foundation
import Krylov
import Tensors
import Testing

@testable import Analyses

@Suite struct EigenspaceOverlapTests {
  private static func pairs(
    _ count: Int, in space: DenseVectorSpace<Double>, seed: UInt64, index: Int, gap: Double = 1, residual: Double = 0
  ) -> [Eigenpair<Vector<Double>>] {
    var basis = space.basis()
    for column in 0..<count {
      var vector = space.random(
        .gaussian, from: RandomStream(seed: seed, purpose: "subspace", index: index * count + column))
      for _ in 0..<2 { basis.subtract(basis.coefficients(of: vector), from: &vector) }
      space.scale(1 / space.norm(vector), &vector)
      basis.append(vector)
    }
    return (0..<count).map {
      Eigenpair(
        value: Double(count - $0) * gap, vector: basis[$0], residual: residual, converged: true, errorBound: residual,
        multiplicity: 1, multiplicityVerified: false)
    }
  }

  /// The mean over pairs of random subspaces is k/n, their spread the closed form.
  @Test(arguments: [(50, 5), (80, 20)]) func randomSubspaces(n: Int, k: Int) throws {
    let space = DenseVectorSpace<Double>(dimension: n)
    let draws = 300
    var values: [Double] = []
    var overlap: EigenspaceOverlap?
    for draw in 0..<draws {
      overlap = try EigenspaceOverlap(
        Self.pairs(k, in: space, seed: 1, index: draw), Self.pairs(k, in: space, seed: 2, index: draw), count: k,
        in: space)
      values.append(try #require(overlap?.values.last))
    }
    let last = try #require(overlap)
    let mean = values.reduce(0, +) / Double(draws)
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws - 1)).squareRoot()
    #expect(last.chance(k) == Double(k) / Double(n))
    #expect(abs(mean - last.chance(k)) <= 3 * last.chanceDeviation(k) / Double(draws).squareRoot())
    // The standard error of a standard deviation, for draws that are nearly normal.
    #expect(abs(deviation - last.chanceDeviation(k)) <= 4 * deviation / (2 * Double(draws)).squareRoot())
  }

  /// Each k as ``SubspaceOverlap`` has it, the last as the principal angles have it.
  @Test func everyDimension() throws {
    let space = DenseVectorSpace<Double>(dimension: 30)
    let first = Self.pairs(7, in: space, seed: 3, index: 0, residual: 1e-3)
    let second = Self.pairs(7, in: space, seed: 4, index: 0, residual: 2e-3)
    let overlap = try #require(try EigenspaceOverlap(first, second, count: 6, in: space))
    #expect(overlap.values.count == 6 && overlap.dimension == 30)
    for k in 1...6 {
      let naive = try #require(
        SubspaceOverlap(LeadingSubspace(first, count: k), LeadingSubspace(second, count: k), in: space))
      #expect(abs(naive.value - overlap.values[k - 1]) <= 1e-14)
      #expect(abs(naive.chanceDeviation - overlap.chanceDeviation(k)) <= 1e-16)
      let (expected, found) = try (#require(naive.error), #require(overlap.errors[k - 1]))
      #expect(abs(expected - found) <= 1e-14)
    }
    let squares = overlap.principalCosines.reduce(0) { $0 + $1 * $1 }
    #expect(abs(squares / 6 - overlap.values[5]) <= 1e-14)
    #expect(overlap.principalCosines == overlap.principalCosines.sorted(by: >))
    // A space with itself.
    let same = try #require(try EigenspaceOverlap(first, first, count: 7, in: space))
    #expect(same.values.allSatisfy { abs($0 - 1) <= 1e-13 })
    // Nothing is known of the gap below the last.
    #expect(same.errors[6] == nil && same.errors[5] != nil)
  }

  @Test func undefinedWhereTheGapIsSmallerThanTheResidual() throws {
    let space = DenseVectorSpace<Double>(dimension: 20)
    let blurred = Self.pairs(5, in: space, seed: 5, index: 0, gap: 1e-4, residual: 1e-3)
    let overlap = try #require(try EigenspaceOverlap(blurred, blurred, count: 4, in: space))
    #expect(overlap.errors.allSatisfy { $0 == nil })
    #expect(try EigenspaceOverlap(blurred, [], count: 4, in: space) == nil)
  }
}
