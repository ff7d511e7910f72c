import Analyses
import Foundation

/// What a picture of a density shows: finite points in order, and a window on the logarithmic axis that starts a little below
/// the height of a single eigenvalue, since what is lower is the tail of a kernel and no eigenvalue at all.
struct DensityView {
  /// Grid points in ascending order; densities that are not positive stay as they are.
  var points: [(position: Double, density: Double)] = []
  var band: [(position: Double, lower: Double, upper: Double)] = []
  /// Deflated eigenvalues, ascending.
  var deflated: [Double] = []
  /// The height of the kernel of one eigenvalue, 1/(P σ √(2π)).
  var single: Double?
  var domain: ClosedRange<Double>
  var heights: ClosedRange<Double>

  /// The window on a density, or nil where it has no positive finite value.
  init?(_ density: ReportedDensity, dimension: Int) {
    points = zip(density.grid, density.density).filter { $0.isFinite && $1.isFinite }.map { ($0, $1) }
      .sorted { $0.0 < $1.0 }
    guard density.density.contains(where: { $0.isFinite && $0 > 0 }) else { return nil }
    if density.lower.count == density.grid.count, density.upper.count == density.grid.count {
      band = density.grid.indices.map { (density.grid[$0], density.lower[$0], density.upper[$0]) }
        .filter { $0.0.isFinite && $0.1.isFinite && $0.2.isFinite }.sorted { $0.0 < $1.0 }
    }
    deflated = density.deflated.filter(\.isFinite).sorted()
    single = Self.singleHeight(dimension: dimension, sigma: density.sigma)
    guard
      let heights = Self.window(points.map(\.density) + band.map(\.upper), single: single),
      let domain = ClosedRange(holding: points.lazy.map(\.position) + deflated)
    else { return nil }
    self.heights = heights
    self.domain = domain
  }

  static func singleHeight(dimension: Int, sigma: Double) -> Double? {
    let height = 1 / (Double(max(1, dimension)) * sigma * (2 * Double.pi).squareRoot())
    return height.isFinite && height > 0 ? height : nil
  }

  /// From a fifth of a single eigenvalue (or six decades down) to above the peak, at most fourteen decades.
  static func window(_ densities: [Double], single: Double?) -> ClosedRange<Double>? {
    guard let peak = densities.filter({ $0.isFinite && $0 > 0 }).max() else { return nil }
    let ceiling = min(max(peak, single ?? peak) * 2, .greatestFiniteMagnitude)
    let floor = max(min(single.map { $0 / 5 } ?? peak / 1e6, peak / 5), ceiling / 1e14, .leastNormalMagnitude)
    return min(floor, ceiling / 2)...ceiling
  }

  /// The density at a position, between grid points by a straight line.
  func height(at position: Double) -> Double? {
    guard let next = points.firstIndex(where: { $0.position >= position }) else { return points.last?.density }
    guard next > 0 else { return points[next].density }
    let (before, after) = (points[next - 1], points[next])
    let fraction = (position - before.position) / max(after.position - before.position, .leastNormalMagnitude)
    return before.density + fraction * (after.density - before.density)
  }

  /// The deflated eigenvalues that stand apart: where the density is little more than their own kernels.
  var isolated: [Double] {
    guard let single else { return deflated }
    return deflated.filter { (height(at: $0) ?? 0) < 4 * single }
  }
}
