/// Lines over the rank 1, 2, … of eigenvectors: shares on an axis from 0 to 1, or eigenvalues on a logarithmic one.
struct RankChart {
  struct Line {
    var label: String
    var color: SeriesColor
    /// By rank from 1 on; what is not finite, or not positive on a logarithmic axis, is left out.
    var values: [Double]
    /// Whether a value is sure; open marks where not.
    var isSure: [Bool]? = nil
    var isDashed = false
  }

  enum Vertical {
    case share
    case logarithmic
  }

  var lines: [Line]
  var vertical: Vertical
  var title: Label
  var horizontal: Label
  /// A value by rank with its standard deviation, drawn as a dashed line with a band of two of them to either side.
  var chance: ((Int) -> (value: Double, deviation: Double))?
  /// A rank to mark with a dotted line, and what it is.
  var mark: (rank: Int, label: String)?

  /// The height and the content of the figure; nil where there is nothing to draw.
  func drawn(name: String, width: Double) -> (height: Double, content: [Markup])? {
    let shown = lines.flatMap(\.values).filter { $0.isFinite && (vertical == .share || $0 > 0) }
    let ranks = lines.map(\.values.count).max() ?? 0
    guard !shown.isEmpty, ranks > 0, let range = ClosedRange(holding: shown) else { return nil }
    let legend = self.legend
    let top = 12 + legend.height(within: width - 16) + 30
    let height = top + (width < 500 ? 200 : 250) + 54
    var area = PlotArea(left: 0, top: top, right: width - 20, bottom: height - 54)
    let scale: Scale =
      switch vertical {
      // Small shares fill the axis, all others see the whole of it.
      case .share: .linear(0...(range.upperBound > 0.5 ? 1 : range.upperBound * 1.25), from: area.bottom, to: area.top)
      case .logarithmic:
        .logarithmic(
          max(range.lowerBound / 1.3, range.upperBound * 1e-12)...min(range.upperBound * 1.3, .greatestFiniteMagnitude),
          from: area.bottom, to: area.top)
      }
    area.left = Axis.width(of: scale, height: area.height) + 6
    let across = Scale.linear(0...Double(ranks + 1), from: area.left, to: area.right)
    var content: [Markup] = [
      legend.drawn(left: 8, top: 8, within: width - 16),
      Axis.vertical(scale, in: area, title: title, titleX: 8),
      Axis.horizontal(across, in: area, title: horizontal, grid: false, overhang: 20),
    ]
    let markX = mark.flatMap { $0.rank < ranks ? across.position(Double($0.rank) + 0.5) : nil }
    if let markX { content.append(Draw.line(markX, area.top, markX, area.bottom, classes: "rz-dotted rz-zero")) }
    content += chanceBand(ranks, across, scale)
    for line in lines { content += drawn(line, across, scale) }
    if let mark, let markX {
      // Over the lines, that it can be read where they pass.
      let label = Label(plain: mark.label)
      let isLeft = markX + 5 + label.width(fontSize: Axis.fontSize) > width
      content.append(
        Draw.text(
          label, x: isLeft ? markX - 5 : markX + 5, y: area.top + 12, anchor: isLeft ? .end : .start,
          classes: "rz-muted rz-halo"))
    }
    return (height, content)
  }

  private var legend: Legend {
    var entries: [(swatch: Legend.Swatch, label: Label)] = lines.map { line in
      (line.isDashed ? .dashed(line.color) : .curve(line.color), Label(plain: line.label))
    }
    if chance != nil { entries.append((.patterned("rz-dotted"), "chance ± 2 standard deviations")) }
    if lines.contains(where: { $0.isSure?.contains(false) == true }) {
      entries.append((.dot(.slate, filled: false), "not told apart from the next"))
    }
    return Legend(entries: entries)
  }

  private func chanceBand(_ ranks: Int, _ across: Scale, _ scale: Scale) -> [Markup] {
    guard let chance else { return [] }
    var band: [(x: Double, lower: Double, upper: Double)] = []
    var middle: [(x: Double, y: Double)] = []
    for rank in 1...ranks {
      let (value, deviation) = chance(rank)
      guard let x = across.position(Double(rank)), let y = scale.clamped(value),
        let lower = scale.clamped(value - 2 * deviation), let upper = scale.clamped(value + 2 * deviation)
      else { continue }
      band.append((x, lower, upper))
      middle.append((x, y))
    }
    return [Draw.band(band, classes: "rz-slate-area"), Draw.curve(middle, classes: "rz-dotted rz-zero")]
  }

  private func drawn(_ line: Line, _ across: Scale, _ scale: Scale) -> [Markup] {
    var points: [(x: Double, y: Double, isSure: Bool)] = []
    for (index, value) in line.values.enumerated() {
      guard vertical == .share || value > 0, let x = across.position(Double(index + 1)), let y = scale.clamped(value)
      else { continue }
      points.append((x, y, line.isSure?[index] ?? true))
    }
    let style = line.isDashed ? "rz-dashed" : "rz-curve"
    var parts: [Markup] = []
    if points.count > 1 {
      parts.append(Draw.curve(points.map { ($0.x, $0.y) }, classes: "\(style) rz-\(line.color.rawValue)-line"))
    }
    // Marks would hide each other on a long line.
    if points.count <= 40 {
      parts += points.map { Draw.dot($0.x, $0.y, line.color, filled: $0.isSure, radius: 2.6) }
    } else {
      parts += points.filter { !$0.isSure }.map { Draw.dot($0.x, $0.y, line.color, filled: false, radius: 1.8) }
    }
    return parts
  }
}
