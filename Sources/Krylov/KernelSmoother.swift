import Foundation

/// Weighted points smoothed by a Gaussian of standard deviation `width` on a grid, with a t-interval over samples.
struct KernelSmoother: Sendable {
  /// A point mass: where, and how much.
  typealias Mass = (position: Double, weight: Double)

  var grid: [Double]
  var width: Double

  /// An even grid that holds all mass of kernels centred in `range`, to 6 standard deviations.
  init(range: ClosedRange<Double>, width: Double, count: Int) {
    precondition(count > 1 && width > 0)
    let low = range.lowerBound - 6 * width
    let high = range.upperBound + 6 * width
    grid = (0..<count).map { low + (high - low) * (Double($0) / Double(count - 1)) }
    self.width = width
  }

  /// Σ weight · exp(−(x − position)²/2σ²)/√(2πσ²) at every x of the grid.
  func density(_ masses: [Mass]) -> [Double] {
    let scale = 1 / ((2 * Double.pi).squareRoot() * width)
    return grid.map { x in
      masses.reduce(0) { sum, mass in
        let distance = (x - mass.position) / width
        return sum + mass.weight * scale * exp(-distance * distance / 2)
      }
    }
  }

  /// exact + fraction · mean over samples, pointwise, with its t-interval.
  func estimate(
    exact: [Mass], samples: [[Mass]], fraction: Double, confidence: Double
  ) -> (density: [Double], band: DensityBand?) {
    let base = density(exact)
    let densities = samples.map(density)
    guard !densities.isEmpty else { return (base, DensityBand(lower: base, upper: base, confidence: confidence)) }
    var center = base
    var lower = base
    var upper = base
    let quantile =
      densities.count > 1
      ? SampleStatistics.studentQuantile(confidence: confidence, degreesOfFreedom: densities.count - 1) : 0
    for index in grid.indices {
      let column = densities.map { $0[index] }
      let mean = SampleStatistics.mean(column)
      let reach = quantile * (SampleStatistics.standardError(column) ?? 0)
      center[index] += fraction * mean
      lower[index] += fraction * Swift.max(0, mean - reach)
      upper[index] += fraction * (mean + reach)
    }
    return (center, densities.count > 1 ? DensityBand(lower: lower, upper: upper, confidence: confidence) : nil)
  }

  /// ∫ |f − g| by the trapezoidal rule on the grid.
  func distance(_ f: [Double], _ g: [Double]) -> Double { integral(zip(f, g).map { abs($0 - $1) }) }

  /// ∫ f by the trapezoidal rule on the grid.
  func integral(_ f: [Double]) -> Double {
    guard let first = f.first, let last = f.last, f.count == grid.count, grid.count > 1 else { return 0 }
    return (f.reduce(0, +) - (first + last) / 2) * (grid[1] - grid[0])
  }
}

/// A pointwise confidence band for a density.
public struct DensityBand: Sendable, Hashable, Codable {
  public var lower: [Double]
  public var upper: [Double]
  /// The coverage aimed at in each point, such as 0.95; a t-interval over probes.
  public var confidence: Double
}
