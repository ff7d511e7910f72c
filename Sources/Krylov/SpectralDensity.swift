import Foundation
import Tensors

/// How a spectral sample is smoothed into a density.
public struct DensityOptions: Sendable, Hashable, Codable {
  /// σ of the Gaussian kernel; nil: 10^(−2.5) · (λ_max − λ_min), so that σ²/range² = 1e-5.
  public var kernelWidth: Double?
  /// σ of the kernel over log₁₀|λ|, in decades.
  public var logarithmicKernelWidth: Double
  /// Points of each grid.
  public var gridCount: Int
  /// Of the pointwise band.
  public var confidence: Double
  /// Eigenvalues |λ| ≤ resolution · max |λ| count as zero on the logarithmic axis: below it the sign and size of a node
  /// are rounding.
  public var resolution: Double

  public init(
    kernelWidth: Double? = nil, logarithmicKernelWidth: Double = 0.1, gridCount: Int = 2000, confidence: Double = 0.95,
    resolution: Double = 1e-7
  ) {
    self.kernelWidth = kernelWidth
    self.logarithmicKernelWidth = logarithmicKernelWidth
    self.gridCount = gridCount
    self.confidence = confidence
    self.resolution = resolution
  }

  func check() throws(InputError) {
    func require(_ holds: Bool, _ problem: String) throws(InputError) {
      if !holds { throw InputError("density: " + problem) }
    }
    for width in [kernelWidth ?? 1, logarithmicKernelWidth] {
      try require(width > 0 && width.isFinite, "a kernel width is \(width), expected a positive number")
    }
    try require(gridCount > 1 && gridCount <= 10_000_000, "the grid has \(gridCount) points, expected at least 2")
    try require(confidence > 0 && confidence < 1, "the confidence is \(confidence), expected between 0 and 1")
    try require(resolution >= 0 && resolution < 1, "the resolution is \(resolution), expected between 0 and 1")
  }
}

/// The density of eigenvalues, smoothed by a Gaussian kernel:
///
///     φ_σ(x) = (1/P) Σᵢ exp(−(x − λᵢ)²/2σ²)/√(2πσ²),   ∫ φ_σ = 1;   P · density counts eigenvalues.
///
/// Deflated eigenvalues enter exactly; the band covers the remainder. A grid spaced wider than σ misses mass between
/// its points: `integral` tells.
///
/// Source: B. Ghorbani, S. Krishnan, Y. Xiao, ICML 2019, arXiv:1901.10159.
public struct SpectralDensity: Sendable, Hashable, Codable {
  public var grid: [Double]
  public var density: [Double]
  /// nil for a single probe: what it says of its own error is too little.
  public var band: DensityBand?
  /// σ
  public var kernelWidth: Double
  /// The trapezoidal integral of `density` over `grid`.
  public var integral: Double
  /// ∫ |φ_m − φ_m′| between the rules of all m Lanczos steps and of three quarters of them: how far the quadrature is
  /// from settled.
  public var quadratureDefect: Double
  public var probes: Int
  public var deflated: Int

  /// - Parameter other: a density whose grid and kernel this one is to have.
  /// - Throws: ``InputError`` when the options make no sense or the sample is empty.
  public init(
    _ sample: SpectralSample, options: DensityOptions = DensityOptions(), like other: SpectralDensity? = nil
  ) throws(InputError) {
    try options.check()
    let orders = try sample.rulesOfSeveralOrders()
    let rules = orders[0]
    guard let range = sample.range(of: rules) else { throw InputError("density: no probe has been done") }
    let width = other?.kernelWidth ?? options.kernelWidth ?? Self.defaultKernelWidth(range)
    let smoother =
      if let other {
        KernelSmoother(grid: other.grid, width: width)
      } else {
        KernelSmoother(range: range, width: width, count: options.gridCount)
      }
    let exact = sample.deflated.map { (position: $0, weight: 1 / Double(sample.dimension)) }
    func estimate(_ orders: [[QuadratureRule]]) -> DensityEstimate {
      let masses = orders.map { $0.map { zip($0.nodes, $0.weights).map { (position: $0, weight: $1) } } }
      return DensityEstimate(
        smoother, exact: exact, orders: masses, dimension: sample.dimension - sample.deflated.count,
        fraction: sample.remainderFraction, confidence: options.confidence)
    }
    let whole = estimate(orders)
    var shorter: [QuadratureRule] = []
    for matrix in sample.tridiagonals where matrix.order > 0 {
      shorter.append(try QuadratureRule(matrix.leading(Swift.max(1, matrix.order * 3 / 4))))
    }
    grid = smoother.grid
    density = whole.density
    band = whole.band
    kernelWidth = width
    integral = smoother.integral(whole.density)
    quadratureDefect = smoother.distance(whole.density, estimate([shorter]).density)
    probes = rules.count
    deflated = sample.deflated.count
  }

  /// 10^(−2.5) · range; of |λ| where all eigenvalues coincide, and 10^(−2.5) where all are zero.
  static func defaultKernelWidth(_ range: ClosedRange<Double>) -> Double {
    let extent = range.upperBound - range.lowerBound
    let size = Swift.max(abs(range.upperBound), abs(range.lowerBound))
    let factor = pow(10, -2.5)
    if extent > 1e-12 * size { return factor * extent }
    return size > 0 ? factor * size : factor
  }
}
