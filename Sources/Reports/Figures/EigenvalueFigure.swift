import Analyses

/// Eigenvalues as stems, one a row with its value, largest and smallest apart on scales of their own.
enum EigenvalueFigure {
  private struct Group {
    var title: Label
    var pairs: [ReportedEigenpair]
    /// The subscript of the value in row i.
    var symbol: (Int) -> String
    var color: SeriesColor
  }

  /// The columns of a group: symbols, values, and the scale of the stems.
  private struct Layout {
    var pairs: [ReportedEigenpair]
    var symbols: [Label]
    var values: [Label]
    var scale: Scale

    init(_ group: Group, width: Double) {
      pairs = Array(group.pairs.prefix(longest))
      symbols = pairs.indices.map { Label("*λ*_{\(group.symbol($0))}") }
      values = pairs.map { Label(NumberText.typeset($0.value, digits: 5)) }
      let symbolWidth = symbols.map { $0.width(fontSize: Axis.fontSize) }.max() ?? 0
      let valueWidth = values.map { $0.width(fontSize: Axis.fontSize) }.max() ?? 0
      let ends = pairs.flatMap { pair in
        pair.residual.isFinite ? [pair.value, pair.value - pair.residual, pair.value + pair.residual] : [pair.value]
      }
      let domain = ClosedRange(holding: ends + [0]) ?? 0...1
      scale = Scale.linear(domain.padded(0.03), from: 8 + symbolWidth + 14 + valueWidth + 14, to: width - 20)
    }

    /// The ends of the residual bar, where it reaches out from behind the marker.
    func bar(_ pair: ReportedEigenpair) -> (Double, Double)? {
      guard pair.residual.isFinite, let low = scale.clamped(pair.value - pair.residual),
        let high = scale.clamped(pair.value + pair.residual), high - low > 9
      else { return nil }
      return (low, high)
    }
  }

  /// Rows beyond this are in the table only.
  private static let longest = 120

  static func drawn(_ spectrum: ReportedSpectrum, name: String, width: Double) -> Figure? {
    let groups = groups(of: spectrum)
    guard !groups.isEmpty else { return nil }
    let hasResidual = groups.contains { group in
      let layout = Layout(group, width: width)
      return layout.pairs.contains { layout.bar($0) != nil }
    }
    let hasOpen = groups.contains { $0.pairs.contains { !$0.converged } }
    let legend = legend(groups, hasResidual, hasOpen)
    var top = 10.0
    var content: [Markup] = [legend.drawn(left: 8, top: top, within: width - 16)]
    top += legend.height(within: width - 16)
    for group in groups {
      let drawing = drawn(group, top: top, width: width)
      content.append(drawing.markup)
      top = drawing.bottom
    }
    return Figure(
      name: name, title: "Extreme eigenvalues of the \(OperatorName.full(spectrum))",
      description: groups.map { group in
        "\(group.pairs.count) values from \(NumberText.typeset(group.pairs.first?.value ?? .nan)) to "
          + "\(NumberText.typeset(group.pairs.last?.value ?? .nan))."
      }.joined(separator: " "),
      caption:
        "Each row is one eigenvalue. Filled dots have a residual within the tolerance, open dots do not; where the "
        + "residual is large enough to see, a bar shows the interval that holds an eigenvalue for certain."
        + (groups.count > 1 ? " The two groups have axes of their own." : ""),
      width: width, height: top + 4, content: content)
  }

  private static func groups(of spectrum: ReportedSpectrum) -> [Group] {
    var groups: [Group] = []
    if let top = spectrum.top, top.contains(where: \.value.isFinite) {
      groups.append(Group(title: "largest eigenvalues", pairs: top, symbol: { "\($0 + 1)" }, color: .blue))
    }
    if let bottom = spectrum.bottom, bottom.contains(where: \.value.isFinite) {
      groups.append(
        Group(
          title: "smallest eigenvalues", pairs: bottom, symbol: { $0 == 0 ? "P" : "P−\($0)" }, color: .vermilion))
    }
    return groups
  }

  private static func legend(_ groups: [Group], _ hasResidual: Bool, _ hasOpen: Bool) -> Legend {
    let color = groups.first?.color ?? .blue
    var entries: [(swatch: Legend.Swatch, label: Label)] = []
    if groups.contains(where: { $0.pairs.contains(where: \.converged) }) {
      entries.append((.dot(color, filled: true), "converged"))
    }
    if hasOpen { entries.append((.dot(color, filled: false), "not converged")) }
    if hasResidual { entries.append((.bar(color), "value ± residual")) }
    return Legend(entries: entries)
  }

  private static func drawn(_ group: Group, top: Double, width: Double) -> (markup: Markup, bottom: Double) {
    let layout = Layout(group, width: width)
    let pairs = layout.pairs
    let rowHeight = pairs.count <= 30 ? 21.0 : max(6, 630 / Double(pairs.count))
    let every = max(1, Int((15 / rowHeight).rounded(.up)))
    let scale = layout.scale
    let area = PlotArea(
      left: scale.start, top: top + 34, right: scale.end, bottom: top + 34 + Double(pairs.count) * rowHeight + 6)
    var parts: [Markup] = [
      Draw.text(group.title, x: 8, y: top + 24, classes: "rz-strong rz-\(group.color.rawValue)-text"),
      Axis.horizontal(scale, in: area),
    ]
    let zero = scale.clamped(0) ?? area.left
    parts.append(Draw.line(zero, area.top, zero, area.bottom, classes: "rz-thin rz-zero"))
    for (row, pair) in pairs.enumerated() {
      let y = area.top + (Double(row) + 0.5) * rowHeight + 3
      if row % every == 0 {
        parts.append(Draw.text(layout.symbols[row], x: 8, y: y + 4, classes: "rz-muted"))
        parts.append(Draw.text(layout.values[row], x: area.left - 14, y: y + 4, anchor: .end))
      }
      guard let x = scale.position(pair.value) else { continue }
      let stroke = "rz-\(group.color.rawValue)-line"
      parts.append(Draw.line(zero, y, x, y, classes: "rz-stem \(stroke)"))
      if let (low, high) = layout.bar(pair) {
        parts.append(Draw.line(low, y, high, y, classes: "rz-thin \(stroke)"))
        for end in [low, high] { parts.append(Draw.line(end, y - 4, end, y + 4, classes: "rz-thin \(stroke)")) }
      }
      parts.append(Draw.dot(x, y, group.color, filled: pair.converged))
    }
    var bottom = area.bottom + 30
    if group.pairs.count > longest {
      let rest = NumberText.count(group.pairs.count - longest)
      parts.append(Draw.text(Label("and \(rest) more, in the table"), x: 8, y: bottom + 8, classes: "rz-muted"))
      bottom += 16
    }
    return (.element("g", [:], parts), bottom)
  }
}
