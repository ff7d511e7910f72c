import Analyses
import Foundation

/// All eigenvalues by rank: |λ| on a logarithmic axis, the sign by colour.
enum ExactFigure {
  static func drawn(_ spectrum: ReportedSpectrum, name: String, width: Double) -> Figure? {
    guard let exact = spectrum.exact else { return nil }
    let values = Array(exact.eigenvalues.filter(\.isFinite).sorted().reversed())
    guard let largest = values.map(abs).max(), largest > 0 else { return nil }
    // What the arithmetic cannot tell from zero sits on the axis.
    let unresolved = max(largest * 10 * Double(values.count) * Double.ulpOfOne, .leastNormalMagnitude)
    let hasNegative = values.contains { $0 < -unresolved }
    var entries: [(swatch: Legend.Swatch, label: Label)] = [(.dot(.blue, filled: true), "positive")]
    if hasNegative { entries.append((.dot(.vermilion, filled: true), "negative, |*λ*| shown")) }
    let legend = Legend(entries: entries)
    let top = 14 + legend.height(within: width - 16) + 30
    let height = top + 240 + 52
    var area = PlotArea(left: 0, top: top, right: width - 20, bottom: height - 52)
    let vertical = Scale.logarithmic(unresolved...max(largest * 2, unresolved * 10), from: area.bottom, to: area.top)
    area.left = Axis.width(of: vertical, height: area.height) + 6
    let horizontal = Scale.linear(0...Double(values.count + 1), from: area.left, to: area.right)

    func curve(_ color: SeriesColor, _ keep: (Double) -> Bool) -> [Markup] {
      let points: [(x: Double, y: Double)] = values.enumerated().compactMap { rank, value in
        guard keep(value), let x = horizontal.position(Double(rank + 1)), let y = vertical.clamped(abs(value)) else {
          return nil
        }
        return (x, y)
      }
      return Draw.thinned(points).map { point in
        .element(
          "circle",
          ["class": "rz-\(color.rawValue)-filled", "cx": point.x.coordinate, "cy": point.y.coordinate, "r": "1.6"])
      }
    }
    let content: [Markup] =
      [
        legend.drawn(left: 8, top: 8, within: width - 16),
        Axis.horizontal(horizontal, in: area, title: "rank", grid: false),
        Axis.vertical(vertical, in: area, title: "|*λ*|", titleX: 8),
      ] + curve(.blue) { $0 > unresolved } + curve(.vermilion) { $0 < -unresolved }
    let resolved = values.filter { abs($0) > unresolved }.count
    return Figure(
      name: name, title: "All eigenvalues of the \(OperatorName.full(spectrum))",
      description:
        "\(NumberText.count(values.count)) eigenvalues in descending order, \(NumberText.count(resolved)) of them "
        + "told from zero by the arithmetic.",
      caption: "Every eigenvalue of the dense matrix in descending order. Values below 10 · P · ε · |λ|max, "
        + "\(NumberText.typeset(unresolved, digits: 2)) here, cannot be told from zero and are left out: "
        + "\(NumberText.count(values.count - resolved)) of \(NumberText.count(values.count)).",
      width: width, height: height, content: content)
  }
}
