/// The key of a figure, in rows above the plot.
struct Legend {
  enum Swatch {
    case curve(SeriesColor)
    case dashed(SeriesColor?)
    case area(SeriesColor)
    case triangle(SeriesColor)
    case dot(SeriesColor, filled: Bool)
    case bar(SeriesColor)
    case marked(SeriesColor, MarkShape)
    /// A line in no colour, of a class that gives it a pattern.
    case patterned(String)
  }

  var entries: [(swatch: Swatch, label: Label)]

  private static let rowHeight = 20.0
  private static let swatchWidth = 24.0

  /// The height it takes in a figure of that width.
  func height(within width: Double) -> Double {
    Double((rows(within: width).last?.row ?? -1) + 1) * Self.rowHeight
  }

  func drawn(left: Double, top: Double, within width: Double) -> Markup {
    .element(
      "g", [:],
      rows(within: width).map { place in
        let entry = entries[place.index]
        let x = left + place.x
        let y = top + (Double(place.row) + 0.5) * Self.rowHeight
        return .sequence([
          Self.drawn(entry.swatch, x: x, y: y),
          Draw.text(entry.label, x: x + Self.swatchWidth + 6, y: y + 4, classes: "rz-ink"),
        ])
      })
  }

  private func rows(within width: Double) -> [(index: Int, row: Int, x: Double)] {
    var row = 0
    var x = 0.0
    return entries.indices.map { index in
      let needed = Self.swatchWidth + 6 + entries[index].label.width(fontSize: Axis.fontSize)
      if x > 0, x + needed > width {
        row += 1
        x = 0
      }
      defer { x += needed + 18 }
      return (index, row, x)
    }
  }

  private static func drawn(_ swatch: Swatch, x: Double, y: Double) -> Markup {
    let middle = x + swatchWidth / 2
    switch swatch {
    case .curve(let color):
      return Draw.line(x, y, x + swatchWidth, y, classes: "rz-curve rz-\(color.rawValue)-line")
    case .dashed(let color):
      let stroke = color.map { "rz-\($0.rawValue)-line" } ?? "rz-zero"
      return Draw.line(x, y, x + swatchWidth, y, classes: "rz-dashed \(stroke)")
    case .area(let color):
      return .element(
        "rect",
        [
          "class": "rz-\(color.rawValue)-area", "x": x.coordinate, "y": (y - 6).coordinate,
          "width": swatchWidth.coordinate, "height": "12",
        ])
    case .triangle(let color): return Draw.triangle(middle, y + 3, color)
    case .dot(let color, let filled): return Draw.dot(middle, y, color, filled: filled)
    case .marked(let color, let shape):
      return .sequence([
        Draw.line(x, y, x + swatchWidth, y, classes: "rz-curve rz-\(color.rawValue)-line"),
        Draw.mark(shape, middle, y, color, filled: true),
      ])
    case .patterned(let pattern):
      return Draw.line(x, y, x + swatchWidth, y, classes: "\(pattern) rz-zero")
    case .bar(let color):
      return .sequence([
        Draw.line(x + 3, y, x + swatchWidth - 3, y, classes: "rz-thin rz-\(color.rawValue)-line"),
        Draw.line(x + 3, y - 4, x + 3, y + 4, classes: "rz-thin rz-\(color.rawValue)-line"),
        Draw.line(x + swatchWidth - 3, y - 4, x + swatchWidth - 3, y + 4, classes: "rz-thin rz-\(color.rawValue)-line"),
      ])
    }
  }
}
