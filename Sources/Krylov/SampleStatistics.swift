import Foundation

/// Mean, spread and t-intervals of independent samples.
enum SampleStatistics {
  static func mean(_ samples: [Double]) -> Double {
    samples.isEmpty ? 0 : samples.reduce(0, +) / Double(samples.count)
  }

  /// The standard error of the mean, s/√n; nil for fewer than two samples.
  static func standardError(_ samples: [Double]) -> Double? {
    guard samples.count > 1 else { return nil }
    let center = mean(samples)
    let squares = samples.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    return (squares / Double(samples.count - 1) / Double(samples.count)).squareRoot()
  }

  /// The two-sided quantile of Student's t: P(|t| ≤ q) = confidence, for a whole number of degrees of freedom.
  ///
  /// By bisection on the closed form of the distribution (Abramowitz and Stegun 26.7.3 and 26.7.4).
  static func studentQuantile(confidence: Double, degreesOfFreedom: Int) -> Double {
    precondition(confidence > 0 && confidence < 1 && degreesOfFreedom > 0)
    var low = 0.0
    var high = 1.0
    while studentProbability(high, degreesOfFreedom) < confidence { high *= 2 }
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if middle == low || middle == high { break }
      if studentProbability(middle, degreesOfFreedom) < confidence { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// P(|t| ≤ x) for Student's t.
  static func studentProbability(_ x: Double, _ degreesOfFreedom: Int) -> Double {
    let angle = atan(x / Double(degreesOfFreedom).squareRoot())
    let (sine, cosine) = (sin(angle), cos(angle))
    if degreesOfFreedom % 2 == 0 {
      var term = 1.0
      var sum = 1.0
      for k in stride(from: 1, to: degreesOfFreedom - 2, by: 2) {
        term *= cosine * cosine * Double(k) / Double(k + 1)
        sum += term
      }
      return sine * sum
    }
    guard degreesOfFreedom > 1 else { return 2 * angle / .pi }
    var term = cosine
    var sum = cosine
    for k in stride(from: 2, to: degreesOfFreedom - 2, by: 2) {
      term *= cosine * cosine * Double(k) / Double(k + 1)
      sum += term
    }
    return 2 / .pi * (angle + sine * sum)
  }
}
