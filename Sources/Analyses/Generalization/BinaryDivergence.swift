import Foundation

/// The divergence of two coins, kl(q‖p) = q ln(q/p) + (1 − q) ln((1 − q)/(1 − p)), and its inverse.
///
/// kl(q‖·) is 0 at p = q, convex, and rises to both sides of it; kl(q‖p) ≥ 2 (p − q)² (Pinsker), so that inverting it
/// never gives more than q + √(r/2).
public enum BinaryDivergence {
  /// kl(q‖p) for q and p from 0 to 1; infinite where p is 0 or 1 and q is not.
  public static func value(_ q: Double, _ p: Double) -> Double {
    var sum = 0.0
    if q > 0 { sum += p > 0 ? q * log(q / p) : .infinity }
    if q < 1 { sum += p < 1 ? (1 - q) * log((1 - q) / (1 - p)) : .infinity }
    // Rounding leaves less than nothing where p is q.
    return max(0, sum)
  }

  /// kl⁻¹(q|r) = sup {p ≥ q: kl(q‖p) ≤ r}, by bisection down to neighbouring numbers; 1 where r is not finite.
  ///
  /// Rises with q and with r. With q a mean of m independent numbers in [0, 1] and r = ln(1/δ)/m, their expectation
  /// lies below it with probability 1 − δ (Chernoff; Hoeffding 1963, doi:10.1080/01621459.1963.10500830).
  public static func upperInverse(_ q: Double, _ r: Double) -> Double {
    guard q < 1, r.isFinite else { return 1 }
    guard r > 0 else { return q }
    var (low, high) = (q, 1.0)
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return low }
      if value(q, middle) <= r { low = middle } else { high = middle }
    }
  }
}
