import Foundation
import Tensors

/// How many eigenvalues lie above a threshold, as stochastic Lanczos quadrature knows it:
///
///     N_σ(x) = Σᵢ Φ((λᵢ − x)/σ),
///
/// Φ the normal distribution function: the integral of P times the density above x at the same resolution σ. Deflated
/// eigenvalues are counted exactly.
public struct EigenvalueCount: Sendable, Hashable, Codable {
  public var threshold: Double
  public var value: Double
  /// A confidence interval by the theory of ``DensityBand``; `nil` for a single probe.
  public var lower: Double?
  public var upper: Double?
}

extension SpectralSample {
  /// The smoothed counts above some thresholds.
  ///
  /// - Parameter width: σ.
  /// - Throws: ``InputError`` when σ or the confidence makes no sense, or no probe has been done.
  public func counts(
    above thresholds: [Double], width: Double, confidence: Double = 0.95
  ) throws(InputError) -> [EigenvalueCount] {
    guard width > 0, width.isFinite, confidence > 0, confidence < 1 else {
      throw InputError("counts of eigenvalues take a positive width and a confidence between 0 and 1")
    }
    let orders = try rulesOfSeveralOrders()
    guard let probes = orders.first?.count, probes > 0 else { throw InputError("counts: no probe has been done") }
    let rest = Double(dimension - deflated.count)
    let interval = GammaInterval(confidence: confidence)
    return thresholds.map { threshold in
      func step(_ value: Double) -> Double { erfc((threshold - value) / (width * 2.0.squareRoot())) / 2 }
      let known = deflated.reduce(0) { $0 + step($1) }
      let means = orders.map { rules in rules.reduce(0) { $0 + $1.integral(step) } / Double(probes) }
      let squares = orders.map { rules in
        rules.reduce(0) { $0 + $1.integral { step($0) * step($0) } } / Double(probes)
      }
      let average = SampleStatistics.mean(means)
      let probing =
        2 / Double(probes) / (rest + 2) * Swift.max(0, SampleStatistics.mean(squares) - average * average)
      let error = SampleStatistics.standardError(means) ?? 0
      let bounds = interval.bounds(
        mean: average, variance: 1.1 * (probing + 2 / Double(orders.count) * error * error))
      let hasBand = probes > 1
      return EigenvalueCount(
        threshold: threshold, value: known + rest * means[0],
        lower: hasBand ? known + rest * Swift.min(means[0], bounds.lower) : nil,
        upper: hasBand ? known + rest * Swift.max(means[0], bounds.upper) : nil)
    }
  }
}
