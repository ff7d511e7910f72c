import Analyses
import Foundation

/// Where the values of an axis stand: by number on a linear or logarithmic scale, or side by side.
struct StudyPlaces {
  let axis: ReportedStudy.Axis
  /// Whether values stand side by side although they are not equally far apart.
  let isEvenlySpread: Bool
  private let positions: [Double]

  /// Numbers that are equally far apart, or that are each a multiple of the last, look as they are; others on a
  /// logarithmic scale where they are positive and reach over more than a decade. Names, and numbers over decades with
  /// a zero among them, stand side by side.
  init(_ axis: ReportedStudy.Axis, from start: Double, to end: Double) {
    self.axis = axis
    let numbers = axis.values.compactMap { Double($0) }
    guard axis.isNumerical, numbers.count == axis.values.count, let least = numbers.min(), let most = numbers.max(),
      least < most
    else {
      isEvenlySpread = true
      positions = Self.side(axis.values.count, start, end)
      return
    }
    let positive = numbers.filter { $0 > 0 }
    let isWide = most > 10 * (positive.min() ?? most)
    let sorted = numbers.sorted()
    let steps = zip(sorted, sorted.dropFirst()).map { $1 - $0 }
    let isRegular = (steps.max() ?? 0) <= 1.5 * (steps.min() ?? 0)
    if isWide && !isRegular && positive.count < numbers.count {
      isEvenlySpread = true
      positions = Self.side(axis.values.count, start, end)
      return
    }
    isEvenlySpread = false
    let scale =
      isWide && !isRegular
      ? Scale.logarithmic(least...most, from: start, to: end) : Scale.linear(least...most, from: start, to: end)
    positions = numbers.map { scale.position($0) ?? start }
  }

  private static func side(_ count: Int, _ start: Double, _ end: Double) -> [Double] {
    guard count > 1 else { return [(start + end) / 2] }
    return (0..<count).map { start + (end - start) * Double($0) / Double(count - 1) }
  }

  func position(_ index: Int) -> Double { positions[index] }

  /// The axis, with the values themselves as its numbers as far as they have room.
  func axis(in area: PlotArea, title: Label) -> Markup {
    var parts = [Draw.line(area.left, area.bottom, area.right, area.bottom, classes: "rz-thin rz-frame")]
    var free = -Double.infinity
    let order = positions.indices.sorted { positions[$0] < positions[$1] }
    for index in order {
      let x = positions[index]
      let label = Label(axis.values[index].replacing("*", with: "×"))
      let half = label.width(fontSize: Axis.fontSize) / 2
      parts.append(Draw.line(x, area.bottom, x, area.bottom + 5, classes: "rz-thin rz-frame"))
      // The last value is worth more than the one before it.
      let isCrowded = index != order.last && x + half + 5 > lastStart(order)
      guard x - half > free, !isCrowded else { continue }
      free = x + half + 5
      parts.append(Draw.text(label, x: x, y: area.bottom + 19, anchor: .middle, classes: "rz-muted"))
    }
    parts.append(
      Draw.text(title, x: (area.left + area.right) / 2, y: area.bottom + 41, anchor: .middle, classes: "rz-ink"))
    return .element("g", [:], parts)
  }

  private func lastStart(_ order: [Int]) -> Double {
    guard let last = order.last else { return .infinity }
    return positions[last] - Label(axis.values[last]).width(fontSize: Axis.fontSize) / 2
  }
}
