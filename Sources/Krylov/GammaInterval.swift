import Foundation

/// The confidence interval of the mean of a gamma distribution of known scale, from one value drawn from it.
///
/// For a positive estimate X with mean μ and variance c·μ, c known, X is taken as gamma distributed with shape μ/c and
/// scale c. The interval holds every μ under which X lies in neither tail of α/2:
///
///     P(X ≥ observed | lower) = α/2,   P(X ≤ observed | upper) = α/2.
///
/// For one eigenvalue under Gaussian probes X is χ², and the interval exact; for many it tends to the normal one. It is
/// the construction of F. Garwood, Biometrika 28 (1936), 437–442, doi:10.1093/biomet/28.3-4.437, for a Poisson mean.
struct GammaInterval: Sendable {
  /// 1 − α
  var confidence: Double

  /// The interval about an observed value; of no width where mean or variance is zero.
  func bounds(mean: Double, variance: Double) -> (lower: Double, upper: Double) {
    guard mean > 0, variance > 0 else { return (mean, mean) }
    let scale = variance / mean
    let value = mean / scale
    guard scale > 0, value.isFinite, value > 0 else { return (mean, mean) }
    let tail = (1 - confidence) / 2
    return (scale * shape(value, probability: 1 - tail), scale * shape(value, probability: tail))
  }

  /// The shape s with P(Γ(s) ≤ value) = probability, by the Illinois form of false position; the probability falls as s grows.
  private func shape(_ value: Double, probability: Double) -> Double {
    func excess(_ shape: Double) -> Double { Self.probability(shape, value) - probability }
    var low = 0.0
    var high = value + 2 * value.squareRoot() + 2
    var (above, below) = (excess(low), excess(high))
    while below > 0 {
      (low, above) = (high, below)
      high *= 2
      below = excess(high)
    }
    for _ in 0..<100 {
      let next = (low * below - high * above) / (below - above)
      let residual = excess(next)
      // A hundred-millionth is far below what the estimate of the variance can tell.
      if abs(residual) < 1e-8 * probability || high - low < 1e-8 * high { return next }
      if residual > 0 {
        (low, above) = (next, residual)
        below /= 2
      } else {
        (high, below) = (next, residual)
        above /= 2
      }
    }
    return (low + high) / 2
  }

  /// P(Γ(shape) ≤ x), the regularised incomplete gamma function.
  ///
  /// Below 50 by its series of positive terms (Abramowitz and Stegun 6.5.29); above, where it is right to 2e-4, by the
  /// cube-root normal approximation of E. B. Wilson and M. M. Hilferty, PNAS 17 (1931), 684–688,
  /// doi:10.1073/pnas.17.12.684.
  static func probability(_ shape: Double, _ x: Double) -> Double {
    guard shape > 0 else { return 1 }
    if x > 50 {
      let deviate = (cbrt(x / shape) - 1 + 1 / (9 * shape)) * 3 * shape.squareRoot()
      return erfc(-deviate / 2.0.squareRoot()) / 2
    }
    var term = 1.0
    var sum = 1.0
    var k = shape
    while term > 1e-17 * sum {
      k += 1
      term *= x / k
      sum += term
    }
    return exp(shape * log(x) - x - lgamma(shape + 1)) * sum
  }
}
