import Foundation

/// exact + fraction · mean over probes of smoothed quadrature rules, with its band.
struct DensityEstimate: Sendable {
  /// The masses of the rule of each probe.
  typealias Samples = [[KernelSmoother.Mass]]

  var density: [Double]
  /// nil for a single probe.
  var band: DensityBand?

  /// - Parameters:
  ///   - exact: what is known without probes.
  ///   - orders: the rules of m, m − 1, … steps, those of m first.
  ///   - dimension: P, the number of eigenvalues that the rules stand for.
  ///   - fraction: their part of all eigenvalues.
  init(
    _ smoother: KernelSmoother, exact: [KernelSmoother.Mass], orders: [Samples], dimension: Int, fraction: Double,
    confidence: Double
  ) {
    let base = smoother.density(exact)
    density = base
    var lower = base
    var upper = base
    let probes = orders.first?.count ?? 0
    // Everything is relative to the kernel of the nearest node, or squares would underflow long before the density does.
    let offsets = smoother.exponents(ofNearest: orders.flatMap { $0.flatMap { $0 } })
    let sums = orders.map { smoother.sums($0.flatMap { $0 }, relativeTo: offsets) }
    let share = probes > 0 ? 1 / Double(probes) : 0
    let count = Double(orders.count)
    let interval = GammaInterval(confidence: confidence)
    for index in offsets.indices where probes > 0 && offsets[index].isFinite {
      let unit = fraction * smoother.peak * exp(-offsets[index])
      let means = sums.map { $0.first[index] * share }
      let average = SampleStatistics.mean(means)
      let square = SampleStatistics.mean(sums.map { $0.second[index] * share })
      let probing = 2 * share / Double(dimension + 2) * Swift.max(0, square - average * average)
      let error = SampleStatistics.standardError(means) ?? 0
      let bounds = interval.bounds(mean: average, variance: 1.1 * (probing + 2 / count * error * error))
      density[index] += unit * means[0]
      lower[index] += unit * Swift.min(means[0], bounds.lower)
      upper[index] += unit * Swift.max(means[0], bounds.upper)
    }
    band = probes == 1 ? nil : DensityBand(lower: lower, upper: upper, confidence: confidence)
  }
}
