/// The values of a long series over columns of pixels: what a picture of it can show, and no more.
///
/// Drawing every step of a long run would take megabytes; keeping every hundredth would lose the spikes. A column keeps
/// the extremes and the mean of all its finite values, in the order of columns. Cost: one pass over the series.
struct PixelColumns {
  struct Column {
    /// The middle of the column.
    var x: Double
    var lowest: Double
    var highest: Double
    var mean: Double
    var count: Int
  }

  /// Runs of columns without a gap.
  private(set) var runs: [[Column]] = []
  /// Whether any column holds more than two values: fewer are drawn as they are.
  private(set) var isDense = false

  /// - Parameter width: of a column, in pixels.
  init(_ points: [(step: Double, value: Double)], _ horizontal: Scale, width: Double = 1) {
    var run: [Column] = []
    var place = Int.min
    for point in points {
      guard point.value.isFinite, let x = horizontal.position(point.step) else {
        if !run.isEmpty { runs.append(run) }
        run = []
        place = .min
        continue
      }
      let next = Int((x / width).rounded(.down))
      if next == place, var last = run.popLast() {
        last.lowest = min(last.lowest, point.value)
        last.highest = max(last.highest, point.value)
        // A running mean: a sum of huge values would overflow.
        last.count += 1
        last.mean += (point.value / Double(last.count) - last.mean / Double(last.count))
        run.append(last)
        if last.count > 2 { isDense = true }
      } else {
        run.append(
          Column(
            x: (Double(next) + 0.5) * width, lowest: point.value, highest: point.value, mean: point.value, count: 1))
        place = next
      }
    }
    if !run.isEmpty { runs.append(run) }
  }
}
