import Analyses
import Testing

@testable import Krylov

/// The outlier rule by hand: the i ≤ 3C that maximises λᵢ/λᵢ₊₁ among converged top eigenvalues above ten residuals.
@Suite struct OutliersTests {
  private func pairs(_ values: [Double], residual: Double = 1e-9, unconverged: Int? = nil) -> [Eigenpair<Int>] {
    values.enumerated().map { index, value in
      Eigenpair(
        value: value, vector: index, residual: residual, converged: index != unconverged, errorBound: residual,
        multiplicity: 1, multiplicityVerified: true)
    }
  }

  @Test func theLargestGap() throws {
    // Ratios 10/8, 8/7, 7/1, 1/0.9.
    let outliers = try #require(Outliers(pairs([10, 8, 7, 1, 0.9]), classes: 3))
    #expect(outliers.count == 3 && outliers.ratio == 7)
    #expect(outliers.ratioToClasses == 10)
    // The first of equal ratios.
    let equal = try #require(Outliers(pairs([8, 4, 2, 1]), classes: 3))
    #expect(equal.count == 1 && equal.ratio == 2)
  }

  /// i ≤ 3C, so that with one class only the first three ratios count.
  @Test func noFurtherThanThreeTimesTheClasses() throws {
    let outliers = try #require(Outliers(pairs([16, 15, 14, 10, 1]), classes: 1))
    #expect(outliers.count == 3 && outliers.ratio == 1.4 && outliers.ratioToClasses == 16.0 / 15)
    let all = try #require(Outliers(pairs([16, 15, 14, 10, 1]), classes: 2))
    #expect(all.count == 4 && all.ratio == 10)
  }

  @Test func onlyWhatConvergedAndStandsAboveItsResidual() throws {
    let cut = try #require(Outliers(pairs([10, 8, 7, 1, 0.9], unconverged: 3), classes: 3))
    #expect(cut.count == 1 && cut.ratio == 1.25 && cut.ratioToClasses == nil)
    // 1 and 0.9 are within ten residuals of 0.
    let small = try #require(Outliers(pairs([10, 8, 7, 1, 0.9], residual: 0.1), classes: 3))
    #expect(small.count == 1 && small.ratio == 1.25)
    let negative = try #require(Outliers(pairs([10, 2, -1, -5]), classes: 3))
    #expect(negative.count == 1 && negative.ratio == 5)
    #expect(Outliers(pairs([10]), classes: 3) == nil)
    #expect(Outliers(pairs([10, -1]), classes: 3) == nil)
    #expect(Outliers(pairs([]), classes: 3) == nil)
  }
}
