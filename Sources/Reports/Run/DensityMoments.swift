import Analyses
import Foundation

/// The spectral density at the start, in the middle and at the end of a run, over each other.
struct DensityMoments {
  private struct Curve {
    var label: Label
    var color: SeriesColor
    var points: [(eigenvalue: Double, density: Double)]
    /// Two standard errors over the data to either side; empty where they were not asked for.
    var band: [(eigenvalue: Double, lower: Double, upper: Double)]
  }

  private var curves: [Curve]
  private var domain: ClosedRange<Double>
  private var heights: ClosedRange<Double>
  private var threshold: Double

  /// The first, the middle and the last of the densities, or nil where there is none.
  init?(_ measurements: [RunMeasurement], parameters: Int) {
    let present = measurements.compactMap { measurement in
      measurement.density.map { (measurement.step, $0, measurement.densityDataErrors) }
    }.filter { $0.1.sigma > 0 && $0.1.sigma.isFinite }
    guard let last = present.indices.last else { return nil }
    var chosen = [0]
    if last >= 2 { chosen.append(last / 2) }
    if last >= 1 { chosen.append(last) }
    let colors: [SeriesColor] =
      chosen.count == 3 ? [.slate, .vermilion, .blue] : chosen.count == 2 ? [.slate, .blue] : [.blue]
    curves = zip(chosen, colors).map { index, color in
      let density = present[index].1
      let points = zip(density.grid, density.density).filter { $0.isFinite && $1.isFinite }
        .map { (eigenvalue: $0, density: $1) }.sorted { $0.eigenvalue < $1.eigenvalue }
      let errors = present[index].2
      let band = density.grid.indices.compactMap { point -> (eigenvalue: Double, lower: Double, upper: Double)? in
        guard errors.count == density.grid.count, density.density.count == errors.count, errors[point].isFinite,
          density.density[point].isFinite
        else { return nil }
        return (
          density.grid[point], density.density[point] - 2 * errors[point], density.density[point] + 2 * errors[point]
        )
      }
      return Curve(
        label: Label("step \(NumberText.count(present[index].0))"), color: color, points: points, band: band)
    }
    let single = chosen.compactMap {
      DensityView.singleHeight(dimension: parameters, sigma: present[$0].1.sigma)
    }.min()
    guard let heights = DensityView.window(curves.flatMap { $0.points.map(\.density) }, single: single),
      let domain = ClosedRange(
        holding: curves.flatMap { $0.points.filter { $0.density >= heights.lowerBound }.map(\.eigenvalue) })
    else { return nil }
    self.heights = heights
    self.domain = domain
    threshold = chosen.map { present[$0].1.sigma }.max() ?? 1
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
      name: name, title: "Density at the start, in the middle and at the end",
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
