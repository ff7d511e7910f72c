import Analyses

/// κ over an axis of a study on a logarithmic scale: measured values as marks joined by lines with bars of one standard
/// deviation, bounds dashed in the colour of the line they belong to. What does not apply is left out, and the caption
/// says so.
enum StudyFigure {
  static func drawn(_ study: ReportedStudy, figure index: Int, width: Double) -> Figure? {
    guard let series = StudySeries(study, figure: index) else { return nil }
    var heights: [Double] = []
    for group in series.lines.flatMap(\.groups.values) {
      if let kappa = group.kappa { heights += [kappa.lower, kappa.upper] }
      heights += group.bounds.filter { series.bounds.contains($0.name) }.map(\.spread.mean)
    }
    guard let range = ClosedRange(holding: heights.filter { $0 > 0 }) else { return nil }

    let legend = legend(series)
    let top = 14 + legend.height(within: width - 16) + 30
    let height = top + (width < 500 ? 240 : 300) + 54
    var area = PlotArea(left: 0, top: top, right: width - 18, bottom: height - 54)
    let factor = 1.15
    let vertical = Scale.logarithmic(
      max(range.lowerBound / factor, .leastNormalMagnitude)...min(range.upperBound * factor, .greatestFiniteMagnitude),
      from: area.bottom, to: area.top)
    area.left = Axis.width(of: vertical, height: area.height) + 6
    let places = StudyPlaces(series.horizontal, from: area.left + 22, to: area.right - 14)

    var content: [Markup] = [
      legend.drawn(left: 8, top: 8, within: width - 16),
      Axis.vertical(vertical, in: area, title: "condition number *κ*", titleX: 8),
      places.axis(in: area, title: Label(name(series.horizontal.key))),
    ]
    for (number, line) in series.lines.enumerated() {
      content += bounds(line, number, series, places, vertical)
    }
    for (number, line) in series.lines.enumerated() { content += measured(line, number, places, vertical) }
    let suffix = study.figures.count > 1 ? "-\(series.horizontal.key)" : ""
    return Figure(
      name: study.name + suffix, title: title(study, series), description: description(study, series),
      caption: caption(study, series, places), width: width, height: height, content: content)
  }

  // MARK: Lines

  private static func measured(
    _ line: StudySeries.Line, _ number: Int, _ places: StudyPlaces, _ vertical: Scale
  ) -> [Markup] {
    let color = SeriesColor.ofLine(number)
    var points: [(x: Double, y: Double)] = []
    var bars: [Markup] = []
    var marks: [Markup] = []
    for (place, group) in line.groups.sorted(by: { places.position($0.key) < places.position($1.key) }) {
      guard let kappa = group.kappa, let y = vertical.clamped(kappa.mean) else { continue }
      let x = places.position(place)
      points.append((x, y))
      if kappa.count > 1, let low = vertical.clamped(kappa.lower), let high = vertical.clamped(kappa.upper),
        low - high > 1
      {
        let stroke = "rz-thin rz-\(color.rawValue)-line"
        bars.append(Draw.line(x, low, x, high, classes: stroke))
        for end in [low, high] { bars.append(Draw.line(x - 3, end, x + 3, end, classes: stroke)) }
      }
      marks.append(Draw.mark(.ofLine(number), x, y, color, filled: group.lowerBounds == 0))
    }
    guard !points.isEmpty else { return [] }
    let curve = points.count > 1 ? [Draw.curve(points, classes: "rz-curve rz-\(color.rawValue)-line")] : []
    return bars + curve + marks
  }

  private static func bounds(
    _ line: StudySeries.Line, _ number: Int, _ series: StudySeries, _ places: StudyPlaces, _ vertical: Scale
  ) -> [Markup] {
    let color = SeriesColor.ofLine(number)
    return series.bounds.enumerated().map { index, name in
      let points = line.groups.compactMap { place, group -> (x: Double, y: Double)? in
        guard let bound = group.bounds.first(where: { $0.name == name }), let y = vertical.clamped(bound.spread.mean)
        else { return nil }
        return (places.position(place), y)
      }.sorted { $0.x < $1.x }
      if points.count == 1, let point = points.first {
        return Draw.line(
          point.x - 7, point.y, point.x + 7, point.y, classes: "\(dash(index)) rz-\(color.rawValue)-line")
      }
      return Draw.curve(points, classes: "\(dash(index)) rz-\(color.rawValue)-line")
    }
  }

  private static func dash(_ index: Int) -> String { ["rz-dashed", "rz-dotted", "rz-dash-dot"][index % 3] }

  // MARK: Words

  /// The name of a setting as a reader expects it.
  static func name(_ key: String) -> String {
    switch key {
    case "skip": "skip strength *β*"
    case "slope": "slope at negative inputs"
    case "prune": "fraction pruned"
    case "step": "step of gradient descent"
    case "kernel": "kernel size"
    default: key
    }
  }

  private static func legend(_ series: StudySeries) -> Legend {
    var entries: [(swatch: Legend.Swatch, label: Label)] = series.lines.enumerated().compactMap { number, line in
      guard !line.groups.values.allSatisfy({ $0.kappa == nil }) else { return nil }
      let text = series.key.map { key in "\(key) \(line.name)" } ?? "*κ* measured"
      return (.marked(.ofLine(number), .ofLine(number)), Label(escaped(text, series.key != nil)))
    }
    for (index, bound) in series.bounds.enumerated() {
      entries.append((.patterned(dash(index)), Label(escaped("bound: \(bound)", true))))
    }
    return Legend(entries: entries)
  }

  /// Letters that `Label` reads as notation are replaced by ones that look the same.
  private static func escaped(_ text: String, _ isPlain: Bool) -> String {
    isPlain ? text.replacing("*", with: "×").replacing("  ", with: " ") : text
  }

  private static func title(_ study: ReportedStudy, _ series: StudySeries) -> String {
    guard study.figures.count > 1, let key = series.key else { return study.title }
    return "\(study.title): \(series.horizontal.key), a line for each \(key)"
  }

  private static func description(_ study: ReportedStudy, _ series: StudySeries) -> String {
    let lines = series.lines.compactMap { line -> String? in
      let points = line.groups.sorted { $0.key < $1.key }.compactMap { place, group in
        group.kappa.map { (series.horizontal.values[place], $0.mean) }
      }
      guard let first = points.first, let last = points.last else { return nil }
      let name = series.key.map { "At \($0) \(line.name) " } ?? ""
      return
        "\(name)κ is \(NumberText.plain(first.1, digits: 3)) at \(series.horizontal.key) \(first.0) and "
        + "\(NumberText.plain(last.1, digits: 3)) at \(last.0)."
    }
    return lines.joined(separator: " ")
  }

  private static func caption(_ study: ReportedStudy, _ series: StudySeries, _ places: StudyPlaces) -> String {
    var text =
      study.seeds > 1
      ? "Marks: geometric mean of κ over \(study.seeds) seeds; bars: one standard deviation of log κ."
      : "Marks: κ of one seed."
    let groups = series.lines.flatMap(\.groups.values)
    for (index, name) in series.bounds.enumerated() {
      let style = ["Dashed", "Dotted", "Dash-dotted"][index % 3]
      let present = groups.count { $0.bounds.contains { $0.name == name } }
      text += " \(style): '\(name)'"
      text +=
        present == groups.count
        ? "." : "; it does not apply at \(groups.count - present) of \(groups.count) points, which are left out."
    }
    let open = groups.count { $0.lowerBounds > 0 }
    if open > 0 {
      text += " Open marks (\(open)): eigenvalues are not resolved for some seeds, and κ is at least this."
    }
    let missing = groups.count { $0.kappa == nil }
    if missing > 0 { text += " \(missing) points without a resolved eigenvalue are left out." }
    if places.isEvenlySpread && series.horizontal.isNumerical { text += " Values along the axis stand evenly spread." }
    return text
  }
}
