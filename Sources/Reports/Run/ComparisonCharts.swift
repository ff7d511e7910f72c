import Analyses

/// Measurements side by side: of several subjects of one run, such as the ways of batch normalisation, or of several runs.
struct ComparisonCharts {
  /// A line of every chart; the number chooses its colour and its marks.
  typealias Row = (label: Label, number: Int, measurements: [RunMeasurement])

  var rows: [Row]
  /// What the rows have in common.
  var caption: String

  var all: [RunChart] {
    let automatic = RunChart.axes
    let fraction: ([RunLine]) -> [RunAxis] = { _ in [.linear, .logarithmic] }
    return [
      estimates("sharpness", "λ₁ side by side", "*λ*_{1}", automatic) { $0.leading },
      estimates("trace", "Trace side by side", "trace", automatic) { $0.trace },
      values("bulk", "λ₁ against the bulk side by side", "*λ*_{1} / *λ*_{C+1}", automatic) { $0.firstToBulk },
      values("outliers", "Outliers side by side", "eigenvalues outside the bulk", { _ in [.linear] }) {
        $0.outliers.map(Double.init)
      },
      estimates(
        "fraction", "Gradient in the top eigenspace side by side", "‖*Pg*‖² / ‖*g*‖²", fraction, within: 0...1
      ) { $0.gradientFraction },
      estimates(
        "batch-fraction", "Mini-batch gradients in the top eigenspace side by side", "‖*Pg*‖² / ‖*g*‖²", fraction,
        within: 0...1
      ) { $0.batchGradientFraction },
      values("negative", "Negative mass side by side", "negative mass", fraction) {
        $0.negativeMass ?? $0.density?.negativeMass
      },
    ].filter { $0.lines.count > 1 }
  }

  private func values(
    _ name: String, _ title: String, _ unit: Label, _ axes: ([RunLine]) -> [RunAxis],
    _ value: (RunMeasurement) -> Double?
  ) -> RunChart {
    chart(name, title, unit, axes) { row in
      RunLine.values(
        row.label, .ofLine(row.number), row.measurements.map { ($0.step, value($0)) }, shape: .ofLine(row.number))
    }
  }

  private func estimates(
    _ name: String, _ title: String, _ unit: Label, _ axes: ([RunLine]) -> [RunAxis],
    within range: ClosedRange<Double> = -.infinity ... .infinity, _ value: (RunMeasurement) -> RunEstimate?
  ) -> RunChart {
    chart(name, title, unit, axes) { row in
      RunLine.estimates(
        row.label, .ofLine(row.number), row.measurements.map { ($0.step, value($0)) }, within: range,
        shape: .ofLine(row.number))
    }
  }

  private func chart(
    _ name: String, _ title: String, _ unit: Label, _ axes: ([RunLine]) -> [RunAxis],
    _ line: (Row) -> RunLine
  ) -> RunChart {
    let lines = rows.map(line).filter { !$0.isEmpty }
    return RunChart(
      name: "comparison-" + name, title: title, unit: unit, caption: caption, lines: lines, axes: axes(lines))
  }
}

extension RunMeasurement {
  /// λ₁, with its standard error over the data where that was asked for, and with its residual, which bounds how far
  /// it is from an eigenvalue.
  var leading: RunEstimate? {
    top.first.map { value in
      guard let error = topDataErrors.first else {
        return RunEstimate(value, error: topResiduals.first, isBound: true)
      }
      return RunEstimate(
        value, error: (error * error + (topResiduals.first ?? 0) * (topResiduals.first ?? 0)).squareRoot())
    }
  }
}
