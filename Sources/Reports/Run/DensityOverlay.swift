import Analyses
import Foundation

/// Spectral densities over each other: of one run at several moments, or of several runs at one.
struct DensityOverlay {
  /// One of the densities.
  struct Entry {
    var label: Label
    var color: SeriesColor
    var parameters: Int
    var density: ReportedDensity
    /// Standard errors over the data at the points of the grid; empty where they were not asked for.
    var dataErrors: [Double]
  }

  private struct Curve {
    var label: Label
    var color: SeriesColor
    var points: [(eigenvalue: Double, density: Double)]
    /// Two standard errors over the data to either side; empty where they were not asked for.
    var band: [(eigenvalue: Double, lower: Double, upper: Double)]
  }

  private let title: String
  private var curves: [Curve]
  private var domain: ClosedRange<Double>
  private var heights: ClosedRange<Double>
  private var threshold: Double

  /// - Returns: `nil` where there is nothing to draw.
  init?(_ entries: [Entry], title: String) {
    let entries = entries.filter { $0.density.sigma > 0 && $0.density.sigma.isFinite }
    curves = entries.map { entry in
      let (density, errors) = (entry.density, entry.dataErrors)
      let points = Self.points(density, parameters: entry.parameters)
      let band = density.grid.indices.compactMap { point -> (eigenvalue: Double, lower: Double, upper: Double)? in
        guard errors.count == density.grid.count, density.density.count == errors.count, errors[point].isFinite,
          density.density[point].isFinite
        else { return nil }
        return (
          density.grid[point], density.density[point] - 2 * errors[point], density.density[point] + 2 * errors[point]
        )
      }
      return Curve(label: entry.label, color: entry.color, points: points, band: band)
    }
    let single = entries.compactMap {
      DensityView.singleHeight(dimension: $0.parameters, sigma: $0.density.sigma)
    }.min()
    guard let heights = DensityView.window(curves.flatMap { $0.points.map(\.density) }, single: single),
      let domain = ClosedRange(
        holding: curves.flatMap { $0.points.filter { $0.density >= heights.lowerBound }.map(\.eigenvalue) })
    else { return nil }
    self.title = title
    self.heights = heights
    self.domain = domain
    threshold = entries.map(\.density.sigma).max() ?? 1
  }

  /// The points of the grid, and others between those near zero, which the axis spreads.
  private static func points(
    _ density: ReportedDensity, parameters: Int
  ) -> [(eigenvalue: Double, density: Double)] {
    let grid = zip(density.grid, density.density).filter { $0.isFinite && $1.isFinite }
      .map { (eigenvalue: $0, density: $1) }.sorted { $0.eigenvalue < $1.eigenvalue }
    let between = zip(grid, grid.dropFirst()).flatMap { left, right -> [(eigenvalue: Double, density: Double)] in
      guard min(abs(left.eigenvalue), abs(right.eigenvalue)) < 30 * density.sigma else { return [] }
      return (1..<8).compactMap { part in
        let eigenvalue = left.eigenvalue + (right.eigenvalue - left.eigenvalue) * Double(part) / 8
        return density.density(at: eigenvalue, dimension: parameters).map { (eigenvalue, $0) }
      }
    }
    return (grid + between).sorted { $0.eigenvalue < $1.eigenvalue }
  }

  /// The first, the middle and the last of the densities of a run.
  init?(_ measurements: [RunMeasurement], parameters: Int) {
    let present = Self.moments(measurements.filter { $0.density != nil })
    let colors: [SeriesColor] =
      present.count == 3 ? [.slate, .vermilion, .blue] : present.count == 2 ? [.slate, .blue] : [.blue]
    self.init(
      zip(present, colors).compactMap { measurement, color in
        measurement.density.map { density in
          Entry(
            label: Label("step \(NumberText.count(measurement.step))"), color: color, parameters: parameters,
            density: density, dataErrors: measurement.densityDataErrors)
        }
      }, title: "Density at the start, in the middle and at the end")
  }

  /// The first, the middle and the last, as far as they are different ones.
  static func moments(_ measurements: [RunMeasurement]) -> [RunMeasurement] {
    guard let last = measurements.indices.last else { return [] }
    return (last >= 2 ? [0, last / 2, last] : last == 1 ? [0, 1] : [0]).map { measurements[$0] }
  }

  func drawn(name: String, width: Double) -> Figure? {
    let legend = Legend(entries: curves.map { (.curve($0.color), $0.label) })
    let legendHeight = legend.height(within: width - 8)
    let height = (width < 500 ? 280.0 : 330.0) + legendHeight
    var area = PlotArea(left: 0, top: legendHeight + 34, right: width - 26, bottom: height - 48)
    let vertical = Scale.logarithmic(heights, from: area.bottom, to: area.top)
    area.left = Axis.width(of: vertical, height: area.height) + 6
    let horizontal = Scale.signedLogarithmic(
      domain.padded(0.02), threshold: threshold, from: area.left, to: area.right)
    let clip = "\(name)-\(Int(width))-area"
    return Figure(
      name: name, title: title,
      description: "\(NumberText.counted(curves.count, "density", plural: "densities")) from eigenvalue "
        + "\(NumberText.typeset(domain.lowerBound)) to \(NumberText.typeset(domain.upperBound)).",
      caption:
        "The density φ(λ) of eigenvalues, on an axis that is logarithmic on both sides of zero and linear below σ ≈ "
        + "\(NumberText.typeset(threshold, digits: 2)). It begins at a fifth of the height of a single eigenvalue."
        + (curves.contains { !$0.band.isEmpty }
          ? " The bands are two standard errors over the data, by leaving out groups of samples in turn." : ""),
      width: width, height: height,
      content: [
        area.clip(clip), legend.drawn(left: 4, top: 2, within: width - 8),
        Axis.horizontal(horizontal, in: area, title: "eigenvalue *λ*", overhang: 25),
        Axis.vertical(vertical, in: area, title: "*φ*(*λ*)", titleX: 4),
        .element(
          "g", ["clip-path": "url(#\(clip))"],
          curves.filter { !$0.band.isEmpty }.map { curve in
            Draw.band(
              curve.band.compactMap { point in
                horizontal.position(point.eigenvalue).map { x in
                  (
                    x, vertical.clamped(max(point.lower, 0)) ?? area.bottom,
                    vertical.clamped(max(point.upper, 0)) ?? area.bottom
                  )
                }
              }, classes: "rz-\(curve.color.rawValue)-area")
          }
            + curves.map { curve in
              Draw.curve(
                curve.points.compactMap { point in
                  guard let x = horizontal.position(point.eigenvalue) else { return nil }
                  return (x, vertical.clamped(max(point.density, 0)) ?? area.bottom)
                }, classes: "rz-curve rz-\(curve.color.rawValue)-line")
            }),
      ])
  }
}
