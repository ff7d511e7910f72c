import Foundation

/// The variances a prior may have: λⱼ = c e^(−j/b) for j = 1, 2, 3, …
///
/// The variance is chosen after the data have been seen. A union over the grid pays for that: the bound holds for all j
/// at once where that of j has confidence 1 − 6δ/(π²j²), which adds 2 ln j to the divergence, j = b ln(c/λ).
///
/// Source: J. Langford, R. Caruana, "(Not) bounding the true error", NIPS 2001; G. K. Dziugaite, D. M. Roy, "Computing
/// nonvacuous generalization bounds for deep (stochastic) neural networks with many more parameters than training
/// data", UAI 2017, arXiv:1703.11008.
public struct PriorGrid: Sendable, Hashable, Codable {
  /// c: above every variance.
  public var scale: Double
  /// b: how fine it is.
  public var precision: Double

  public init(scale: Double = 0.1, precision: Double = 100) {
    self.scale = scale
    self.precision = precision
  }

  /// λⱼ
  public func variance(_ j: Int) -> Double { scale * exp(-Double(j) / precision) }

  /// b ln(c/λ), a number of the grid where λ is on it.
  public func index(of variance: Double) -> Double { precision * log(scale / variance) }

  /// The two numbers of the grid around a variance, the smaller first; at least 1.
  public func neighbours(of variance: Double) -> (Int, Int) {
    let above = max(1, Int(max(1, min(1e9, index(of: variance))).rounded(.up)))
    return (max(1, above - 1), above)
  }
}
