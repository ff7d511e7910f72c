import Analyses

/// A quantity over the steps of a run, as a chart draws it.
struct RunLine {
  enum Form {
    /// A value a step: where several fall on a column of pixels, their range as an area and their mean as a line.
    case dense
    /// Measured values joined by a line, with marks where there is room.
    case measured
    /// A line to hold others against, dashed.
    case reference
  }

  var label: Label
  var color: SeriesColor
  var form: Form
  /// In order of steps; values that are not finite leave a gap.
  var points: [(step: Double, value: Double)]
  /// Intervals around the points, one for each or none at all.
  var intervals: [(lower: Double, upper: Double)] = []
  /// Where intervals are drawn as an area and not as bars.
  var intervalsAreArea = false
  var shape = MarkShape.circle

  var isEmpty: Bool { !points.contains { $0.value.isFinite } }

  /// Every finite value that is to be seen.
  var values: [Double] {
    (points.map(\.value) + intervals.flatMap { [$0.lower, $0.upper] }).filter(\.isFinite)
  }
}

extension RunLine {
  /// The line of estimates with their errors: a standard error is drawn two errors wide, a bound once.
  static func estimates(
    _ label: Label, _ color: SeriesColor, _ values: [(step: Int, estimate: RunEstimate?)],
    within range: ClosedRange<Double> = -.infinity ... .infinity, shape: MarkShape = .circle
  ) -> RunLine {
    let present = values.compactMap { value in value.estimate.map { (value.step, $0) } }
    return RunLine(
      label: label, color: color, form: .measured, points: present.map { (Double($0.0), $0.1.value) },
      intervals: present.map { _, estimate in
        let error = (estimate.error ?? 0) * (estimate.isBound ? 1 : 2)
        return (max(estimate.value - error, range.lowerBound), min(estimate.value + error, range.upperBound))
      }, shape: shape)
  }

  /// The line of plain values; those that are missing are left out.
  static func values(
    _ label: Label, _ color: SeriesColor, _ values: [(step: Int, value: Double?)], form: Form = .measured,
    shape: MarkShape = .circle
  ) -> RunLine {
    RunLine(
      label: label, color: color, form: form,
      points: values.compactMap { value in value.value.map { (Double(value.step), $0) } }, shape: shape)
  }
}
