import Analyses

/// The charts of what was measured of one operator.
struct CurvatureCharts {
  var operatorName: String
  /// Distinguishes the figures of several operators on a page.
  var prefix: String
  var measurements: [RunMeasurement]
  var edgeFormula: String?

  var all: [RunChart] {
    [sharpness, eigenvalues, gradientFraction, overlap, lossChange, trace, negativeMass, outliers]
      .filter { !$0.isEmpty }
  }

  /// λ₁, or what the optimiser makes of it, against the edge.
  var sharpness: RunChart {
    let leading = RunLine(
      label: "*λ*_{1}", color: .blue, form: .measured,
      points: measurements.compactMap { measurement in
        measurement.top.first.map { (Double(measurement.step), $0) }
      },
      intervals: measurements.compactMap { measurement in
        measurement.top.first.map { value in
          let residual = measurement.topResiduals.first ?? 0
          return (value - residual, value + residual)
        }
      })
    // Where it is λ₁ itself, one line says all.
    let differs = measurements.contains { measurement in
      guard let sharpness = measurement.sharpness else { return false }
      guard let first = measurement.top.first else { return true }
      return abs(sharpness - first) > 1e-6 * abs(first)
    }
    let sharpness = RunLine.values(
      "sharpness", .green, measurements.map { ($0.step, differs ? $0.sharpness : nil) }, shape: .square)
    let edge = RunLine.values("edge", .vermilion, measurements.map { ($0.step, $0.edge) }, form: .reference)
    let lines = [leading, sharpness, edge].filter { !$0.isEmpty }
    var caption = "The largest eigenvalue, with its residual."
    if differs { caption += " Sharpness is that of the matrix the optimiser sees, which the edge is held against." }
    if !edge.isEmpty {
      caption += " Above the edge\(edgeFormula.map { " \($0)" } ?? "") steps along the eigenvector grow."
    }
    return RunChart(
      name: prefix + "sharpness", title: "λ₁ and the edge of stability", unit: "eigenvalue", caption: caption,
      lines: leading.isEmpty && sharpness.isEmpty ? [] : lines, axes: RunChart.axes(for: lines))
  }

  var eigenvalues: RunChart {
    let most = 12
    let count = min(most, measurements.map(\.top.count).max() ?? 0)
    let lowest = min(4, measurements.map(\.bottom.count).max() ?? 0)
    guard count + lowest > 1 else { return RunChart(name: "", title: "", unit: "", caption: "", lines: []) }
    func lines(_ count: Int, _ color: SeriesColor, _ name: String, _ values: (RunMeasurement) -> [Double]) -> [RunLine]
    {
      (0..<count).map { index in
        RunLine.values(
          Label("*λ*_{\(name)\(index + 1)}"), color,
          measurements.map { ($0.step, values($0).indices.contains(index) ? values($0)[index] : nil) })
      }
    }
    let all = lines(count, .blue, "") { $0.top } + lines(lowest, .vermilion, "−") { $0.bottom }
    return RunChart(
      name: prefix + "eigenvalues", title: "Leading and lowest eigenvalues", unit: "eigenvalue",
      caption:
        "The \(count) largest eigenvalues in order of size"
        + (lowest > 0 ? ", and the \(lowest) lowest (second colour)." : ".")
        + " A line is a rank, not an eigenvector: where two eigenvalues cross, lines only touch.",
      lines: all.filter { !$0.isEmpty }, axes: [.signed, .linear],
      legend: [
        (.curve(.blue), Label("largest")), (.curve(.vermilion), Label("lowest")),
      ].prefix(lowest > 0 ? 2 : 1).map { $0 })
  }

  var gradientFraction: RunChart {
    let lines = [
      RunLine.estimates("full gradient", .blue, measurements.map { ($0.step, $0.gradientFraction) }),
      RunLine.estimates(
        "mini-batches", .green, measurements.map { ($0.step, $0.batchGradientFraction) }, shape: .square),
      RunLine.estimates("update", .purple, measurements.map { ($0.step, $0.updateFraction) }, shape: .triangle),
    ].filter { !$0.isEmpty }
    let chance = RunLine.values(
      "chance", .vermilion, measurements.map { ($0.step, $0.fractionByChance) }, form: .reference)
    return RunChart(
      name: prefix + "gradient-fraction", title: "Gradient in the top eigenspace", unit: "‖*Pg*‖² / ‖*g*‖²",
      caption:
        "The part of the gradient along the leading eigenvectors, for all samples, for mini-batches (mean with two standard errors) and "
        + "for the optimiser’s update, against a random direction.",
      lines: lines.isEmpty ? [] : lines + (chance.isEmpty ? [] : [chance]), holds: 0...1,
      axes: [.linear, .logarithmic])
  }

  var overlap: RunChart {
    let line = RunLine.estimates("overlap", .blue, measurements.map { ($0.step, $0.overlap) })
    let chance = RunLine.values(
      "chance", .vermilion, measurements.map { ($0.step, $0.overlapByChance) }, form: .reference)
    return RunChart(
      name: prefix + "overlap", title: "Top eigenspace against the measurement before",
      unit: "Tr(*P*_{1}*P*_{2}) / *k*",
      caption:
        "Mean squared cosine of the principal angles between the leading eigenvectors of one measurement and those of the one before: 1 "
        + "where the space stayed. It is left out where the gap below it is smaller than its residual.",
      lines: line.isEmpty ? [] : [line] + (chance.isEmpty ? [] : [chance]), holds: 0...1,
      axes: [.linear, .logarithmic])
  }

  var lossChange: RunChart {
    let changes = measurements.map { ($0.step, $0.lossChange) }
    var observed = RunLine.values("observed, mean", .blue, changes.map { ($0.0, $0.1?.observed.value) })
    let quantiles = changes.compactMap { $0.1?.quantiles }
    if quantiles.count == observed.points.count, quantiles.allSatisfy({ $0.count == 5 }) {
      observed.intervals = quantiles.map { ($0[0], $0[4]) }
      observed.intervalsAreArea = true
    }
    let predicted = RunLine.estimates(
      "predicted", .vermilion, changes.map { ($0.0, $0.1?.predicted) }, shape: .diamond)
    return RunChart(
      name: prefix + "loss-change", title: "Predicted and observed change of the loss in a step", unit: "Δ loss",
      caption:
        "What the second-order model expects of the next step (with two standard errors), and the mean of what came, over drawn "
        + "mini-batches; the area holds nine in ten of them.",
      lines: [observed, predicted].filter { !$0.isEmpty }, holds: 0...0, axes: [.linear, .signed])
  }

  var trace: RunChart {
    let line = RunLine.estimates("trace", .blue, measurements.map { ($0.step, $0.trace) })
    return RunChart(
      name: prefix + "trace", title: "Trace", unit: "trace", caption: "With two standard errors.",
      lines: line.isEmpty ? [] : [line], axes: RunChart.axes(for: [line]))
  }

  var negativeMass: RunChart {
    let line = RunLine.values(
      "negative mass", .blue, measurements.map { ($0.step, $0.negativeMass ?? $0.density?.negativeMass) })
    return RunChart(
      name: prefix + "negative-mass", title: "Negative mass", unit: "∫_{λ<0} |*λ*|*φ* / ∫|*λ*|*φ*",
      caption: "The part of all curvature that is negative.", lines: line.isEmpty ? [] : [line], holds: 0...0,
      axes: [.linear, .logarithmic])
  }

  var outliers: RunChart {
    let count = RunLine.values("outliers", .blue, measurements.map { ($0.step, $0.outliers.map(Double.init)) })
    let gap = RunLine.values(
      "ratio at the gap", .vermilion, measurements.map { ($0.step, $0.outlierGap) }, shape: .square)
    let bulk = RunLine.values(
      "*λ*_{1} to bulk", .green, measurements.map { ($0.step, $0.firstToBulk) }, shape: .triangle)
    return RunChart(
      name: prefix + "outliers", title: "Outliers", unit: "count, ratios",
      caption:
        "How many leading eigenvalues stand apart, the ratio across the gap below them, and that of the first to the one below as many as "
        + "there are classes.",
      lines: [count, gap, bulk].filter { !$0.isEmpty }, axes: [.logarithmic, .linear])
  }
}
