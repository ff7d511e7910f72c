import Foundation
import Tensors

/// The density of eigenvalues over x = log₁₀|λ|, positive and negative eigenvalues apart, in parts per decade.
///
/// Smoothed by a Gaussian in x. ∫ positive + ∫ negative + `zeroFraction` = 1, where eigenvalues |λ| ≤ `floor` count as zero.
public struct LogarithmicDensity: Sendable, Hashable, Codable {
  /// One side of zero.
  public struct Side: Sendable, Hashable, Codable {
    public var density: [Double]
    public var band: DensityBand?
    /// ∫ density: the part of all eigenvalues on this side.
    public var fraction: Double
  }

  /// log₁₀|λ|, the same for both sides.
  public var grid: [Double]
  public var positive: Side
  public var negative: Side
  /// The part of all eigenvalues that is zero within `floor`, with its standard error over probes.
  public var zeroFraction: Double
  public var zeroFractionStandardError: Double?
  /// resolution · max |λ|
  public var floor: Double
  /// σ in decades.
  public var kernelWidth: Double

  /// - Throws: ``InputError`` when the options make no sense or the sample is empty.
  public init(_ sample: SpectralSample, options: DensityOptions = DensityOptions()) throws(InputError) {
    try options.check()
    let orders = try sample.rulesOfSeveralOrders()
    let rules = orders[0]
    guard let range = sample.range(of: rules) else { throw InputError("density: no probe has been done") }
    let largest = Swift.max(abs(range.lowerBound), abs(range.upperBound))
    let floor = Swift.max(options.resolution * largest, Double.leastNormalMagnitude)
    let sizes = (sample.deflated + rules.flatMap(\.nodes)).map(abs).filter { $0 > floor }
    let low = log10(sizes.min() ?? 1)
    let high = log10(sizes.max() ?? 1)
    let smoother = KernelSmoother(
      range: low...high, width: options.logarithmicKernelWidth, count: options.gridCount)
    let share = 1 / Double(sample.dimension)
    let fraction = sample.remainderFraction

    func side(_ sign: Double) -> Side {
      func masses(_ nodes: [Double], _ weights: [Double]) -> [KernelSmoother.Mass] {
        zip(nodes, weights).filter { $0.0 * sign > floor }.map { (position: log10($0.0 * sign), weight: $0.1) }
      }
      let exact = masses(sample.deflated, sample.deflated.map { _ in share })
      let estimate = DensityEstimate(
        smoother, exact: exact, orders: orders.map { $0.map { masses($0.nodes, $0.weights) } },
        dimension: sample.dimension - sample.deflated.count, fraction: fraction, confidence: options.confidence)
      return Side(density: estimate.density, band: estimate.band, fraction: smoother.integral(estimate.density))
    }
    let zeros = rules.map { $0.integral { abs($0) <= floor ? 1 : 0 } }
    grid = smoother.grid
    positive = side(1)
    negative = side(-1)
    zeroFraction =
      Double(sample.deflated.filter { abs($0) <= floor }.count) * share + fraction * SampleStatistics.mean(zeros)
    zeroFractionStandardError = SampleStatistics.standardError(zeros).map { $0 * fraction }
    self.floor = floor
    kernelWidth = options.logarithmicKernelWidth
  }
}
