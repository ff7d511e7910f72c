import Analyses
import Foundation

/// The density over log₁₀|λ|: negative eigenvalues on the left with their axis reversed, positive ones on the right.
enum LogarithmicDensityFigure {
  private struct Point {
    var u: Double
    var positive: Double
    var negative: Double
  }

  private static func points(of density: ReportedLogarithmicDensity) -> [Point] {
    let count = min(density.grid.count, density.positive.count, density.negative.count)
    let all = (0..<count).map { index in
      Point(u: density.grid[index], positive: density.positive[index], negative: density.negative[index])
    }
    // Beyond these exponents 10^u is no normal number.
    let drawable = all.filter { $0.positive.isFinite && $0.negative.isFinite && abs($0.u) < 300 }
    return drawable.sorted { $0.u < $1.u }
  }

  static func drawn(_ spectrum: ReportedSpectrum, name: String, width: Double) -> Figure? {
    guard let density = spectrum.density?.logAxis else { return nil }
    let points = points(of: density)
    let single = density.sigma.flatMap { DensityView.singleHeight(dimension: spectrum.dimension, sigma: $0) }
    guard let heights = DensityView.window(points.map(\.positive) + points.map(\.negative), single: single) else {
      return nil
    }
    let floor = heights.lowerBound
    guard let exponents = ClosedRange(holding: points.filter { max($0.positive, $0.negative) >= floor }.map(\.u))
    else { return nil }
    let hasNegative = points.contains { $0.negative >= floor }
    let hasPositive = points.contains { $0.positive >= floor }
    let signs = (hasNegative ? [-1.0] : []) + (hasPositive ? [1.0] : [])

    let height = 360.0
    var area = PlotArea(left: 0, top: 58, right: width - 16, bottom: height - 52)
    let vertical = Scale.logarithmic(heights, from: area.bottom, to: area.top)
    area.left = Axis.width(of: vertical, height: area.height) + 6
    let domain = pow(10, exponents.lowerBound)...pow(10, exponents.upperBound)
    let gap = 30.0
    let panelWidth = signs.count == 2 ? (area.width - gap) / 2 : area.width

    var content: [Markup] = [Axis.vertical(vertical, in: area, title: "density per decade", titleX: 8)]
    for (index, sign) in signs.enumerated() {
      var panel = area
      panel.left += Double(index) * (panelWidth + gap)
      panel.right = panel.left + panelWidth
      let (start, end) = sign < 0 ? (panel.right, panel.left) : (panel.left, panel.right)
      let horizontal = Scale.logarithmic(domain, from: start, to: end)
      let color = sign < 0 ? SeriesColor.vermilion : .blue
      let clip = "\(name)-\(Int(width))-clip\(index)"
      let curve: [(x: Double, y: Double)] = points.compactMap { point in
        let value = sign < 0 ? point.negative : point.positive
        guard let x = horizontal.position(pow(10, point.u)) else { return nil }
        return (x, value < floor ? panel.bottom + 10 : vertical.clamped(value) ?? panel.bottom + 10)
      }.sorted { $0.x < $1.x }
      var curves = [
        Draw.band(curve.map { ($0.x, panel.bottom + 10, $0.y) }, classes: "rz-\(color.rawValue)-area"),
        Draw.curve(curve, classes: "rz-curve rz-\(color.rawValue)-line"),
      ]
      if let single, let level = vertical.position(single) {
        curves.append(Draw.line(panel.left, level, panel.right, level, classes: "rz-dashed rz-zero"))
      }
      content.append(panel.clip(clip))
      content.append(Axis.horizontal(horizontal, in: panel, prefix: sign < 0 ? "−" : "", grid: false, overhang: 2))
      content.append(.element("g", ["clip-path": "url(#\(clip))"], curves))
      content.append(
        Draw.text(
          sign < 0 ? "negative" : "positive", x: sign < 0 ? panel.left + 8 : panel.right - 4, y: panel.top + 14,
          anchor: sign < 0 ? .start : .end, classes: "rz-strong rz-\(color.rawValue)-text"))
    }
    if signs.count == 2 {
      // The place of zero, which a logarithmic axis never reaches.
      let middle = area.left + panelWidth + gap / 2
      content.append(Draw.line(middle, area.top, middle, area.bottom, classes: "rz-dashed rz-grid"))
      content.append(Draw.text("0", x: middle, y: area.bottom + 19, anchor: .middle, classes: "rz-muted"))
    }
    content.append(
      Draw.text(
        signs.count == 2 ? "eigenvalue *λ*, logarithmic on both sides of zero" : "eigenvalue *λ*, logarithmic",
        x: (area.left + area.right) / 2, y: area.bottom + 40,
        anchor: .middle))
    if single != nil {
      content.append(
        Legend(entries: [(swatch: .dashed(nil), label: "height of one eigenvalue")])
          .drawn(left: 8, top: 8, within: width - 16))
    }
    return Figure(
      name: name, title: "Density over log₁₀|λ| of the \(OperatorName.full(spectrum))",
      description: "Density per decade of |λ| from 10^\(Int(exponents.lowerBound.rounded())) to "
        + "10^\(Int(exponents.upperBound.rounded())), negative and positive eigenvalues apart.",
      caption: caption(signs),
      width: width, height: height, content: content)
  }

  private static func caption(_ signs: [Double]) -> String {
    let sides =
      signs.count == 2
      ? "positive eigenvalues on the right, negative ones on the left with their axis reversed."
      : "only \(signs.contains(-1) ? "negative" : "positive") eigenvalues are visible here."
    return
      "The same spectrum over the logarithm of the magnitude of λ, which opens the bulk around zero: \(sides) The vertical axis, "
      + "eigenvalues per decade as a fraction of all, is logarithmic as well."
  }
}
