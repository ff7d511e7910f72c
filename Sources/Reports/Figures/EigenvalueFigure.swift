import Analyses

/// Eigenvalues as stems, one a row with its value, largest and smallest apart on scales of their own.
enum EigenvalueFigure {
  private struct Group {
    var title: Label
    var pairs: [Eigenpair]
    /// The subscript of the value in row i.
    var symbol: (Int) -> String
    var color: SeriesColor
  }

  /// Rows beyond this are in the table only.
  private static let longest = 120

  static func drawn(_ spectrum: OperatorSpectrum, name: String, width: Double) -> Figure? {
    let groups = groups(of: spectrum)
    guard !groups.isEmpty else { return nil }
    let hasResidual = groups.contains { $0.pairs.contains { $0.residual > 0 } }
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
      name: name, title: "Extreme eigenvalues of the \(OperatorName.full(spectrum.name))",
      description: groups.map { group in
        "\(group.pairs.count) values from \(NumberText.typeset(group.pairs.first?.value ?? .nan)) to "
          + "\(NumberText.typeset(group.pairs.last?.value ?? .nan))."
      }.joined(separator: " "),
      caption:
        "Each row is one eigenvalue. Filled dots have a residual within the tolerance, open dots do not; where the "
        + "residual is large enough to see, a bar shows the interval that holds an eigenvalue for certain. The two groups "
        + "have axes of their own.",
      width: width, height: top + 4, content: content)
  }

  private static func groups(of spectrum: OperatorSpectrum) -> [Group] {
    var groups: [Group] = []
    if let top = spectrum.top, !top.isEmpty {
      groups.append(Group(title: "largest eigenvalues", pairs: top, symbol: { "\($0 + 1)" }, color: .blue))
    }
    if let bottom = spectrum.bottom, !bottom.isEmpty {
      groups.append(
        Group(
          title: "smallest eigenvalues", pairs: bottom, symbol: { $0 == 0 ? "P" : "P−\($0)" }, color: .vermilion))
    }
    return groups
  }

  private static func legend(_ groups: [Group], _ hasResidual: Bool, _ hasOpen: Bool) -> Legend {
    let color = groups.first?.color ?? .blue
    var entries: [(swatch: Legend.Swatch, label: Label)] = [(.dot(color, filled: true), "converged")]
    if hasOpen { entries.append((.dot(color, filled: false), "not converged")) }
    if hasResidual { entries.append((.bar(color), "value ± residual")) }
    return Legend(entries: entries)
  }

  private static func drawn(_ group: Group, top: Double, width: Double) -> (markup: Markup, bottom: Double) {
    let pairs = group.pairs.prefix(longest)
    let rowHeight = pairs.count <= 30 ? 21.0 : max(6, 630 / Double(pairs.count))
    let every = max(1, Int((15 / rowHeight).rounded(.up)))
    let symbols = pairs.indices.map { Label("*λ*_{\(group.symbol($0))}") }
    let values = pairs.map { Label(NumberText.typeset($0.value, digits: 5)) }
    let symbolWidth = symbols.map { $0.width(fontSize: Axis.fontSize) }.max() ?? 0
    let valueWidth = values.map { $0.width(fontSize: Axis.fontSize) }.max() ?? 0
    let area = PlotArea(
      left: 8 + symbolWidth + 14 + valueWidth + 14, top: top + 34, right: width - 20,
      bottom: top + 34 + Double(pairs.count) * rowHeight + 6)
    let reach = pairs.flatMap { pair in
      [
        pair.value, pair.residual.isFinite ? pair.value - pair.residual : .nan,
        pair.residual.isFinite ? pair.value + pair.residual : .nan,
      ]
    }
    let domain = ClosedRange(holding: reach + [0]) ?? 0...1
    let scale = Scale.linear(domain.padded(0.03), from: area.left, to: area.right)
    var parts: [Markup] = [
      Draw.text(group.title, x: 8, y: top + 24, classes: "rz-strong rz-\(group.color.rawValue)-text"),
      Axis.horizontal(scale, in: area),
    ]
    let zero = scale.clamped(0) ?? area.left
    parts.append(Draw.line(zero, area.top, zero, area.bottom, classes: "rz-thin rz-zero"))
    for (row, pair) in pairs.enumerated() {
      let y = area.top + (Double(row) + 0.5) * rowHeight + 3
      if row % every == 0 {
        parts.append(Draw.text(symbols[row], x: 8, y: y + 4, classes: "rz-muted"))
        parts.append(Draw.text(values[row], x: area.left - 14, y: y + 4, anchor: .end))
      }
      guard let x = scale.position(pair.value) else { continue }
      let stroke = "rz-\(group.color.rawValue)-line"
      parts.append(Draw.line(zero, y, x, y, classes: "rz-stem \(stroke)"))
      if pair.residual.isFinite, let low = scale.clamped(pair.value - pair.residual),
        let high = scale.clamped(pair.value + pair.residual), high - low > 9
      {
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
