import Analyses
import Testing

@testable import Studies

@Suite struct FindingsTests {
  @Test func rankCorrelationsByHand() {
    #expect(RankCorrelation.of([1, 2, 3], [10, 100, 1000]) == 1)
    #expect(RankCorrelation.of([1, 2, 3], [3, 2, 1]) == -1)
    // 1 − 6 Σd²/(n(n² − 1)) with d = 0, 1, −1, 0.
    #expect(abs((RankCorrelation.of([1, 2, 3, 4], [1, 3, 2, 4]) ?? 0) - 0.8) < 1e-15)
    #expect(RankCorrelation.ranks([5, 1, 5, 0]) == [3.5, 2, 3.5, 1])
    #expect(RankCorrelation.of([1], [1]) == nil && RankCorrelation.of([1, 2], [3, 3]) == nil)
  }

  /// A study with κ given by a function of two axes.
  private func study(
    _ kappa: (Double, Int) -> Double, lowerBound: (Double) -> Bool = { _ in false }, claims: [Study.Claim]
  ) -> ReportedStudy {
    var points: [ReportedStudyPoint] = []
    for depth in [1.0, 2, 4] {
      for (index, name) in ["off", "on"].enumerated() {
        for seed in 0..<2 {
          let value = kappa(depth, index) * (seed == 0 ? 1 : 1.21)
          var condition = ConditionNumber.of(eigenvalues: [value, 1], rank: 2, source: .dual, order: 2)
          condition.isLowerBound = lowerBound(depth)
          points.append(
            ReportedStudyPoint(
              coordinates: ["depth": "\(Int(depth))", "batch-norm": name], seed: seed, parameters: 3,
              condition: condition, route: "by hand",
              bounds: [
                ReportedBound(
                  name: "twice", relation: "upperBound", value: depth == 4 ? nil : 2 * value,
                  failed: depth == 4 ? ["deep: 4"] : [])
              ], loss: nil, seconds: 0))
        }
      }
    }
    var input = Study(
      name: "s", title: "S", settings: [:],
      axes: [
        Study.Axis(key: "depth", values: [.integer(1), .integer(2), .integer(4)]),
        Study.Axis(key: "batch-norm", values: [.text("off"), .text("on")]),
      ], seeds: 2, claims: claims, figures: [], text: "")
    input.figures = [Study.FigureAxes(horizontal: "depth", lines: "batch-norm")]
    return StudyResult.reported(input, points: points, data: [], seconds: 0)
  }

  @Test func theSignIsThatOfTheNumbers() throws {
    let claims = [Study.Claim(axis: "depth", trend: .grows), Study.Claim(axis: "batch-norm", trend: .falls)]
    let growing = study({ $0 * ($1 == 0 ? 3 : 1) + 1 }, claims: claims).findings
    #expect(growing[0].isConfirmed == true && growing[0].correlations == [1, 1])
    #expect(growing[0].text.hasPrefix("κ grows on all 2 lines with depth (Spearman +1.00)"))
    #expect(growing[1].isConfirmed == true && growing[1].correlations == [-1, -1, -1])
    let falling = study({ 100 / $0 * ($1 == 0 ? 1 : 3) }, claims: claims).findings
    #expect(falling[0].isConfirmed == false && falling[0].correlations == [-1, -1])
    #expect(falling[0].text.contains("κ falls on all 2 lines") && falling[0].text.contains("not what was measured"))
    #expect(falling[1].isConfirmed == false)
    let mixed = study({ $1 == 0 ? $0 + 1 : 9 - $0 }, claims: claims).findings
    #expect(mixed[0].isConfirmed == nil && mixed[0].text.contains("grows on 1, falls on 1 of 2 lines"))
  }

  @Test func groupsBoundsAndPairs() throws {
    let result = study({ $0 * ($1 == 0 ? 3 : 1) + 1 }, claims: [])
    let group = try #require(result.groups.first)
    // Values 4 and 4.84: the geometric mean is 4.4, the standard deviation of the logarithm log(1.21)/√2.
    let kappa = try #require(group.kappa)
    #expect(abs(kappa.mean - 4.4) < 1e-12 && kappa.count == 2)
    #expect(
      abs(kappa.upper / kappa.mean - 1.1442) < 1e-4 && abs(kappa.upper * kappa.lower - kappa.mean * kappa.mean) < 1e-9)
    let texts = result.findings.map(\.text)
    #expect(texts.contains { $0.hasPrefix("With batch-norm on κ is smaller than with off in 6 of 6 pairs") })
    #expect(
      texts.contains(
        "The bound 'twice' applies to 8 of 12 measurements (elsewhere it does not hold that deep); over κ it is 2.00 in the "
          + "median, 2.00 to 2.00, and never below κ."))
    #expect(result.groups.filter { $0.bounds.isEmpty }.count == 2)
  }

  @Test func lowerBoundsAreInNoTrend() {
    let result = study({ depth, _ in depth == 4 ? 1e9 : 3 - depth }, lowerBound: { $0 == 4 }, claims: [])
    #expect(result.findings[0].correlations == [-1, -1])
    #expect(result.findings.contains { $0.text.hasPrefix("In 4 of 12 measurements eigenvalues are not resolved") })
  }

  @Test func roundingIsNoTrend() {
    let result = study({ depth, _ in 1 + depth * 1e-14 }, claims: [Study.Claim(axis: "depth", trend: .grows)])
    #expect(result.findings[0].correlations == [] && result.findings[0].isConfirmed == false)
    #expect(
      result.findings[0].text.hasPrefix("κ is the same throughout with depth. That κ grows with depth is reported: not")
    )
  }

  /// Seeds differ by a fifth here; what differs by less has no trend.
  @Test func noiseIsNoTrend() {
    let result = study({ depth, _ in 10 - depth / 10 }, claims: [Study.Claim(axis: "depth", trend: .falls)])
    #expect(result.findings[0].correlations == [0, 0] && result.findings[0].isConfirmed == false)
    #expect(result.findings[0].text.hasPrefix("κ has no clear trend on 2 of 2 lines"))
  }

  @Test func numbersAreReadable() {
    #expect(Findings.number(1) == "1.00" && Findings.number(31.26) == "31.3" && Findings.number(12345) == "12345")
    #expect(Findings.number(3.34e6) == "3.34·10⁶" && Findings.number(2.5e-5) == "2.50·10⁻⁵")
    #expect(Findings.median([3, 1, 2]) == 2 && Findings.median([1, 2]) == 1.5)
  }
}
