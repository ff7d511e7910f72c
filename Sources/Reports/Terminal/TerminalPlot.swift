import Analyses
import Foundation

/// A density as characters: eigenvalues to the right, density upwards on a logarithmic axis, marks under the axis where
/// deflated eigenvalues stand.
struct TerminalPlot {
  var style: TerminalStyle
  var rows = 12

  /// The lines of the plot, or none where there is nothing to plot.
  func lines(_ density: ReportedDensity, dimension: Int) -> [String] {
    guard let view = DensityView(density, dimension: dimension) else { return [] }
    let vertical = Scale.logarithmic(view.heights, from: 0, to: Double(rows))
    let ticks = vertical.ticks(rows / 2)
    let names = ticks.labels.map {
      $0.replacingOccurrences(of: "×10^{", with: "e").replacingOccurrences(of: "10^{", with: "1e")
    }
    .map { plain($0.replacingOccurrences(of: "}", with: "")) }
    let margin = (names.map(\.count).max() ?? 0) + 2
    let columns = max(20, style.width - margin - 1)
    let horizontal = Scale.linear(view.domain, from: 0, to: Double(columns))
    let heights = heights(view, vertical, horizontal, columns: style.unicode ? columns * 2 : columns)

    var lines: [String] = []
    for row in (0..<rows).reversed() {
      let name = zip(ticks.values, names).first { value, _ in
        vertical.position(value).map { min(Int($0), rows - 1) == row } ?? false
      }?.1
      let label = String(repeating: " ", count: margin - 2 - (name ?? "").count) + (name ?? "")
      let axis = style.unicode ? (name == nil ? " │" : " ┤") : (name == nil ? " |" : " +")
      lines.append(
        style.styled(label + axis, .faint) + style.styled(cells(heights, row: row, columns: columns), .curve))
    }
    lines += axis(horizontal, view, margin: margin, columns: columns)
    return lines.map(trimmed)
  }

  /// The highest point of the curve over each column, in rows; a column between two grid points takes the line between them.
  private func heights(_ view: DensityView, _ vertical: Scale, _ horizontal: Scale, columns: Int) -> [Double] {
    var heights = [Double](repeating: 0, count: columns)
    func raise(_ column: Int, _ density: Double) {
      guard heights.indices.contains(column), density > 0, let height = vertical.position(density) else { return }
      heights[column] = max(heights[column], min(height, Double(rows)))
    }
    func column(_ position: Double) -> Int? {
      horizontal.clamped(position).map { min(columns - 1, max(0, Int($0 / horizontal.end * Double(columns)))) }
    }
    for index in 0..<columns {
      let fraction = (Double(index) + 0.5) / Double(columns)
      let position = horizontal.domain.lowerBound * (1 - fraction) + horizontal.domain.upperBound * fraction
      guard let first = view.points.first?.position, let last = view.points.last?.position else { continue }
      if position >= first, position <= last { raise(index, view.height(at: position) ?? 0) }
    }
    for point in view.points { if let place = column(point.position) { raise(place, point.density) } }
    return heights
  }

  private func cells(_ heights: [Double], row: Int, columns: Int) -> String {
    var text = ""
    for column in 0..<columns {
      if style.unicode {
        let left = dots(heights[2 * column] - Double(row))
        let right = dots(heights[2 * column + 1] - Double(row))
        // Braille dots from the bottom up, left and right column.
        let pattern =
          [0x40, 0x04, 0x02, 0x01].prefix(left).reduce(0, +) + [0x80, 0x20, 0x10, 0x08].prefix(right).reduce(0, +)
        text.unicodeScalars.append(pattern == 0 ? " " : Unicode.Scalar(0x2800 + UInt32(pattern)) ?? " ")
      } else {
        let part = heights[column] - Double(row)
        text += part >= 0.75 ? "#" : part >= 0.4 ? ":" : part > 0.05 ? "." : " "
      }
    }
    return text
  }

  private func dots(_ height: Double) -> Int { min(4, max(0, Int((height * 4).rounded(.up)))) }

  private func axis(_ horizontal: Scale, _ view: DensityView, margin: Int, columns: Int) -> [String] {
    var count = max(2, columns / 12)
    var ticks = horizontal.ticks(count)
    func place(_ value: Double) -> Int? { horizontal.clamped(value).map { min(columns - 1, max(0, Int($0))) } }
    func text(_ label: String) -> String {
      plain(label.replacingOccurrences(of: "×10^{", with: "e").replacingOccurrences(of: "}", with: ""))
    }
    while count > 2, ticks.labels.map({ text($0).count + 2 }).reduce(0, +) > columns {
      count -= 1
      ticks = horizontal.ticks(count)
    }
    var line = [Character](repeating: style.unicode ? "─" : "-", count: columns)
    var numbers = [Character](repeating: " ", count: columns)
    var free = 0
    for (value, label) in zip(ticks.values, ticks.labels) {
      guard let centre = place(value) else { continue }
      let name = Array(text(label))
      line[centre] = style.unicode ? "┬" : "+"
      let start = min(max(0, centre - name.count / 2), columns - name.count)
      guard start >= free, name.count <= columns else { continue }
      for (offset, character) in name.enumerated() { numbers[start + offset] = character }
      free = start + name.count + 1
    }
    let blank = String(repeating: " ", count: margin)
    let corner = String(repeating: " ", count: margin - 1) + (style.unicode ? "└" : "+")
    var lines = [style.styled(corner + String(line), .faint)]
    let isolated = view.isolated.compactMap(place)
    if !isolated.isEmpty {
      var marks = [Character](repeating: " ", count: columns)
      for column in isolated { marks[column] = style.unicode ? "▲" : "^" }
      lines.append(blank + style.styled(String(marks), .marker))
    }
    lines.append(blank + style.styled(String(numbers), .faint))
    return lines
  }

  private func plain(_ text: String) -> String {
    // A hyphen, so that numbers can be copied from a terminal.
    text.replacingOccurrences(of: "−", with: "-")
  }

  private func trimmed(_ line: String) -> String {
    var line = line
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }
}
