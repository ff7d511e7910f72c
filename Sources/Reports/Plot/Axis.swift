/// Axes with their ticks, numbers, grid lines and titles.
enum Axis {
  static let fontSize = 12.0

  /// A horizontal axis under the area, with as many numbers as fit beside each other. `prefix` goes before each number;
  /// numbers reach out of the area by `overhang` at most.
  static func horizontal(
    _ scale: Scale, in area: PlotArea, title: Label? = nil, prefix: String = "", grid: Bool = true,
    overhang: Double = 40
  ) -> Markup {
    let ticks = fitting(scale, length: area.width, prefix: prefix)
    var parts: [Markup] = []
    for value in ticks.minor {
      guard let x = scale.position(value) else { continue }
      parts.append(Draw.line(x, area.bottom, x, area.bottom + 3, classes: "rz-thin rz-frame"))
    }
    for (value, text) in zip(ticks.values, ticks.labels) {
      guard let x = scale.position(value) else { continue }
      if grid { parts.append(Draw.line(x, area.top, x, area.bottom, classes: "rz-thin rz-grid")) }
      parts.append(Draw.line(x, area.bottom, x, area.bottom + 5, classes: "rz-thin rz-frame"))
      let label = Label(prefix + text)
      let half = label.width(fontSize: fontSize) / 2
      if x - half < area.left - overhang || x + half > area.right + overhang { continue }
      parts.append(Draw.text(label, x: x, y: area.bottom + 19, anchor: .middle, classes: "rz-muted"))
    }
    parts.append(Draw.line(area.left, area.bottom, area.right, area.bottom, classes: "rz-thin rz-frame"))
    if let title {
      parts.append(
        Draw.text(title, x: (area.left + area.right) / 2, y: area.bottom + 39, anchor: .middle, classes: "rz-ink"))
    }
    return .element("g", [:], parts)
  }

  /// A vertical axis left of the area. Its title stands upright above it, where it needs no turning of the head.
  static func vertical(_ scale: Scale, in area: PlotArea, title: Label, titleX: Double) -> Markup {
    let ticks = scale.ticks(max(3, Int(area.height / 34)))
    var parts: [Markup] = []
    for value in ticks.minor {
      guard let y = scale.position(value) else { continue }
      parts.append(Draw.line(area.left - 3, y, area.left, y, classes: "rz-thin rz-frame"))
    }
    for (value, text) in zip(ticks.values, ticks.labels) {
      guard let y = scale.position(value) else { continue }
      parts.append(Draw.line(area.left, y, area.right, y, classes: "rz-thin rz-grid"))
      parts.append(Draw.line(area.left - 5, y, area.left, y, classes: "rz-thin rz-frame"))
      parts.append(Draw.text(Label(text), x: area.left - 8, y: y + 4, anchor: .end, classes: "rz-muted"))
    }
    parts.append(Draw.line(area.left, area.top, area.left, area.bottom, classes: "rz-thin rz-frame"))
    parts.append(Draw.text(title, x: titleX, y: area.top - 12, classes: "rz-ink"))
    return .element("g", [:], parts)
  }

  /// The room the numbers of a vertical axis need.
  static func width(of scale: Scale, height: Double) -> Double {
    let ticks = scale.ticks(max(3, Int(height / 34)))
    return (ticks.labels.map { Label($0).width(fontSize: fontSize) }.max() ?? 0) + 16
  }

  /// The most ticks whose numbers stay apart.
  static func fitting(_ scale: Scale, length: Double, prefix: String = "") -> Ticks {
    var ticks = Ticks(values: [], labels: [])
    for count in stride(from: max(3, min(10, Int(length / 45))), through: 2, by: -1) {
      ticks = scale.ticks(count)
      let places = zip(ticks.values, ticks.labels).compactMap { value, text in
        scale.position(value).map { ($0, Label(prefix + text).width(fontSize: fontSize)) }
      }
      let apart = zip(places, places.dropFirst()).allSatisfy { abs($1.0 - $0.0) > ($0.1 + $1.1) / 2 + 9 }
      if apart { return ticks }
    }
    // Even two numbers collide: one of them is enough.
    return Ticks(values: Array(ticks.values.prefix(1)), labels: Array(ticks.labels.prefix(1)))
  }
}
