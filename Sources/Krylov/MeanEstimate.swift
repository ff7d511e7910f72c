/// The mean of independent samples with its standard error.
public struct MeanEstimate: Sendable, Hashable, Codable {
  public var value: Double
  /// s/√n; `nil` for a single sample, which says nothing of its error.
  public var standardError: Double?

  public init(_ samples: [Double]) {
    value = SampleStatistics.mean(samples)
    standardError = SampleStatistics.standardError(samples)
  }
}
