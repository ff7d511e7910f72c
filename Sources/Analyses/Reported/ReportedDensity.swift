import Foundation

/// The spectral density on a grid: a sum of Gaussians of standard deviation σ, one an eigenvalue, divided by P.
/// It integrates to 1 over ℝ; P times it counts eigenvalues. Deflated eigenpairs enter with weight exactly 1/P, and
/// the band covers the estimated remainder.
public struct ReportedDensity: Codable, Sendable, Equatable {
  /// Eigenvalues λ at which the density is given, ascending.
  @ReportedNumbers public var grid: [Double]
  /// The density at each grid point, per unit of λ.
  @ReportedNumbers public var density: [Double]
  /// The lower edge of the confidence band.
  @ReportedNumbers public var lower: [Double]
  /// The upper edge of the confidence band.
  @ReportedNumbers public var upper: [Double]
  /// The nominal pointwise level of the band, such as 0.95.
  @OptionalReportedNumber public var confidence: Double?
  /// The standard deviation of the Gaussian kernel, in the units of the eigenvalues.
  @ReportedNumber public var sigma: Double
  /// The number of random probes.
  public var probes: Int
  /// Lanczos steps a probe.
  public var steps: Int
  /// The eigenvalues that were deflated.
  @ReportedNumbers public var deflated: [Double]
  /// How far the quadrature is from its own moments: what the Lanczos steps leave open.
  @OptionalReportedNumber public var quadratureDefect: Double?
  /// The tool whose definition of the kernel was asked for, such as `google`.
  public var compatible: String?
  /// ∫_{λ<0} |λ| φ / ∫ |λ| φ.
  @OptionalReportedNumber public var negativeMass: Double?
  /// The density over log₁₀|λ|.
  public var logAxis: ReportedLogarithmicDensity?
  /// The Ritz values of each probe.
  @ReportedRows public var ritzValues: [[Double]]
  /// Their quadrature weights, each row summing to 1.
  @ReportedRows public var ritzWeights: [[Double]]
  /// The worst orthogonality of a probe's basis, max |VᵀV − I|.
  @OptionalReportedNumber public var orthogonality: Double?

  public init(
    grid: [Double], density: [Double], lower: [Double] = [], upper: [Double] = [], confidence: Double? = nil,
    sigma: Double, probes: Int, steps: Int, deflated: [Double] = [], quadratureDefect: Double? = nil,
    compatible: String? = nil, negativeMass: Double? = nil, logAxis: ReportedLogarithmicDensity? = nil,
    ritzValues: [[Double]] = [], ritzWeights: [[Double]] = [], orthogonality: Double? = nil
  ) {
    self.grid = grid
    self.density = density
    self.lower = lower
    self.upper = upper
    self.confidence = confidence
    self.sigma = sigma
    self.probes = probes
    self.steps = steps
    self.deflated = deflated
    self.quadratureDefect = quadratureDefect
    self.compatible = compatible
    self.negativeMass = negativeMass
    self.logAxis = logAxis
    self.ritzValues = ritzValues
    self.ritzWeights = ritzWeights
    self.orthogonality = orthogonality
  }

  private enum CodingKeys: String, CodingKey {
    case grid, density, lower, upper, confidence, sigma, probes, steps, deflated, compatible, orthogonality
    case quadratureDefect = "quadrature_defect"
    case negativeMass = "negative_mass"
    case logAxis = "log_axis"
    case ritzValues = "ritz_values"
    case ritzWeights = "ritz_weights"
  }
}

extension ReportedDensity {
  /// The density between the points of its grid, from the Ritz values and their weights:
  ///
  ///     φ_σ(x) = (1/P) Σ_deflated k(x − λ) + (1 − D/P) mean over probes Σⱼ wⱼ k(x − θⱼ),   k the Gaussian of deviation σ.
  ///
  /// - Parameter dimension: P, of which D are deflated.
  /// - Returns: `nil` where the Ritz values were not kept, or another tool's definition was asked for.
  public func density(at x: Double, dimension: Int) -> Double? {
    guard compatible == nil, sigma > 0, dimension >= deflated.count, dimension > 0, !ritzValues.isEmpty,
      ritzValues.count == ritzWeights.count
    else { return nil }
    func kernel(_ center: Double) -> Double {
      let distance = (x - center) / sigma
      return exp(-distance * distance / 2)
    }
    let exact = deflated.reduce(0) { $0 + kernel($1) }
    let rules = zip(ritzValues, ritzWeights).reduce(0) { sum, rule in
      sum + zip(rule.0, rule.1).reduce(0) { $0 + $1.1 * kernel($1.0) }
    }
    let all = Double(dimension)
    let rest = (1 - Double(deflated.count) / all) * rules / Double(ritzValues.count)
    return (exact / all + rest) / ((2 * Double.pi).squareRoot() * sigma)
  }
}

/// The density over u = log₁₀|λ|, positive and negative eigenvalues apart; both integrals over u together are at most
/// 1.
public struct ReportedLogarithmicDensity: Codable, Sendable, Equatable {
  /// Values of log₁₀|λ|, ascending.
  @ReportedNumbers public var grid: [Double]
  /// The density of positive eigenvalues, per decade.
  @ReportedNumbers public var positive: [Double]
  /// The density of negative eigenvalues, per decade.
  @ReportedNumbers public var negative: [Double]
  /// The standard deviation of the kernel, in decades.
  @OptionalReportedNumber public var sigma: Double?

  public init(grid: [Double], positive: [Double], negative: [Double], sigma: Double? = nil) {
    self.grid = grid
    self.positive = positive
    self.negative = negative
    self.sigma = sigma
  }

  private enum CodingKeys: String, CodingKey {
    case grid, positive, negative, sigma
  }
}
