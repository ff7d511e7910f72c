import Foundation

/// A PAC-Bayes bound from the diagonal of the curvature that rescaling does not change, if the prior is carried along.
///
/// Prior N(θ₀, diag σ²), posterior N(θ, diag 1/ν) with νⱼ = max(hⱼ, 1/σⱼ²), h the diagonal of the Hessian (or of the
/// Gauss-Newton matrix). With probability 1 − δ over n samples
///
///     kl(ê‖e) ≤ (KL + ln((n + 1)/δ))/n,   KL ≤ ½ (Σ_{hⱼ > 1/σⱼ²} ln(hⱼσⱼ²) + Σ (θⱼ − θ₀ⱼ)²/σⱼ²);
///
/// the exact divergence has ½ (Σ 1/(νⱼσⱼ²) − d) ≤ 0 besides. A rescaling θⱼ → αⱼθⱼ that leaves the network's function
/// as it is takes h to h/α²; νσ² and (θ − θ₀)²/σ² stay where θ₀ → αθ₀ and σ → ασ go with it. With a prior that stays
/// behind, the bound changes.
///
/// Source: X. Li, Q. Gu, Y. Zhou, T. Chen, A. Banerjee, "Hessian based analysis of SGD for deep nets: dynamics and
/// generalization", 2019, arXiv:1907.10732; the divergence is derived anew, its constants are Maurer's and may differ
/// from the paper's.
public struct ScaleInvariantBound: Sendable, Hashable, Codable {
  /// The exact divergence, and the expression above it.
  public var divergence: Double
  public var divergenceBound: Double
  /// Weights whose posterior is narrower than the prior.
  public var curvedWeights: Int
  /// d
  public var dimension: Int

  /// - Parameters:
  ///   - diagonal: h
  ///   - move: θ − θ₀
  ///   - priorVariances: σ², one for each weight.
  public init(diagonal: [Double], move: [Double], priorVariances: [Double]) {
    precondition(diagonal.count == move.count && diagonal.count == priorVariances.count)
    var (logarithms, distance, narrowing, curved) = (0.0, 0.0, 0.0, 0)
    for ((h, difference), variance) in zip(zip(diagonal, move), priorVariances) {
      let ratio = max(1, h * variance)
      logarithms += log(ratio)
      narrowing += 1 / ratio - 1
      distance += difference * difference / variance
      if ratio > 1 { curved += 1 }
    }
    divergenceBound = 0.5 * (logarithms + distance)
    divergence = divergenceBound + 0.5 * narrowing
    curvedWeights = curved
    dimension = diagonal.count
  }

  /// 1/ν, the posterior's variances.
  public static func variances(diagonal: [Double], priorVariances: [Double]) -> [Double] {
    zip(diagonal, priorVariances).map { h, variance in 1 / max(h, 1 / variance) }
  }

  /// (KL + ln((n + 1)/δ))/n, with the exact divergence; further terms, such as those of a union, are added to KL.
  public func complexity(samples n: Int, delta: Double, union: Double = 0) -> Double {
    (divergence + union + log((Double(n) + 1) / delta)) / Double(n)
  }
}
