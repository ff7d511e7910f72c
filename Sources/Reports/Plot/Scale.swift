import Foundation

/// A map from data to positions on the page: linear, logarithmic, or logarithmic on both sides of zero.
struct Scale {
  enum Kind: Equatable {
    case linear, logarithmic
    /// asinh(x/t): linear well below the threshold t, ±log|x| well above.
    case signedLogarithmic(threshold: Double)
  }

  let kind: Kind
  let domain: ClosedRange<Double>
  /// Positions of the ends of the domain; descending for a vertical axis.
  let start: Double
  let end: Double

  /// A linear scale. A domain without an extent is widened around its value.
  static func linear(_ domain: ClosedRange<Double>, from start: Double, to end: Double) -> Scale {
    Scale(kind: .linear, domain: widened(domain), start: start, end: end)
  }

  /// A logarithmic scale. A domain that is not positive is replaced by one decade around 1.
  static func logarithmic(_ domain: ClosedRange<Double>, from start: Double, to end: Double) -> Scale {
    var lower = domain.lowerBound
    var upper = domain.upperBound
    if !(lower > 0 && upper.isFinite && upper > .leastNormalMagnitude * 10) { (lower, upper) = (0.1, 10) }
    if upper / lower < 1.01 {
      (lower, upper) = (max(lower / 3, .leastNormalMagnitude), upper < 1e300 ? upper * 3 : upper)
    }
    return Scale(kind: .logarithmic, domain: lower...upper, start: start, end: end)
  }

  /// A scale that is logarithmic on both sides of zero and linear below `threshold`. A threshold that is not positive
  /// is replaced by a millionth of the domain's ends.
  static func signedLogarithmic(
    _ domain: ClosedRange<Double>, threshold: Double, from start: Double, to end: Double
  ) -> Scale {
    let domain = widened(domain)
    let largest = max(abs(domain.lowerBound), abs(domain.upperBound))
    // Beyond sixteen decades the quotient says nothing more.
    let usable = threshold.isFinite && threshold > largest * 1e-16 ? threshold : largest * 1e-6
    return Scale(
      kind: .signedLogarithmic(threshold: max(usable, .leastNormalMagnitude)), domain: domain, start: start, end: end)
  }

  /// The position of a value, or nil for one that is not finite or has no logarithm. Values outside lie outside.
  func position(_ value: Double) -> Double? {
    guard value.isFinite else { return nil }
    let fraction: Double
    switch kind {
    case .linear:
      // Halves keep the difference of the two largest doubles finite.
      let span = domain.upperBound / 2 - domain.lowerBound / 2
      fraction = (value / 2 - domain.lowerBound / 2) / span
    case .logarithmic:
      guard value > 0 else { return nil }
      let lower = log10(domain.lowerBound)
      fraction = (log10(value) - lower) / (log10(domain.upperBound) - lower)
    case .signedLogarithmic(let threshold):
      let lower = asinh(domain.lowerBound / threshold)
      fraction = (asinh(value / threshold) - lower) / (asinh(domain.upperBound / threshold) - lower)
    }
    return start + fraction * (end - start)
  }

  /// The position of a value, moved to the nearest end where it lies outside; nothing but NaN is lost.
  func clamped(_ value: Double) -> Double? {
    if value.isNaN { return nil }
    return position(min(max(value, domain.lowerBound), domain.upperBound))
  }

  func ticks(_ count: Int) -> Ticks {
    switch kind {
    case .linear: Ticks.linear(domain, count: count)
    case .logarithmic: Ticks.logarithmic(domain, count: count)
    case .signedLogarithmic(let threshold): Ticks.signedLogarithmic(domain, threshold: threshold, count: count)
    }
  }

  private static func widened(_ domain: ClosedRange<Double>) -> ClosedRange<Double> {
    let lower = domain.lowerBound
    let upper = domain.upperBound
    guard lower.isFinite, upper.isFinite else { return -1...1 }
    let size = max(abs(lower), abs(upper))
    if upper / 2 - lower / 2 > size * 1e-9 { return domain }
    if size == 0 { return -1...1 }
    let margin = max(size * 0.1, .leastNormalMagnitude)
    return max(lower - margin, -.greatestFiniteMagnitude)...min(upper + margin, .greatestFiniteMagnitude)
  }
}

extension ClosedRange<Double> {
  /// The smallest range that holds the finite ones of the values, if there are any.
  init?(holding values: some Sequence<Double>) {
    let finite = values.filter(\.isFinite)
    guard let lower = finite.min(), let upper = finite.max() else { return nil }
    self = lower...upper
  }

  /// The range with a margin on both sides, as a fraction of its extent; huge ranges stay finite.
  func padded(_ fraction: Double) -> ClosedRange<Double> {
    let margin = (upperBound / 2 - lowerBound / 2) * 2 * fraction
    guard margin.isFinite else { return self }
    let lower = lowerBound - margin
    let upper = upperBound + margin
    return (lower.isFinite ? lower : lowerBound)...(upper.isFinite ? upper : upperBound)
  }
}
