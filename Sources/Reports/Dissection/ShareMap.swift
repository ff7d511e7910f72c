/// A matrix of shares from 0 to 1 as a map: eigenvectors downwards, the directions they are held against to the right,
/// a colour for each ninth.
struct ShareMap {
  /// Rows of shares.
  var rows: [[Double]]
  var vertical: Label
  var horizontal: Label

  /// What is smaller is left blank.
  static let least = 0.02

  /// The height and the content of the figure.
  func drawn(width: Double) -> (height: Double, content: [Markup])? {
    let columns = rows.map(\.count).max() ?? 0
    guard !rows.isEmpty, columns > 0 else { return nil }
    let left = 46.0
    let cell = min(22, (width - left - 20) / Double(columns))
    let area = PlotArea(
      left: left, top: 34, right: left + cell * Double(columns), bottom: 34 + cell * Double(rows.count))
    let across = Scale.linear(0.5...Double(columns) + 0.5, from: area.left, to: area.right)
    let down = Scale.linear(0.5...Double(rows.count) + 0.5, from: area.top, to: area.bottom)
    var content: [Markup] = [Draw.text(vertical, x: 8, y: 18)]
    content += cells(cell, area)
    content.append(
      .element(
        "rect",
        [
          "class": "rz-thin rz-frame", "x": area.left.coordinate, "y": area.top.coordinate,
          "width": area.width.coordinate, "height": area.height.coordinate,
        ]))
    for number in Self.numbers(rows.count, room: area.height, each: 16) {
      guard let y = down.position(Double(number)) else { continue }
      content.append(
        Draw.text(Label(plain: String(number)), x: left - 7, y: y + 4, anchor: .end, classes: "rz-muted"))
    }
    for number in Self.numbers(columns, room: area.width, each: 26) {
      guard let x = across.position(Double(number)) else { continue }
      content.append(
        Draw.text(Label(plain: String(number)), x: x, y: area.bottom + 16, anchor: .middle, classes: "rz-muted"))
    }
    content.append(Draw.text(horizontal, x: area.left, y: area.bottom + 35))
    content.append(key(left: area.left, top: area.bottom + 48))
    return (area.bottom + 84, content)
  }

  /// 1 and as many multiples of 1, 2, 5, 10, … as fit.
  private static func numbers(_ count: Int, room: Double, each: Double) -> [Int] {
    let most = max(2, Int(room / each))
    let step = [1, 2, 5, 10, 20, 50, 100, 200, 500].first { count / $0 <= most } ?? 1000
    return step == 1 ? Array(1...count) : [1] + stride(from: step, through: count, by: step)
  }

  /// Neighbours of one colour in a row are one rectangle, and all of one colour one path.
  private func cells(_ cell: Double, _ area: PlotArea) -> [Markup] {
    var paths = [String](repeating: "", count: RunDensityMap.mostLevels)
    for (row, values) in rows.enumerated() {
      var column = 0
      while column < values.count {
        let level = Self.level(values[column])
        var last = column
        while last + 1 < values.count, Self.level(values[last + 1]) == level { last += 1 }
        if let level {
          let x = area.left + Double(column) * cell
          let y = area.top + Double(row) * cell
          let length = (Double(last - column + 1) * cell).coordinate
          paths[level] +=
            "M\(x.coordinate) \(y.coordinate)h\(length)v\(cell.coordinate)h-\(length)z"
        }
        column = last + 1
      }
    }
    return paths.enumerated().compactMap { level, path in
      path.isEmpty ? nil : .element("path", ["class": "rz-heat-\(level)", "d": path])
    }
  }

  private static func level(_ share: Double) -> Int? {
    guard share.isFinite, share >= least else { return nil }
    return min(RunDensityMap.mostLevels - 1, Int(share * Double(RunDensityMap.mostLevels)))
  }

  private func key(left: Double, top: Double) -> Markup {
    let step = 24.0
    var parts: [Markup] = []
    for level in 0..<RunDensityMap.mostLevels {
      parts.append(
        .element(
          "rect",
          [
            "class": "rz-heat-\(level)", "x": (left + Double(level) * step).coordinate, "y": top.coordinate,
            "width": step.coordinate, "height": "12",
          ]))
    }
    let end = left + Double(RunDensityMap.mostLevels) * step
    parts.append(Draw.text(Label(plain: "0"), x: left, y: top + 26, anchor: .middle, classes: "rz-muted"))
    parts.append(Draw.text(Label(plain: "1"), x: end, y: top + 26, anchor: .middle, classes: "rz-muted"))
    parts.append(Draw.text("share", x: end + 12, y: top + 11, classes: "rz-ink"))
    return .element("g", [:], parts)
  }
}
