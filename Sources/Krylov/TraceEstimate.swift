/// An estimate of a trace with its standard error.
public struct TraceEstimate: Sendable, Hashable, Codable {
  public enum Method: String, Sendable, Codable, CaseIterable {
    case hutchinson
    case hutchPlusPlus = "hutch++"
    /// First moments of Lanczos quadrature rules, which for each probe v equal vᵀAv exactly.
    case quadrature
    /// The sum of all eigenvalues, or of the diagonal.
    case exact
  }

  public var method: Method
  /// Independent unbiased estimates, one a probe; their mean is the value.
  public var samples: [Double]
  /// Whether nothing was left to sample: the standard error is then 0.
  public var isExact: Bool
  public var products: Int

  public init(method: Method, samples: [Double], isExact: Bool = false, products: Int) {
    self.method = method
    self.samples = samples
    self.isExact = isExact
    self.products = products
  }

  public var value: Double { SampleStatistics.mean(samples) }

  /// s/√n over the samples; nil for a single sample, which says nothing of its error.
  public var standardError: Double? { isExact ? 0 : SampleStatistics.standardError(samples) }

  /// The 95 % t-interval; nil where there is no standard error.
  public var interval: ClosedRange<Double>? {
    guard let error = standardError else { return nil }
    if error == 0 || samples.count < 2 { return value...value }
    let reach = error * SampleStatistics.studentQuantile(confidence: 0.95, degreesOfFreedom: samples.count - 1)
    return value - reach...value + reach
  }
}
