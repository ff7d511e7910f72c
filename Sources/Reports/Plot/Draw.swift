/// The few shapes figures are made of.
enum Draw {
  enum Anchor: String { case start, middle, end }

  static func text(
    _ label: Label, x: Double, y: Double, anchor: Anchor = .start, classes: String = "rz-ink"
  ) -> Markup {
    .element(
      "text", ["class": classes, "x": x.coordinate, "y": y.coordinate, "text-anchor": anchor.rawValue], label.spans)
  }

  static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, classes: String) -> Markup {
    .element(
      "line",
      ["class": classes, "x1": x1.coordinate, "y1": y1.coordinate, "x2": x2.coordinate, "y2": y2.coordinate])
  }

  /// A marker: filled for converged, open for not.
  static func dot(_ x: Double, _ y: Double, _ color: SeriesColor, filled: Bool, radius: Double = 3.6) -> Markup {
    .element(
      "circle",
      [
        "class": "rz-marker rz-\(color.rawValue)-\(filled ? "filled" : "open")", "cx": x.coordinate, "cy": y.coordinate,
        "r": radius.coordinate,
      ])
  }

  /// A marker of a shape: filled for a value, open for a lower bound.
  static func mark(_ shape: MarkShape, _ x: Double, _ y: Double, _ color: SeriesColor, filled: Bool) -> Markup {
    let corners: [(Double, Double)]
    switch shape {
    case .circle: return dot(x, y, color, filled: filled, radius: 3.4)
    case .square: corners = [(-3.1, -3.1), (3.1, -3.1), (3.1, 3.1), (-3.1, 3.1)]
    case .triangle: corners = [(0, -4), (3.8, 2.8), (-3.8, 2.8)]
    case .diamond: corners = [(0, -4.3), (4.3, 0), (0, 4.3), (-4.3, 0)]
    case .inverted: corners = [(0, 4), (3.8, -2.8), (-3.8, -2.8)]
    }
    let points = corners.map { "\((x + $0.0).coordinate),\((y + $0.1).coordinate)" }.joined(separator: " ")
    return .element(
      "polygon", ["class": "rz-marker rz-\(color.rawValue)-\(filled ? "filled" : "open")", "points": points])
  }

  /// A triangle that points down at a position.
  static func triangle(_ x: Double, _ tip: Double, _ color: SeriesColor) -> Markup {
    .element(
      "path",
      [
        "class": "rz-thin rz-\(color.rawValue)-filled",
        "d": "M\((x - 3.5).coordinate) \((tip - 6).coordinate)h7L\(x.coordinate) \(tip.coordinate)z",
      ])
  }

  /// A curve through positions in order of x. Where many fall on one pixel column its extremes are kept, so that no narrow
  /// peak is lost.
  static func curve(_ points: [(x: Double, y: Double)], classes: String) -> Markup {
    let kept = thinned(points)
    guard let first = kept.first else { return .empty }
    if kept.count == 1 {
      return .element("circle", ["class": classes, "cx": first.x.coordinate, "cy": first.y.coordinate, "r": "1.5"])
    }
    return .element("path", ["class": classes, "d": path(kept)])
  }

  /// The region between two curves over the same positions.
  static func band(_ points: [(x: Double, lower: Double, upper: Double)], classes: String) -> Markup {
    guard points.count > 1 else { return .empty }
    let upper = thinned(points.map { ($0.x, $0.upper) })
    let lower = thinned(points.map { ($0.x, $0.lower) })
    let back = lower.reversed().map { "L\($0.x.coordinate) \($0.y.coordinate)" }.joined()
    return .element("path", ["class": classes, "d": path(upper) + back + "z"])
  }

  private static func path(_ points: [(x: Double, y: Double)]) -> String {
    points.enumerated().map { ($0 == 0 ? "M" : "L") + "\($1.x.coordinate) \($1.y.coordinate)" }.joined()
  }

  static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    var kept: [(x: Double, y: Double)] = []
    var index = 0
    while index < points.count {
      let column = (points[index].x * 2).rounded(.down)
      var last = index
      var lowest = index
      var highest = index
      while last + 1 < points.count, (points[last + 1].x * 2).rounded(.down) == column {
        last += 1
        if points[last].y < points[lowest].y { lowest = last }
        if points[last].y > points[highest].y { highest = last }
      }
      for chosen in Set([index, lowest, highest, last]).sorted() { kept.append(points[chosen]) }
      index = last + 1
    }
    return kept
  }
}
