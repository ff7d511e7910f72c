/// A pointwise confidence band for a smoothed density of eigenvalues that stochastic Lanczos quadrature estimated.
///
/// In each point x the density φ(x) is the mean of K(x − λ) over the eigenvalues, and n probes estimate it with two errors.
///
/// *Probing.* The weights of the P eigenvectors that are not deflated are, under a normalised Gaussian probe, Dirichlet
/// distributed with parameters ½. So, were these weights known,
///
///     Var φ̂ = 2/(n(P + 2)) · Var K,   Var K = mean of K² − φ².
///
/// The rules estimate Var K as they estimate φ, and the ratio Var φ̂/φ̂ hardly depends on the probes: for an isolated
/// eigenvalue not at all. Under Rademacher probes the variance is at most 1 + 2/P times this, and less where K(x − A)
/// is nearly diagonal (H. Avron, S. Toledo, J. ACM 58 (2011), doi:10.1145/1944345.1944349).
///
/// *Resolution.* Where Ritz values lie further apart than the kernel is wide, the density of a rule has a peak at each
/// of them. The rules of m, m − 1, … steps have their nodes elsewhere, and the mean over J of them (J a quarter of m,
/// at most 8) sweeps over the gaps. Where s is the standard deviation over the J rules, it errs by about s/J, where
/// independent errors would leave s/√J; 2s²/J² is added to the variance, the 2 being a measured factor. Where Ritz
/// values have converged, s is 0.
///
/// A tenth is added to the variance because it is itself estimated; it raises mean coverage at ten probes from 95 to 96 %.
///
/// The band is the ``GammaInterval`` about the mean of the rules, widened where needed to hold the density itself. It
/// is skewed, as estimates with few eigenvalues under the kernel are; a t-interval over ten probes would cover an
/// isolated eigenvalue in 86 % of cases.
///
/// It is pointwise: at 95 % the density lies outside in one point of twenty. It knows only what the rules have found:
/// far from all nodes it closes on zero. Where even the mean of the rules does not resolve the kernel, with Ritz values
/// some 8 σ apart, it covers about 90 %. On the logarithmic axis it covers about three decades below the largest |λ| at
/// 90 steps, and less of what lies closer to zero.
public struct DensityBand: Sendable, Hashable, Codable {
  public var lower: [Double]
  public var upper: [Double]
  /// The coverage aimed at in each point, such as 0.95.
  public var confidence: Double
}
