import Foundation

/// Where an axis carries numbers, and the numbers' text in `Label` notation.
struct Ticks: Equatable {
  var values: [Double]
  var labels: [String]
  /// Positions of small ticks without a number.
  var minor: [Double] = []

  /// At most `count` (at least two, where the domain has room) multiples of 1, 2 or 5 times a power of ten.
  static func linear(_ domain: ClosedRange<Double>, count: Int) -> Ticks {
    let span = domain.upperBound / 2 - domain.lowerBound / 2
    guard span.isFinite, span > 0 else { return Ticks(values: [], labels: []) }
    let limit = Double(max(2, count))
    let rough = span / (limit / 2)
    // Steps below this have no exact powers of ten to count in.
    guard rough > 1e-300 else { return Ticks(values: [], labels: []) }
    var exponent = Int(log10(rough).rounded(.down))
    for _ in 0..<3 {
      for mantissa in [1.0, 2.0, 5.0] {
        // 0.3 / 0.1 is a little less than 3.
        let first = (scaled(domain.lowerBound, exponent) / mantissa - 1e-9).rounded(.up)
        let last = (scaled(domain.upperBound, exponent) / mantissa + 1e-9).rounded(.down)
        guard last - first + 1 <= limit else { continue }
        guard last >= first, abs(first) < 1e15, abs(last) < 1e15 else { return Ticks(values: [], labels: []) }
        let values = (Int(first)...Int(last)).map { multiple in
          // Dividing by a whole power of ten gives the double nearest to the decimal.
          exponent < 0
            ? Double(multiple) * mantissa / pow(10, Double(-exponent))
            : Double(multiple) * mantissa * pow(10, Double(exponent))
        }
        return Ticks(values: values, labels: linearLabels(values, exponent))
      }
      exponent += 1
    }
    return Ticks(values: [], labels: [])
  }

  /// Powers of ten inside the domain, every second, third, fifth, ... where they would be more than `count`; multiples of
  /// them where the domain holds fewer than two.
  static func logarithmic(_ domain: ClosedRange<Double>, count: Int) -> Ticks {
    guard domain.lowerBound > 0, domain.upperBound.isFinite, domain.upperBound > domain.lowerBound else {
      return Ticks(values: [], labels: [])
    }
    let first = Int((log10(domain.lowerBound) - 1e-12).rounded(.up))
    let last = Int((log10(domain.upperBound) + 1e-12).rounded(.down))
    guard last > first else { return linear(domain, count: count) }
    let decades = last - first + 1
    let stride =
      [1, 2, 3, 5, 10, 20, 50, 100, 200].first { decades / $0 + 1 <= max(2, count) || decades <= count && $0 == 1 }
      ?? 500
    let exponents = (first...last).filter { $0 % stride == 0 }
    let plain = stride == 1 && first >= -2 && last <= 3
    var ticks = Ticks(
      values: exponents.map { power($0) },
      labels: exponents.map { plain ? decimal(power($0), max(0, -$0)) : "10^{\(signed($0))}" })
    if stride > 1 {
      ticks.minor = (first...last).filter { $0 % stride != 0 }.map { power($0) }
    } else if decades <= 6 {
      ticks.minor = ((first - 1)...last).flatMap { exponent in (2...9).map { Double($0) * power(exponent) } }
        .filter { domain.contains($0) }
    }
    return ticks
  }

  /// Zero and powers of ten on both sides of it, from the one above `threshold` on; linear ones where there are fewer than two.
  static func signedLogarithmic(_ domain: ClosedRange<Double>, threshold: Double, count: Int) -> Ticks {
    let largest = max(abs(domain.lowerBound), abs(domain.upperBound))
    guard threshold > 0, largest.isFinite, largest > threshold else { return linear(domain, count: count) }
    let first = Int((log10(threshold) + 0.2).rounded(.up))
    let last = Int((log10(largest) + 1e-12).rounded(.down))
    let zero = domain.contains(0) ? [(value: 0.0, label: "0")] : []
    // Both sides share the axis by their lengths.
    let lengths = [domain.lowerBound, domain.upperBound].map { abs(asinh($0 / threshold)) }
    let share = lengths.reduce(0, +) / max(lengths.max() ?? 1, 1)
    let room = Double(max(2, count)) / max(share, 1)
    guard last >= first else { return linear(domain, count: count) }
    let stride = [1, 2, 3, 5, 10, 20, 50].first { Double(last - first + 1) <= room * Double($0) } ?? 100
    var marks = zero
    var minor: [Double] = []
    for exponent in first...last {
      for sign in [-1.0, 1.0] where domain.contains(sign * power(exponent)) {
        if (last - exponent) % stride == 0 {
          let size =
            (-2...3).contains(exponent) ? decimal(power(exponent), max(0, -exponent)) : "10^{\(signed(exponent))}"
          marks.append((sign * power(exponent), (sign < 0 ? "−" : "") + size))
        } else {
          minor.append(sign * power(exponent))
        }
      }
    }
    guard marks.count > 1 else { return linear(domain, count: count) }
    marks.sort { $0.value < $1.value }
    return Ticks(values: marks.map(\.value), labels: marks.map(\.label), minor: minor)
  }

  private static func power(_ exponent: Int) -> Double {
    -300 < exponent && exponent < 0 ? 1 / pow(10, Double(-exponent)) : pow(10, Double(exponent))
  }

  private static func scaled(_ value: Double, _ exponent: Int) -> Double {
    // In two steps: 10^308 exists, 10^320 does not.
    let half = exponent / 2
    return value / pow(10, Double(half)) / pow(10, Double(exponent - half))
  }

  private static func linearLabels(_ values: [Double], _ exponent: Int) -> [String] {
    let largest = values.map(abs).max() ?? 0
    if largest == 0 { return values.map { _ in "0" } }
    let magnitude = Int(log10(largest).rounded(.down))
    if magnitude > 4 || magnitude < -3 {
      let decimals = max(0, magnitude - exponent)
      return values.map { value in
        value == 0 ? "0" : decimal(scaled(value, magnitude), decimals) + "×10^{\(signed(magnitude))}"
      }
    }
    return values.map { $0 == 0 ? "0" : decimal($0, max(0, -exponent)) }
  }

  private static func decimal(_ value: Double, _ decimals: Int) -> String {
    String(format: "%.\(decimals)f", value).replacingOccurrences(of: "-", with: "−")
  }

  private static func signed(_ exponent: Int) -> String {
    String(exponent).replacingOccurrences(of: "-", with: "−")
  }
}
