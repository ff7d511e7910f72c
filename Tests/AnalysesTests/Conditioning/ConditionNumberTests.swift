import Analyses
import Foundation
import Testing

@Suite struct ConditionNumberTests {
  @Test func ratioAtTheRank() {
    let condition = ConditionNumber.of(eigenvalues: [1e-17, 2, 8, 4], rank: 3, source: .analytic, order: 4)
    #expect(condition.value == 4)
    #expect(condition.largest == 8 && condition.smallest == 2)
    #expect(!condition.isLowerBound && condition.unresolved == 0)
    #expect(condition.neighbours.map(\.rank) == [2, 3, 4])
    #expect(condition.neighbours.map(\.value) == [2, 4, 8e17])
    #expect(condition.neighbours.map(\.isResolved) == [true, true, false])
    #expect(condition.interval == nil)
  }

  @Test func unresolvedEigenvaluesMakeALowerBound() {
    let condition = ConditionNumber.of(eigenvalues: [1, 1e-3, 1e-18, -1e-18], rank: 4, source: .dual, order: 4)
    #expect(condition.unresolved == 2 && condition.isLowerBound)
    #expect(condition.value == 1e3)
    #expect(condition.smallest == -1e-18)
    #expect(condition.neighbours.last?.value == nil)
    #expect(condition.resolution == 40 * 0x1p-52)
  }

  @Test func singularValuesResolveTheSquare() {
    let condition = ConditionNumber.of(singularValues: [1e-10, 1], rank: 2, source: .singularValues, order: 100)
    #expect(condition.unresolved == 0)
    #expect(abs((condition.value ?? 0) / 1e20 - 1) < 1e-12)
    let lost = ConditionNumber.of(singularValues: [1e-14, 1], rank: 2, source: .singularValues, order: 100)
    #expect(lost.unresolved == 1 && lost.isLowerBound && lost.value == 1)
  }

  @Test func nothingToDivideBy() throws {
    let empty = ConditionNumber.of(eigenvalues: [], rank: 0, source: .dual, order: 0)
    let zero = ConditionNumber.of(eigenvalues: [0, 0], rank: 2, source: .dual, order: 2)
    let rankless = ConditionNumber.of(eigenvalues: [3, 1], rank: 0, source: .analytic, order: 2)
    let broken = ConditionNumber.of(eigenvalues: [3, .nan], rank: 2, source: .analytic, order: 2)
    for condition in [empty, zero, rankless, broken] {
      #expect(condition.value == nil && !condition.isLowerBound)
      let coded = try JSONDecoder().decode(ConditionNumber.self, from: JSONEncoder().encode(condition))
      #expect(coded == condition)
    }
    #expect(zero.unresolved == 2)
    #expect(rankless.neighbours.map(\.rank) == [1])
  }

  @Test func ranksBeyondTheSpectrumAreCut() {
    let condition = ConditionNumber.of(eigenvalues: [4, 2], rank: 9, source: .analytic, order: 2)
    #expect(condition.rank == 2 && condition.value == 2)
    #expect(ConditionNumber.resolvedRank(eigenvalues: [1, 1e-3, 1e-17], order: 3) == 2)
    #expect(ConditionNumber.resolvedRank(singularValues: [], order: 0) == 0)
  }
}
