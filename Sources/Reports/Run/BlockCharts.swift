import Analyses

/// The charts of what was measured layer by layer.
struct BlockCharts {
  /// Lines that colours and marks still tell apart.
  private static let most = 8

  var prefix: String
  var blocks: [(name: String, measurements: [RunMeasurement])]

  var all: [RunChart] {
    [
      chart("block-sharpness", "Largest eigenvalue of each block", "*λ*_{1}") { $0.top.first },
      chart("block-trace", "Trace of each block", "trace") { $0.trace?.value },
    ].filter { !$0.isEmpty }
  }

  private func chart(
    _ name: String, _ title: String, _ unit: Label, _ value: (RunMeasurement) -> Double?
  ) -> RunChart {
    var present: [(name: String, points: [(step: Int, value: Double?)], last: Double)] = []
    for block in blocks {
      let points = block.measurements.map { (step: $0.step, value: value($0)) }
      guard let last = points.last(where: { $0.value?.isFinite == true })?.value else { continue }
      present.append((block.name, points, abs(last)))
    }
    // Those that end largest say most; they keep the order of the network.
    let order = present.indices.sorted { present[$0].last > present[$1].last }
    let largest = order.prefix(Self.most).sorted()
    let lines = largest.enumerated().map { number, index in
      RunLine.values(
        Label(plain: present[index].name), .ofLine(number), present[index].points, shape: .ofLine(number))
    }
    let left = present.count - lines.count
    return RunChart(
      name: prefix + name, title: title, unit: unit,
      caption: left > 0
        ? "The \(lines.count) blocks with the largest values at the end; \(NumberText.counted(left, "block")) more were measured."
        : "Every block that was measured.", lines: lines, axes: RunChart.axes(for: lines))
  }
}
