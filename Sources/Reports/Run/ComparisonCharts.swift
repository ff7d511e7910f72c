import Analyses

/// Several subjects of one run side by side, such as the ways of batch normalisation.
struct ComparisonCharts {
  var subjects: [(subject: RunSubject, measurements: [RunMeasurement])]

  var all: [RunChart] {
    [
      chart("sharpness", "λ₁ side by side", "*λ*_{1}", RunChart.axes) { $0.top.first },
      chart("trace", "Trace side by side", "trace", RunChart.axes) { $0.trace?.value },
      chart("bulk", "λ₁ against the bulk side by side", "*λ*_{1} / *λ*_{C+1}", RunChart.axes) { $0.firstToBulk },
      chart(
        "fraction", "Gradient in the top eigenspace side by side", "‖*Pg*‖² / ‖*g*‖²", { _ in [.linear, .logarithmic] }
      ) {
        $0.gradientFraction?.value
      },
      chart("negative", "Negative mass side by side", "negative mass", { _ in [.linear, .logarithmic] }) {
        $0.negativeMass ?? $0.density?.negativeMass
      },
    ].filter { $0.lines.count > 1 }
  }

  private func chart(
    _ name: String, _ title: String, _ unit: Label, _ axes: ([RunLine]) -> [RunAxis],
    _ value: (RunMeasurement) -> Double?
  ) -> RunChart {
    let lines = subjects.enumerated().map { number, subject in
      RunLine.values(
        Label(plain: subject.subject.title), .ofLine(number), subject.measurements.map { ($0.step, value($0)) },
        shape: .ofLine(number))
    }.filter { !$0.isEmpty }
    return RunChart(
      name: "comparison-" + name, title: title, unit: unit, caption: "At the same parameters and on the same samples.",
      lines: lines, axes: axes(lines))
  }
}
