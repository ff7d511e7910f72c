import Analyses

/// The records of a run as events, under the names TensorBoard groups them by.
enum RunEvents {
  /// What is said once: the description of the run.
  static func description(_ description: RunDescription, time: Double) -> EventRecord {
    let rows = [
      ("network", description.network), ("parameters", String(description.parameters)), ("data", description.data),
      ("samples", String(description.samples)), ("loss", description.loss), ("precision", description.precision),
      ("optimiser", description.optimizer), ("edge", description.edgeFormula ?? ""),
      ("batch", String(description.batchSize)), ("seed", String(description.seed)),
      ("command", CommandLineText.quoted(description.command)),
    ]
    // A table of Markdown, which TensorBoard sets.
    let lines = rows.filter { !$0.1.isEmpty }.map { "| \($0.0) | \(cell($0.1)) |" }
    return EventRecord(
      time: time, step: 0, values: [("run", .text((["| | |", "|---|---|"] + lines).joined(separator: "\n")))])
  }

  private static func cell(_ text: String) -> String {
    TerminalStyle.sanitized(text).replacing("\\", with: "\\\\").replacing("|", with: "\\|")
  }

  static func record(_ record: RunRecord, parameters: Int, time: Double) -> EventRecord? {
    let step: Int
    var values: [(tag: String, value: EventRecord.Value)] = []
    func add(_ tag: String, _ number: Double?) {
      if let number { values.append((tag, .scalar(number))) }
    }
    switch record {
    case .step(let record):
      step = record.step
      add("training/loss", record.loss)
      add("training/learning_rate", record.learningRate)
      add("training/gradient_norm", record.gradientNorm)
      add("training/update_norm", record.updateNorm)
    case .evaluation(let record):
      step = record.step
      add("evaluation/loss_\(record.set)", record.loss)
      add("evaluation/accuracy_\(record.set)", record.accuracy)
    case .measurement(let record):
      step = record.step
      let group = [record.operatorName, record.batchNormalization, record.block].compactMap { $0 }
        .joined(separator: "/")
      for (index, value) in record.top.prefix(10).enumerated() { add("\(group)/top/\(index + 1)", value) }
      for (index, value) in record.bottom.prefix(4).enumerated() { add("\(group)/bottom/\(index + 1)", value) }
      add("\(group)/edge", record.edge)
      add("\(group)/sharpness", record.sharpness)
      if let edge = record.edge, let sharpness = record.sharpness, edge > 0 {
        add("\(group)/sharpness_of_edge", sharpness / edge)
      }
      add("\(group)/trace", record.trace?.value)
      add("\(group)/negative_mass", record.negativeMass ?? record.density?.negativeMass)
      add("\(group)/outliers", record.outliers.map(Double.init))
      add("\(group)/gradient_fraction/full", record.gradientFraction?.value)
      add("\(group)/gradient_fraction/batch", record.batchGradientFraction?.value)
      add("\(group)/gradient_fraction/update", record.updateFraction?.value)
      add("\(group)/gradient_fraction/chance", record.fractionByChance)
      add("\(group)/overlap", record.overlap?.value)
      add("\(group)/loss_change/predicted", record.lossChange?.predicted.value)
      add("\(group)/loss_change/observed", record.lossChange?.observed.value)
      add("\(group)/update_change/predicted", record.updateChange?.predicted.value)
      add("\(group)/update_change/observed", record.updateChange?.observed.value)
      if record.block == nil, let density = record.density,
        let histogram = histogram(density, parameters: parameters)
      {
        values.append(("\(group)/density", histogram))
      }
    }
    return values.isEmpty ? nil : EventRecord(time: time, step: step, values: values)
  }

  /// P ∫ φ between neighbouring points of the grid, by the trapezoidal rule: how many eigenvalues lie there. At most
  /// 400 intervals.
  private static func histogram(_ density: ReportedDensity, parameters: Int) -> EventRecord.Value? {
    let points = zip(density.grid, density.density).filter { $0.isFinite && $1.isFinite }.sorted { $0.0 < $1.0 }
    guard points.count > 1, let first = points.first, let last = points.last else { return nil }
    let together = (points.count + 399) / 400
    var limits = [first.0]
    var weights = [0.0]
    for start in stride(from: 0, to: points.count - 1, by: together) {
      let end = min(start + together, points.count - 1)
      let mass = (start..<end).reduce(0.0) { sum, index in
        let (left, right) = (points[index], points[index + 1])
        return sum + max(0, (left.1 + right.1) / 2 * (right.0 - left.0))
      }
      limits.append(points[end].0)
      weights.append(mass * Double(parameters))
    }
    return .histogram(limits: limits, weights: weights, lowest: first.0, highest: last.0)
  }
}
