import Foundation
import Tensors

/// The density as `google/spectral-density` computes it from the same tridiagonal matrices, for comparison with
/// published figures.
///
/// Grid: evenly from the mean over probes of the least Ritz value − 0.01 to the mean of the greatest + 0.01. Gaussian
/// kernel of variance sigmaSquared · max(1, length of the grid). The mean over probes is scaled so that Σ density ·
/// spacing = 1. There is no band, no deflation, and mass outside the grid is lost before the scaling.
///
/// Source: github.com/google/spectral-density, jax/density.py, `tridiag_to_density`.
public struct GoogleCompatibleDensity: Sendable, Hashable, Codable {
  public var grid: [Double]
  public var density: [Double]
  /// Of the kernel, after scaling with the range.
  public var variance: Double

  /// - Throws: ``InputError`` when there is no matrix or an option makes no sense.
  public init(
    _ tridiagonals: [TridiagonalMatrix], sigmaSquared: Double = 1e-5, gridCount: Int = 10_000
  ) throws(InputError) {
    guard sigmaSquared > 0 && sigmaSquared.isFinite else {
      throw InputError("density: sigma_squared is \(sigmaSquared), expected a positive number")
    }
    guard gridCount > 1 else { throw InputError("density: the grid has \(gridCount) points, expected at least 2") }
    var rules: [QuadratureRule] = []
    for matrix in tridiagonals where matrix.order > 0 { rules.append(try QuadratureRule(matrix)) }
    guard !rules.isEmpty else { throw InputError("density: no probe has been done") }
    let high = SampleStatistics.mean(rules.compactMap(\.nodes.last)) + 0.01
    let low = SampleStatistics.mean(rules.compactMap(\.nodes.first)) - 0.01
    let variance = sigmaSquared * Swift.max(1, high - low)
    let step = (high - low) / Double(gridCount - 1)
    var grid = (0..<gridCount).map { low + Double($0) * step }
    grid[gridCount - 1] = high
    let factor = 1 / (Double.pi * (2 * variance)).squareRoot()
    var density = grid.map { x in
      let draws = rules.map { rule in
        zip(rule.nodes, rule.weights).reduce(0) { sum, pair in
          let distance = pair.0 - x
          return sum + pair.1 * (factor * exp(-(distance * distance) / (2 * variance)))
        }
      }
      // As numpy's nanmean: a draw that is not a number does not count.
      return SampleStatistics.mean(draws.filter { !$0.isNaN })
    }
    let mass = density.reduce(0, +) * (grid[1] - grid[0])
    guard mass > 0 && mass.isFinite else {
      throw InputError(
        "density: the kernel of variance \(variance) falls between the points of the grid",
        remedy: "raise sigma_squared")
    }
    density = density.map { $0 / mass }
    self.grid = grid
    self.density = density
    self.variance = variance
  }
}
