import Analyses

/// Residual norms of the eigenpairs against the tolerance, on a logarithmic axis.
enum ConvergenceFigure {
  static func drawn(_ spectrum: ReportedSpectrum, name: String, width: Double) -> Figure? {
    let series: [(pairs: [ReportedEigenpair], tolerance: Double?, color: SeriesColor, label: String)] = [
      (spectrum.top ?? [], spectrum.topSolver?.tolerance, .blue, "largest"),
      (spectrum.bottom ?? [], spectrum.bottomSolver?.tolerance, .vermilion, "smallest"),
    ].filter { !$0.pairs.isEmpty }
    let limits = Set(series.compactMap(\.tolerance).filter { $0 > 0 && $0.isFinite }).sorted()
    // Where the ends have tolerances of their own, each line has the colour of its end.
    let tolerances = limits.map { limit in
      (value: limit, color: limits.count > 1 ? series.first { $0.tolerance == limit }?.color : nil)
    }
    let residuals = series.flatMap { $0.pairs.map(\.residual) }.filter { $0.isFinite && $0 > 0 }
    guard !series.isEmpty, let heights = ClosedRange(holding: residuals + limits) else { return nil }
    let floor = max(heights.lowerBound / 3, heights.upperBound / 1e30, .leastNormalMagnitude)
    let ceiling = min(heights.upperBound * 4, .greatestFiniteMagnitude)

    let legend = legend(series.map { ($0.color, $0.label, $0.pairs) }, tolerances)
    let top = 14 + legend.height(within: width - 16) + 30
    let height = top + 200 + 52
    var area = PlotArea(left: 0, top: top, right: width - 16, bottom: height - 52)
    let vertical = Scale.logarithmic(min(floor, ceiling / 10)...ceiling, from: area.bottom, to: area.top)
    area.left = Axis.width(of: vertical, height: area.height) + 6
    let longest = series.map(\.pairs.count).max() ?? 1
    let horizontal = Scale.linear(0.5...(Double(longest) + 0.5), from: area.left, to: area.right)

    var content: [Markup] = [
      legend.drawn(left: 8, top: 8, within: width - 16),
      Axis.vertical(vertical, in: area, title: "residual ‖*Ax* − *θx*‖", titleX: 8),
      ranks(horizontal, longest, area),
    ]
    for tolerance in tolerances {
      guard let y = vertical.position(tolerance.value) else { continue }
      let stroke = tolerance.color.map { "rz-\($0.rawValue)-line" } ?? "rz-zero"
      content.append(Draw.line(area.left, y, area.right, y, classes: "rz-dashed \(stroke)"))
    }
    let spacing = area.width / Double(longest)
    let radius = min(3.6, max(1.8, spacing * 0.42))
    let shift = series.count == 2 ? min(4.0, spacing / 4) : 0
    for (index, line) in series.enumerated() {
      for (rank, pair) in line.pairs.enumerated() {
        guard let x = horizontal.position(Double(rank + 1)), pair.residual.isFinite else { continue }
        // An exact zero has no logarithm: it sits on the axis.
        let y = pair.residual > 0 ? vertical.clamped(pair.residual) ?? area.bottom : area.bottom
        content.append(
          Draw.dot(x + (index == 0 ? -shift : shift), y, line.color, filled: pair.converged, radius: radius))
      }
    }
    let all = series.flatMap(\.pairs)
    return Figure(
      name: name, title: "Convergence of the eigenpairs of the \(OperatorName.full(spectrum))",
      description: "\(all.filter(\.converged).count) of \(all.count) eigenpairs have a residual within the tolerance.",
      caption:
        "The residual norm of each eigenpair, by rank. An eigenvalue of the operator lies within this distance of the "
        + "value given. Pairs above the dashed line had not converged when the solver stopped.",
      width: width, height: height, content: content)
  }

  private static func legend(
    _ series: [(color: SeriesColor, label: String, pairs: [ReportedEigenpair])],
    _ tolerances: [(value: Double, color: SeriesColor?)]
  ) -> Legend {
    var entries: [(swatch: Legend.Swatch, label: Label)] = []
    for (color, label, pairs) in series {
      if pairs.contains(where: \.converged) {
        entries.append((.dot(color, filled: true), Label(label + ", converged")))
      }
      if pairs.contains(where: { !$0.converged }) {
        entries.append((.dot(color, filled: false), Label(label + ", not converged")))
      }
    }
    for (value, color) in tolerances {
      let owner = color.flatMap { color in series.first { $0.color == color } }.map { "for \($0.label) " } ?? ""
      entries.append((.dashed(color), Label("tolerance \(owner)\(NumberText.typeset(value, digits: 2))")))
    }
    return Legend(entries: entries)
  }

  /// The horizontal axis, with numbers at whole ranks only.
  private static func ranks(_ scale: Scale, _ longest: Int, _ area: PlotArea) -> Markup {
    let room = max(1, Int(area.width / 34))
    let step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].first { longest / $0 <= room } ?? max(1, longest / room)
    var parts = [Draw.line(area.left, area.bottom, area.right, area.bottom, classes: "rz-thin rz-frame")]
    for rank in 1...max(1, longest) where rank % step == 0 || rank == 1 && step != 2 || longest == 1 {
      guard let x = scale.position(Double(rank)) else { continue }
      parts.append(Draw.line(x, area.bottom, x, area.bottom + 5, classes: "rz-thin rz-frame"))
      parts.append(Draw.text("\(rank)", x: x, y: area.bottom + 19, anchor: .middle, classes: "rz-muted"))
    }
    parts.append(
      Draw.text("rank from its end", x: (area.left + area.right) / 2, y: area.bottom + 39, anchor: .middle))
    return .element("g", [:], parts)
  }
}
