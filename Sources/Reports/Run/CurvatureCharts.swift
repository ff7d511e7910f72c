import Analyses

/// The charts of what was measured of one subject.
struct CurvatureCharts {
  /// Distinguishes the figures of several subjects on a page.
  var prefix: String
  var measurements: [RunMeasurement]
  var edgeFormula: String?

  var all: [RunChart] {
    ([sharpness, eigenvalues, gradientFraction, overlap] + changes + directions + [trace, negativeMass, outliers])
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
      RunLine.estimates("full gradient", .blue, measurements.map { ($0.step, $0.gradientFraction) }, within: 0...1),
      RunLine.estimates(
        "mini-batches", .green, measurements.map { ($0.step, $0.batchGradientFraction) }, within: 0...1, shape: .square),
      RunLine.estimates(
        "update", .purple, measurements.map { ($0.step, $0.updateFraction) }, within: 0...1, shape: .triangle),
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
    let line = RunLine.estimates("overlap", .blue, measurements.map { ($0.step, $0.overlap) }, within: 0...1)
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

  var changes: [RunChart] {
    [
      change(
        "loss-change", "Predicted and observed change of the loss in a step",
        "What the second-order model expects of a step of plain gradient descent"
      ) { $0.lossChange },
      change(
        "update-change", "Predicted and observed change of the loss in the optimiser’s own update",
        "What the second-order model expects of the update that the optimiser makes next"
      ) { $0.updateChange },
    ]
  }

  private func change(
    _ name: String, _ title: String, _ caption: String, _ value: (RunMeasurement) -> RunLossChange?
  ) -> RunChart {
    let changes = measurements.map { ($0.step, value($0)) }
    var observed = RunLine.values("observed, mean", .blue, changes.map { ($0.0, $0.1?.observed.value) })
    let quantiles = changes.compactMap { $0.1?.quantiles }
    if quantiles.count == observed.points.count, quantiles.allSatisfy({ $0.count == 5 }) {
      observed.intervals = quantiles.map { ($0[0], $0[4]) }
      observed.intervalsAreArea = true
    }
    let predicted = RunLine.estimates(
      "predicted", .vermilion, changes.map { ($0.0, $0.1?.predicted) }, shape: .diamond)
    let isSpread = !observed.intervals.isEmpty
    return RunChart(
      name: prefix + name, title: title, unit: "Δ loss",
      caption: caption + " (with two standard errors where there are any), and what came"
        + (isSpread ? ": the mean over drawn mini-batches, and an area that holds nine in ten of them." : "."),
      lines: [observed, predicted].filter { !$0.isEmpty }, holds: 0...0, axes: [.linear, .signed])
  }

  /// The leading eigendirections under the noisy quadratic model.
  var directions: [RunChart] {
    let present = measurements.compactMap { measurement in measurement.directions.map { (measurement.step, $0) } }
    let fates: [(String, SeriesColor)] = [
      ("trains", .blue), ("settled", .green), ("unstable", .vermilion), ("escapes", .purple),
    ]
    let counts = fates.enumerated().map { number, fate in
      RunLine.values(
        Label(plain: fate.0), fate.1,
        present.map { step, directions in (step, Double(directions.fates.count { $0 == fate.0 })) },
        shape: .ofLine(number))
    }.filter { line in line.points.contains { $0.value > 0 } }
    let within = RunLine.values(
      "within two deviations", .blue,
      present.map { step, directions in (step, Self.partWithin(directions)) })
    return [
      RunChart(
        name: prefix + "fates", title: "Which directions train", unit: "leading eigenvectors",
        caption:
          "What the noisy quadratic model says of each leading eigenvector: its loss still falls (trains), is down to the noise of "
          + "mini-batches (settled), oscillates above the edge (unstable), or curves downwards (escapes).",
        lines: counts, holds: 0...0),
      RunChart(
        name: prefix + "slopes", title: "Slopes foreseen by the noisy quadratic model",
        unit: "part of the eigenvectors",
        caption:
          "Along how many of the leading eigenvectors of the measurement before the slope is now within two standard deviations of "
          + "what the model foresaw; 0.95 where it holds.", lines: within.isEmpty ? [] : [within], holds: 0...1),
    ]
  }

  private static func partWithin(_ directions: RunDirections) -> Double? {
    let count = min(
      directions.earlierPredicted.count, directions.earlierDeviations.count, directions.earlierObserved.count)
    guard count > 0 else { return nil }
    let within = (0..<count).count { index in
      abs(directions.earlierObserved[index] - directions.earlierPredicted[index])
        <= 2 * directions.earlierDeviations[index]
    }
    return Double(within) / Double(count)
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
