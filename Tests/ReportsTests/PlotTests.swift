import Foundation
import Testing

@testable import Reports

/// A generator with a fixed seed (SplitMix64), so that a failing case comes back.
private struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite struct TicksTests {
  @Test func linearTicksAreRoundInsideAndEven() {
    var generator = Generator(state: 1)
    for _ in 0..<2000 {
      let scale = pow(10, Double.random(in: -200...200, using: &generator))
      let lower = Double.random(in: -1...1, using: &generator) * scale
      let upper = lower + pow(10, Double.random(in: -6...0, using: &generator)) * scale
      let count = Int.random(in: 2...12, using: &generator)
      let ticks = Ticks.linear(lower...upper, count: count)
      #expect((1...count).contains(ticks.values.count), "\(lower)...\(upper), \(count)")
      #expect(ticks.values.count == ticks.labels.count)
      #expect(Set(ticks.labels).count == ticks.labels.count || upper - lower < abs(lower) * 1e-4)
      #expect(ticks.values.allSatisfy { $0 >= lower - (upper - lower) * 1e-9 && $0 <= upper + (upper - lower) * 1e-9 })
      let steps = zip(ticks.values, ticks.values.dropFirst()).map { $1 - $0 }
      guard let step = steps.first else { continue }
      #expect(steps.allSatisfy { abs($0 - step) < step * 1e-6 })
      let mantissa = step / pow(10, log10(step * 1.0000001).rounded(.down))
      #expect([1.0, 2, 5].contains { abs(mantissa - $0) < 1e-5 }, "step \(step)")
    }
  }

  @Test func linearLabelsRead() {
    #expect(Ticks.linear(-1...61, count: 8).labels == ["0", "10", "20", "30", "40", "50", "60"])
    #expect(
      Ticks.linear(-0.3...0.3, count: 8).labels
        == ["−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2", "0.3"].map { $0 == "0.0" ? "0" : $0 })
    #expect(
      Ticks.linear(0...2e-5, count: 5).labels == ["0", "0.5×10^{−5}", "1.0×10^{−5}", "1.5×10^{−5}", "2.0×10^{−5}"])
    #expect(Ticks.linear(0...250_000, count: 3).labels == ["0", "1×10^{5}", "2×10^{5}"])
  }

  @Test func logarithmicTicksArePowersOfTen() {
    var generator = Generator(state: 2)
    for _ in 0..<1000 {
      let low = Double.random(in: -300...290, using: &generator)
      let high = min(low + Double.random(in: 1.1...200, using: &generator), 305)
      let domain = pow(10, low)...pow(10, high)
      let count = Int.random(in: 3...10, using: &generator)
      let ticks = Ticks.logarithmic(domain, count: count)
      #expect(ticks.values.count <= count, "\(domain) \(count) \(ticks.values)")
      #expect(ticks.values.allSatisfy { $0 >= domain.lowerBound * 0.999 && $0 <= domain.upperBound * 1.001 })
      #expect(ticks.minor.count <= 60 * 5)
    }
    #expect(
      Ticks.logarithmic(1e-6...2, count: 9).labels
        == (-6...0).map { "10^{\("\($0)".replacingOccurrences(of: "-", with: "−"))}" })
    #expect(Ticks.logarithmic(0.09...110, count: 9).labels == ["0.1", "1", "10", "100"])
    #expect(Ticks.logarithmic(2...8, count: 5).labels == ["2", "4", "6", "8"])
  }

  @Test func emptyDomainsHaveNoTicks() {
    #expect(Ticks.linear(1...1, count: 5).values.isEmpty)
    #expect(Ticks.logarithmic(0...1, count: 5).values.isEmpty)
    #expect(Ticks.logarithmic(-1...1, count: 5).values.isEmpty)
  }
}

@Suite struct ScaleTests {
  @Test func positionsAreLinearInTheValueOrItsLogarithm() throws {
    let linear = Scale.linear(-1...3, from: 10, to: 50)
    #expect(linear.position(-1) == 10 && linear.position(3) == 50 && linear.position(1) == 30)
    let logarithmic = Scale.logarithmic(1e-4...1e4, from: 80, to: 0)
    #expect(abs(try #require(logarithmic.position(1)) - 40) < 1e-12)
    #expect(logarithmic.position(0) == nil && logarithmic.position(-1) == nil && logarithmic.position(.nan) == nil)
    #expect(logarithmic.clamped(0) == 80)
  }

  @Test func extremeDomainsGiveFinitePositions() throws {
    let huge = Double.greatestFiniteMagnitude
    let tiny = Double.leastNonzeroMagnitude
    let domains: [ClosedRange<Double>] = [
      -huge...huge, 0...0, 5...5, huge...huge, 0...tiny, 1e16...1.0000000000000002e16,
    ]
    for domain in domains {
      for scale in [Scale.linear(domain, from: 0, to: 100), Scale.logarithmic(domain, from: 0, to: 100)] {
        for value in [-huge, -1, 0, 1, huge] {
          let position = try #require(scale.clamped(value))
          #expect(position >= 0 && position <= 100, "\(domain) \(value) \(position)")
        }
      }
    }
  }
}

@Suite struct LabelTests {
  @Test func notationBecomesRuns() {
    let label: Label = "log_{10}|*λ*| ×10^{−3}"
    #expect(label.runs.map(\.text) == ["log", "10", "|", "λ", "| ×10", "−3"])
    #expect(label.runs.map(\.style) == [.upright, .subscripted, .upright, .italic, .upright, .superscript])
    #expect(label.spans.map(\.rendered).joined().contains("dy=\"-0.51em\""))
  }

  @Test func plainTextStaysAsItIs() {
    #expect(Label("a^b_c {d}").runs.map(\.text) == ["a^b_c {d}"])
  }
}

@Suite struct ThinningTests {
  @Test func narrowPeaksSurvive() {
    var points = (0..<100_000).map { (x: Double($0) / 200, y: 300.0) }
    points[31_234].y = 10
    let kept = Draw.thinned(points)
    #expect(kept.count < 4100)
    #expect(kept.contains { $0.y == 10 })
    #expect(kept.first?.x == 0 && kept.last?.x == points.last?.x)
    #expect(zip(kept, kept.dropFirst()).allSatisfy { $0.x <= $1.x })
  }
}

@Suite struct NumberTextTests {
  @Test func numbersReadAsPeopleWriteThem() {
    #expect(
      [0, 61.24, -1.83, 0.0123456, 1234567, 1e-5, -2.5e9, .nan].map { NumberText.plain($0) }
        == ["0", "61.24", "-1.830", "0.01235", "1234567", "1.000e-05", "-2.500e+09", "not finite"])
    #expect(NumberText.typeset(-1.2e-5, digits: 2) == "−1.2×10⁻⁵")
    #expect(NumberText.typeset(6.02e23, digits: 3) == "6.02×10²³")
    #expect(
      [0, 999, 1000, 9999, 10000, 669_706, 1_234_567].map { NumberText.grouped($0) }
        == ["0", "999", "1000", "9999", "10,000", "669,706", "1,234,567"])
    #expect(NumberText.grouped(.min).hasPrefix("-9,223"))
    #expect([0, 1023, 1536, 1_510_000_000].map { NumberText.bytes($0) } == ["0 B", "1023 B", "1.5 KiB", "1.4 GiB"])
    #expect(
      [0.4, 12.34, 187.25, 7620].map { NumberText.duration($0) } == ["0.40 s", "12.3 s", "3 min 07 s", "2 h 07 min"])
  }
}
