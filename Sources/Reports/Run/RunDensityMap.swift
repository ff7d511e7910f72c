import Analyses
import Foundation

/// The spectral density over the steps of a run, as a map: steps to the right, eigenvalues upwards on an axis that is
/// logarithmic on both sides of zero, and as colour the number of eigenvalues within one σ, P φ(λ) σ.
///
/// A measurement holds until the next one. Where several fall on a column of pixels the last is drawn. One colour is
/// one or more half decades; the lowest begins at a tenth of an eigenvalue, below which there is only the tail of a
/// kernel.
struct RunDensityMap {
  /// The most colours.
  static let mostLevels = Palette.light.heat.count
  /// Eigenvalues within σ where the lowest colour begins.
  private static let floor = 0.1

  private var columns: [(step: Double, curve: [(eigenvalue: Double, count: Double)])] = []
  private var leading: [(step: Double, value: Double)] = []
  private var edge: [(step: Double, value: Double)] = []
  private var domain: ClosedRange<Double>
  /// The typical σ, below which the axis is linear.
  private var threshold: Double
  /// Half decades between one colour and the next.
  private var halfDecades: Int
  /// The number of colours in use.
  private var levels: Int

  /// The map of measurements in order of steps, or nil where none has a density.
  init?(_ measurements: [RunMeasurement], parameters: Int) {
    var sigmas: [Double] = []
    for measurement in measurements {
      guard let density = measurement.density, density.sigma.isFinite, density.sigma > 0 else { continue }
      let scale = Double(max(1, parameters)) * density.sigma
      let curve = zip(density.grid, density.density).filter { $0.isFinite && $1.isFinite }
        .map { (eigenvalue: $0, count: $1 * scale) }.sorted { $0.eigenvalue < $1.eigenvalue }
      guard curve.contains(where: { $0.count >= Self.floor }) else { continue }
      sigmas.append(density.sigma)
      columns.append((Double(measurement.step), curve))
    }
    let seen = columns.flatMap { column in column.curve.filter { $0.count >= Self.floor } }
    guard let range = ClosedRange(holding: seen.lazy.map(\.eigenvalue)), let peak = seen.map(\.count).max() else {
      return nil
    }
    threshold = sigmas.sorted()[sigmas.count / 2]
    let span = 2 * log10(peak / Self.floor)
    halfDecades = max(1, Int((span / Double(Self.mostLevels)).rounded(.up)))
    levels = min(Self.mostLevels, max(1, Int((span / Double(halfDecades)).rounded(.up))))
    leading = measurements.compactMap { measurement in measurement.top.first.map { (Double(measurement.step), $0) } }
    edge = measurements.compactMap { measurement in measurement.edge.map { (Double(measurement.step), $0) } }
      .filter { $0.1.isFinite }
    // The edge is shown where it does not squeeze the spectrum into a corner.
    let reach = 10 * max(abs(range.lowerBound), abs(range.upperBound))
    let near = edge.map(\.value).filter { abs($0) <= reach }
    domain = ClosedRange(holding: near + [range.lowerBound, range.upperBound]) ?? range
  }

  /// Where a colour begins, in eigenvalues within σ.
  private func start(of level: Int) -> Double { Self.floor * pow(10, Double(level * halfDecades) / 2) }

  /// The colours in use are spread over all there are.
  private func color(of level: Int) -> String {
    "rz-heat-\(levels < 2 ? Self.mostLevels / 2 : level * (Self.mostLevels - 1) / (levels - 1))"
  }

  func drawn(name: String, steps: ClosedRange<Double>, width: Double) -> Figure? {
    let compact = width < 500
    let legend = Legend(
      entries: [
        (.curve(.vermilion), "*λ*_{1}"), (.dashed(nil), "edge"),
      ].filter { entry in entry.label == "edge" ? !edge.isEmpty : !leading.isEmpty })
    let legendHeight = legend.height(within: width - 8)
    let height = (compact ? 340.0 : 400.0) + legendHeight
    var area = PlotArea(left: 0, top: legendHeight + 34, right: width - 26, bottom: height - 92)
    let margin = (asinh(domain.upperBound / threshold) - asinh(domain.lowerBound / threshold)) * 0.02
    let widened =
      threshold * sinh(asinh(domain.lowerBound / threshold) - margin)...threshold
      * sinh(asinh(domain.upperBound / threshold) + margin)
    guard widened.lowerBound.isFinite, widened.upperBound.isFinite else { return nil }
    let vertical = Scale.signedLogarithmic(widened, threshold: threshold, from: area.bottom, to: area.top)
    area.left = Axis.width(of: vertical, height: area.height) + 6
    let horizontal = Scale.linear(steps, from: area.left, to: area.right)
    let identifier = "\(name)-map"
    let clip = "\(identifier)-\(Int(width))-area"
    let over = [
      Draw.curve(places(leading, horizontal, vertical), classes: "rz-curve rz-vermilion-line"),
      RunChart.stairs(edge, horizontal, vertical, "rz-dashed rz-map-edge"),
    ]
    return Figure(
      name: identifier, title: "Density over time", description: description(steps), caption: caption, width: width,
      height: height,
      content: [
        area.clip(clip), legend.drawn(left: 4, top: 2, within: width - 8),
        Axis.vertical(vertical, in: area, title: "eigenvalue *λ*", titleX: 4),
        .element("g", ["clip-path": "url(#\(clip))"], cells(horizontal, vertical) + over),
        Axis.horizontal(horizontal, in: area, title: "step", grid: false, overhang: 25),
        key(left: area.left, top: height - 38, width: area.width),
      ])
  }

  private func description(_ steps: ClosedRange<Double>) -> String {
    "\(NumberText.counted(columns.count, "density", plural: "densities")) up to step "
      + "\(NumberText.count(Int(steps.upperBound))), eigenvalues from \(NumberText.typeset(domain.lowerBound)) to "
      + "\(NumberText.typeset(domain.upperBound))."
  }

  private var caption: String {
    "Colour is the number of eigenvalues within one kernel width σ, P·φ·σ, from a tenth of one on; what stands alone is drawn at least "
      + "a pixel thick. The axis is linear below σ ≈ \(NumberText.typeset(threshold, digits: 2)). A measurement holds until the next; "
      + "of several on one column of pixels the last is drawn."
  }

  private func places(
    _ points: [(step: Double, value: Double)], _ horizontal: Scale, _ vertical: Scale
  ) -> [(x: Double, y: Double)] {
    points.compactMap { point in
      guard let x = horizontal.position(point.step), let y = vertical.position(point.value) else { return nil }
      return (x, y)
    }
  }

  /// One path a colour, each drawn over the one below it.
  private func cells(_ horizontal: Scale, _ vertical: Scale) -> [Markup] {
    let shown = visibleColumns(horizontal)
    return (0..<levels).map { level in
      let start = start(of: level)
      var path = ""
      for column in shown {
        for (top, bottom) in intervals(column.curve, above: start, vertical) {
          path += "M\(column.left.coordinate) \(top.coordinate)h\((column.right - column.left).coordinate)"
          path += "V\(bottom.coordinate)H\(column.left.coordinate)z"
        }
      }
      return path.isEmpty ? .empty : .element("path", ["class": color(of: level), "d": path])
    }
  }

  private func visibleColumns(
    _ horizontal: Scale
  ) -> [(left: Double, right: Double, curve: [(eigenvalue: Double, count: Double)])] {
    var kept: [(x: Double, index: Int)] = []
    for (index, column) in columns.enumerated() {
      guard let x = horizontal.position(column.step).map({ ($0 * 2).rounded(.down) / 2 }) else { continue }
      if let last = kept.last, x - last.x < 1.5 { kept[kept.count - 1].index = index } else { kept.append((x, index)) }
    }
    return kept.indices.map { place in
      // The last one is as wide as the one before it, as far as there is room.
      let before = place > 0 ? kept[place].x - kept[place - 1].x : horizontal.end - kept[place].x
      let right =
        place + 1 < kept.count ? kept[place + 1].x : min(horizontal.end + 1, kept[place].x + max(before, 3))
      return (min(kept[place].x, horizontal.end - 3), max(right, kept[place].x), columns[kept[place].index].curve)
    }
  }

  /// Where a curve lies above a value, as positions from the top downwards: ends between grid points by a straight
  /// line, thinner ones widened to a pixel, and those that then touch merged.
  private func intervals(
    _ curve: [(eigenvalue: Double, count: Double)], above start: Double, _ vertical: Scale
  ) -> [(top: Double, bottom: Double)] {
    var found: [(top: Double, bottom: Double)] = []
    func crossing(_ first: Int, _ second: Int) -> Double {
      let (a, b) = (curve[first], curve[second])
      let fraction = (start - a.count) / (b.count - a.count)
      return a.eigenvalue + (fraction.isFinite ? fraction : 0) * (b.eigenvalue - a.eigenvalue)
    }
    var index = 0
    while index < curve.count {
      guard curve[index].count >= start else {
        index += 1
        continue
      }
      let lower = index > 0 ? crossing(index - 1, index) : curve[index].eigenvalue
      var last = index
      while last + 1 < curve.count, curve[last + 1].count >= start { last += 1 }
      let upper = last + 1 < curve.count ? crossing(last, last + 1) : curve[last].eigenvalue
      index = last + 1
      guard var bottom = vertical.position(lower), var top = vertical.position(upper) else { continue }
      if bottom - top < 1.2 {
        let middle = (top + bottom) / 2
        (top, bottom) = (middle - 0.6, middle + 0.6)
      }
      if let previous = found.last, previous.top - bottom < 0.3 {
        found[found.count - 1] = (min(top, previous.top), max(bottom, previous.bottom))
      } else {
        found.append((top, bottom))
      }
    }
    return found
  }

  /// The colours with the numbers at which they begin.
  private func key(left: Double, top: Double, width: Double) -> Markup {
    let step = min(46, width / Double(levels))
    var parts: [Markup] = []
    for level in 0..<levels {
      let x = left + Double(level) * step
      parts.append(
        .element(
          "rect",
          [
            "class": color(of: level), "x": x.coordinate, "y": top.coordinate, "width": step.coordinate,
            "height": "12",
          ]))
      // Whole decades carry a number.
      let halves = level * halfDecades - 2
      if halves % 2 == 0 {
        let text = ["0.1", "1", "10", "100"].dropFirst(halves / 2 + 1).first ?? "10^{\(halves / 2)}"
        parts.append(Draw.text(Label(text), x: x, y: top + 26, anchor: .middle, classes: "rz-muted"))
      }
    }
    if left + Double(levels) * step + 150 < left + width {
      parts.append(
        Draw.text("eigenvalues within *σ*", x: left + Double(levels) * step + 10, y: top + 11, classes: "rz-ink"))
    }
    return .element("g", [:], parts)
  }
}
