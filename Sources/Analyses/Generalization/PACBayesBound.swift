import Foundation

/// The PAC-Bayes bound of normal posteriors and an isotropic normal prior whose variance is chosen from a grid.
///
/// With probability 1 − δ over the m independent samples of the training set, for all posteriors Q = N(w, S) and all λ
/// of the grid at once,
///
///     kl(ê(Q)‖e(Q)) ≤ (KL(Q‖P_λ) + 2 ln j + ln(π²m/(6δ)))/(m − 1),   P_λ = N(w₀, λI), j = b ln(c/λ),
///
/// ê(Q) the mean 0–1 loss on the training set of weights drawn from Q, e(Q) the expected one on fresh data. ê(Q) is
/// estimated by N draws: with probability 1 − δ′ over them it lies below kl⁻¹(mean|ln(2/δ′)/N). The bound that is
/// stated inverts kl once more and holds with probability 1 − δ − δ′.
///
/// What it assumes: samples that are independent and distributed like fresh data; w₀, c and b chosen without the
/// training set. The basis in which S is diagonal, λ, w and S may depend on it.
///
/// Source: D. McAllester, "PAC-Bayesian model averaging", COLT 1999; J. Langford, M. Seeger, 2001; Dziugaite, Roy 2017,
/// arXiv:1703.11008, whose statement has m − 1.
public struct PACBayesBound: Sendable, Hashable, Codable {
  public var grid: PriorGrid
  /// δ of the bound.
  public var delta: Double
  /// δ′ of the Monte-Carlo estimate.
  public var estimateDelta: Double

  /// - Parameters:
  ///   - delta: δ, the probability that the bound fails.
  ///   - estimateDelta: δ′, the probability that the estimate of the empirical error fails.
  public init(grid: PriorGrid = PriorGrid(), delta: Double = 0.025, estimateDelta: Double = 0.01) {
    self.grid = grid
    self.delta = delta
    self.estimateDelta = estimateDelta
  }

  private enum CodingKeys: String, CodingKey {
    case grid, delta
    case estimateDelta = "estimate_delta"
  }

  /// 1 − δ − δ′
  public var totalConfidence: Double { 1 - delta - estimateDelta }

  /// (KL + 2 ln j + ln(π²m/(6δ)))/(m − 1): the right-hand side, for λ on the grid or, while training, between.
  public func complexity(divergence: Double, variance: Double, samples m: Int) -> Double {
    let union = 2 * log(max(1, grid.index(of: variance)))
    return (divergence + union + log(.pi * .pi * Double(m) / (6 * delta))) / Double(max(1, m - 1))
  }

  /// The same with λ replaced by the neighbour on the grid for which it is smaller.
  public func complexity(
    _ divergence: GaussianDivergence, near variance: Double, samples m: Int
  ) -> (value: Double, gridIndex: Int, variance: Double, divergence: Double) {
    let (below, above) = grid.neighbours(of: variance)
    let candidates = [below, above].map { j in
      let variance = grid.variance(j)
      let value = divergence.value(priorVariance: variance)
      return (complexity(divergence: value, variance: variance, samples: m), j, variance, value)
    }
    return candidates[0].0 <= candidates[1].0 ? candidates[0] : candidates[1]
  }

  /// kl⁻¹(mean|ln(2/δ′)/N): what the empirical error of the posterior lies below, from a mean over N independent draws.
  public func empiricalError(mean: Double, draws: Int) -> Double {
    BinaryDivergence.upperInverse(mean, log(2 / estimateDelta) / Double(max(1, draws)))
  }

  /// kl⁻¹(ê|complexity): what the expected error of the posterior lies below.
  public func error(empirical: Double, complexity: Double) -> Double {
    BinaryDivergence.upperInverse(empirical, complexity)
  }

  /// ê + √(complexity/2), which is never smaller (Pinsker).
  public func pinskerError(empirical: Double, complexity: Double) -> Double {
    empirical + (complexity / 2).squareRoot()
  }
}

/// KL(N(w, Q diag(s) Qᵀ)‖N(w₀, λI)) = ½ (Σ s/λ + ‖w − w₀‖²/λ − d + d ln λ − Σ ln s), for whatever orthogonal Q.
public struct GaussianDivergence: Sendable, Hashable, Codable {
  /// d
  public var dimension: Int
  /// ‖w − w₀‖²
  public var squaredMove: Double
  /// Σ s
  public var varianceSum: Double
  /// Σ ln s
  public var logVarianceSum: Double

  public init(dimension: Int, squaredMove: Double, varianceSum: Double, logVarianceSum: Double) {
    self.dimension = dimension
    self.squaredMove = squaredMove
    self.varianceSum = varianceSum
    self.logVarianceSum = logVarianceSum
  }

  public func value(priorVariance: Double) -> Double {
    let d = Double(dimension)
    return 0.5 * ((varianceSum + squaredMove) / priorVariance - d + d * log(priorVariance) - logVarianceSum)
  }

  /// λ at which it is smallest, (Σ s + ‖w − w₀‖²)/d.
  public var bestPriorVariance: Double { (varianceSum + squaredMove) / Double(max(1, dimension)) }
}
