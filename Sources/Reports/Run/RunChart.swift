/// Quantities over the steps of a run: what a chart of them says, before it is drawn on an axis and in a width.
struct RunChart {
  /// Its file name without extension, unique within a page.
  var name: String
  var title: String
  var unit: Label
  var caption: String
  var lines: [RunLine]
  /// What the vertical axis always holds, such as 0...1 for fractions.
  var holds: ClosedRange<Double>?
  /// The axes offered; the first is shown until another is chosen.
  var axes: [RunAxis] = [.linear]
  /// The key where it is not that of the lines one by one.
  var legend: [(swatch: Legend.Swatch, label: Label)]?

  /// Loss, eigenvalues and the like: a logarithmic axis first where the values are positive and span more than a factor of 30.
  static func axes(for lines: [RunLine]) -> [RunAxis] {
    let all = lines.flatMap(\.values)
    let values = all.filter { $0 > 0 }
    guard let lowest = values.min(), let highest = values.max() else { return [.linear] }
    return values.count == all.count && highest / lowest > 30 ? [.logarithmic, .linear] : [.linear, .logarithmic]
  }

  var isEmpty: Bool { lines.allSatisfy(\.isEmpty) }

  /// The drawing, or nil where the axis has nothing to show.
  func drawn(_ axis: RunAxis, steps: ClosedRange<Double>, width: Double) -> Figure? {
    let shown = lines.filter { line in axis == .logarithmic ? line.values.contains { $0 > 0 } : !line.isEmpty }
    var values = shown.flatMap(\.values)
    if axis == .logarithmic {
      values = values.filter { $0 > 0 }
    } else if let holds {
      values += [holds.lowerBound, holds.upperBound]
    }
    guard let range = ClosedRange(holding: values) else { return nil }

    let legend = Legend(entries: legend ?? shown.map { (Self.swatch($0), $0.label) })
    let height = (width < 500 ? 250.0 : 300.0)
    let legendHeight = legend.height(within: width - 8)
    var area = PlotArea(left: 0, top: legendHeight + 34, right: width - 26, bottom: height - 48 + legendHeight)
    let vertical = axis.scale(range, from: area.bottom, to: area.top)
    area.left = Axis.width(of: vertical, height: area.height) + 6
    let horizontal = Scale.linear(steps, from: area.left, to: area.right)
    let identifier = "\(name)-\(axis.rawValue)"
    let clip = "\(identifier)-\(Int(width))-area"

    // Marks of the first and the last step reach over the edges.
    let widened = PlotArea(left: area.left - 5, top: area.top - 5, right: area.right + 5, bottom: area.bottom + 5)
    let marks = shown.map { Self.marks($0, horizontal, vertical) }
    return Figure(
      name: identifier, title: title, description: description(shown, steps), caption: caption, width: width,
      height: height + legendHeight,
      content: [
        widened.clip(clip), legend.drawn(left: 4, top: 2, within: width - 8),
        Axis.horizontal(horizontal, in: area, title: "step", overhang: 25),
        Axis.vertical(vertical, in: area, title: unit, titleX: 4),
        .element("g", ["clip-path": "url(#\(clip))"], marks),
      ])
  }

  private func description(_ shown: [RunLine], _ steps: ClosedRange<Double>) -> String {
    let parts = shown.compactMap { line -> String? in
      guard let last = line.points.last(where: { $0.value.isFinite }) else { return nil }
      let name = line.label.runs.map(\.text).joined()
      return "\(name): \(NumberText.typeset(last.value)) at step \(NumberText.count(Int(last.step)))"
    }
    return "\(title), up to step \(NumberText.count(Int(steps.upperBound))). " + parts.joined(separator: "; ") + "."
  }

  private static func swatch(_ line: RunLine) -> Legend.Swatch {
    switch line.form {
    case .dense: .curve(line.color)
    case .measured: .marked(line.color, line.shape)
    case .reference: .dashed(line.color)
    }
  }

  private static func marks(_ line: RunLine, _ horizontal: Scale, _ vertical: Scale) -> Markup {
    let stroke = "rz-\(line.color.rawValue)-line"
    switch line.form {
    case .dense: return dense(line, horizontal, vertical, stroke)
    case .reference: return stairs(line.points, horizontal, vertical, "rz-dashed " + stroke)
    case .measured: return measured(line, horizontal, vertical, stroke)
    }
  }

  private static func dense(_ line: RunLine, _ horizontal: Scale, _ vertical: Scale, _ stroke: String) -> Markup {
    let columns = PixelColumns(line.points, horizontal)
    // A value without a logarithm lies on the lower edge.
    let low = min(vertical.start, vertical.end) == vertical.end ? vertical.start : vertical.end
    func y(_ value: Double) -> Double { vertical.position(value) ?? low }
    return .sequence(
      columns.runs.map { run in
        guard columns.isDense else {
          // Both values of a column stay: two are drawn as a stroke between them.
          let points = run.flatMap { column in
            column.count == 1
              ? [(column.x, y(column.mean))] : [(column.x, y(column.lowest)), (column.x, y(column.highest))]
          }
          return Draw.curve(points, classes: "rz-curve " + stroke)
        }
        return .sequence([
          Draw.band(run.map { ($0.x, y($0.lowest), y($0.highest)) }, classes: "rz-\(line.color.rawValue)-area"),
          Draw.curve(run.map { ($0.x, y($0.mean)) }, classes: "rz-curve " + stroke),
        ])
      })
  }

  /// A value that holds until the next one.
  static func stairs(
    _ values: [(step: Double, value: Double)], _ horizontal: Scale, _ vertical: Scale, _ classes: String
  ) -> Markup {
    var points: [(x: Double, y: Double)] = []
    for point in values {
      guard let x = horizontal.position(point.step), let y = vertical.position(point.value) else { continue }
      if let last = points.last {
        // Within a pixel no stair is seen.
        if abs(last.y - y) < 0.05 && x < horizontal.end - 1 { continue }
        points.append((x, last.y))
      }
      points.append((x, y))
    }
    if let last = points.last, last.x < horizontal.end { points.append((horizontal.end, last.y)) }
    return Draw.curve(points, classes: classes)
  }

  private static func measured(_ line: RunLine, _ horizontal: Scale, _ vertical: Scale, _ stroke: String) -> Markup {
    let color = line.color
    var parts: [Markup] = []
    let places = line.points.indices.map { index -> (x: Double, y: Double, index: Int)? in
      guard let x = horizontal.position(line.points[index].step), let y = vertical.position(line.points[index].value)
      else { return nil }
      return (x, y, index)
    }
    let seen = places.compactMap { $0 }
    let room = seen.count < 2 ? Double.infinity : abs(horizontal.end - horizontal.start) / Double(seen.count)
    if line.intervals.count == line.points.count {
      let area = line.intervalsAreArea || room < 9
      let ends = seen.compactMap { place -> (x: Double, lower: Double, upper: Double)? in
        let interval = line.intervals[place.index]
        // Where an interval reaches below a logarithmic axis, it ends at its edge.
        let lower = vertical.position(interval.lower) ?? vertical.start
        guard let upper = vertical.position(interval.upper) else { return nil }
        return (place.x, lower, upper)
      }
      if area {
        parts.append(Draw.band(ends, classes: "rz-\(color.rawValue)-area"))
      } else {
        parts += ends.filter { abs($0.lower - $0.upper) > 1 }.map {
          Draw.line($0.x, $0.lower, $0.x, $0.upper, classes: "rz-thin " + stroke)
        }
      }
    }
    for run in places.split(whereSeparator: { $0 == nil }) where run.count > 1 {
      parts.append(Draw.curve(run.compactMap { $0.map { ($0.x, $0.y) } }, classes: "rz-curve " + stroke))
    }
    if room >= 9 || seen.count == 1 {
      parts += seen.map { Draw.mark(line.shape, $0.x, $0.y, color, filled: true) }
    }
    return .sequence(parts)
  }
}

/// The vertical axis of a chart of a run.
enum RunAxis: String {
  case linear, logarithmic, signed

  /// What the choice is called on the page.
  var title: String {
    switch self {
    case .linear: "linear"
    case .logarithmic: "logarithmic"
    case .signed: "logarithmic on both sides of 0"
    }
  }

  func scale(_ range: ClosedRange<Double>, from start: Double, to end: Double) -> Scale {
    switch self {
    case .linear:
      // The margin never crosses zero where the values do not.
      let padded = range.padded(0.05)
      let lower = range.lowerBound >= 0 ? max(0, padded.lowerBound) : padded.lowerBound
      let upper = range.upperBound <= 0 ? min(0, padded.upperBound) : padded.upperBound
      return .linear(lower...max(lower, upper), from: start, to: end)
    case .logarithmic:
      return .logarithmic(
        range.lowerBound / 1.2...min(range.upperBound * 1.2, .greatestFiniteMagnitude), from: start, to: end)
    case .signed:
      let largest = max(abs(range.lowerBound), abs(range.upperBound))
      return .signedLogarithmic(range.padded(0.05), threshold: largest * 1e-4, from: start, to: end)
    }
  }
}
