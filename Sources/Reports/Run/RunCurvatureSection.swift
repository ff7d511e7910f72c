import Analyses

/// What was measured of one operator over a run.
enum RunCurvatureSection {
  /// Rows of the table of measurements on the page.
  private static let mostRows = 100

  static func anchor(_ number: Int) -> String { "curvature-\(number + 1)" }

  static func drawn(
    _ subject: RunSubject, number: Int, _ description: RunDescription, _ history: RunHistory,
    _ steps: ClosedRange<Double>
  ) -> Markup {
    let prefix = "\(anchor(number))-"
    let measurements = history.measurements(of: subject)
    let charts = CurvatureCharts(
      prefix: prefix, measurements: measurements, edgeFormula: description.edgeFormula
    ).all
    var figures = charts.compactMap { RunFigure.drawn($0, steps) }
    let densities = densityFigures(prefix, measurements, description, steps)
    // Sharpness first, then where all eigenvalues are.
    figures.insert(contentsOf: densities, at: min(1, figures.count))
    let blocks = BlockCharts(
      prefix: prefix, blocks: history.blocks(of: subject).map { ($0, history.measurements(of: subject, block: $0)) }
    ).all.compactMap { RunFigure.drawn($0, steps) }
    var parts: [Markup] = [
      .element("h2", ["id": anchor(number)], [.text(subject.title)]),
      Page.paragraph([.text(basis(measurements))]),
      .element("div", ["class": "figures"], figures),
    ]
    if !blocks.isEmpty {
      parts.append(.element("h3", [:], ["Layer by layer"]))
      parts.append(.element("div", ["class": "figures"], blocks))
    }
    return .element("section", [:], parts + [notes(measurements), table(measurements, number)])
  }

  private static func basis(_ measurements: [RunMeasurement]) -> String {
    let samples = Set(measurements.map(\.samples)).sorted()
    let products = measurements.reduce(0) { $0 + $1.products }
    var text = NumberText.counted(measurements.count, "measurement")
    if let first = samples.first, let last = samples.last {
      text +=
        first == last
        ? " on \(NumberText.counted(first, "sample", separator: "\u{202F}"))"
        : " on \(NumberText.count(first)) to \(NumberText.count(last)) samples"
    }
    if products > 0 { text += ", \(NumberText.counted(products, "operator product", separator: "\u{202F}"))" }
    return text + "."
  }

  /// What measurements say the reader should know: each text once, with the times it was said.
  private static func notes(_ measurements: [RunMeasurement]) -> Markup {
    var said: [(text: String, times: Int, last: Int)] = []
    var places: [String: Int] = [:]
    for measurement in measurements {
      for note in measurement.notes ?? [] {
        if let place = places[note] {
          said[place].times += 1
          said[place].last = measurement.step
        } else if said.count < mostRows {
          places[note] = said.count
          said.append((note, 1, measurement.step))
        }
      }
    }
    if said.isEmpty { return .empty }
    let items = said.map { note in
      let when =
        note.times == 1
        ? "at step \(NumberText.count(note.last))"
        : "\(NumberText.count(note.times)) times, last at step \(NumberText.count(note.last))"
      return Markup.element("li", [:], [.text("\(note.text) (\(when))")])
    }
    return .sequence([.element("h3", [:], ["Notes"]), .element("ul", [:], items)])
  }

  private static func densityFigures(
    _ prefix: String, _ measurements: [RunMeasurement], _ description: RunDescription, _ steps: ClosedRange<Double>
  ) -> [Markup] {
    var figures: [Markup] = []
    if let map = RunDensityMap(measurements, parameters: description.parameters),
      let wide = map.drawn(name: prefix + "density", steps: steps, width: FigureWidth.wide)
    {
      figures.append(
        Page.figure(
          wide: wide, compact: map.drawn(name: prefix + "density", steps: steps, width: FigureWidth.compact)))
    }
    let moments = DensityOverlay(measurements, parameters: description.parameters)
    if let wide = moments?.drawn(name: prefix + "moments", width: FigureWidth.wide) {
      figures.append(
        Page.figure(wide: wide, compact: moments?.drawn(name: prefix + "moments", width: FigureWidth.compact)))
    }
    return figures
  }

  private static func table(_ measurements: [RunMeasurement], _ number: Int) -> Markup {
    let shown = measurements.suffix(mostRows)
    let columns: [(title: String, numeric: Bool, cell: (RunMeasurement) -> Markup?)] = [
      ("step", true, { Page.count($0.step) }),
      ("taken", false, { .text($0.reason) }),
      ("loss", true, { $0.loss.map { Page.number($0) } }),
      ("λ₁", true, { $0.top.first.map { Page.number($0, digits: 6) } }),
      ("residual", true, { $0.topResiduals.first.map { Page.number($0, digits: 2) } }),
      ("sharpness", true, { $0.sharpness.map { Page.number($0) } }),
      ("edge", true, { $0.edge.map { Page.number($0) } }),
      ("lowest λ", true, { $0.bottom.first.map { Page.number($0) } }),
      ("trace", true, { $0.trace.map(Page.estimate) }),
      ("negative mass", true, { $0.negativeMass.map { Page.number($0, digits: 3) } }),
      ("outliers", true, { $0.outliers.map { Page.count($0) } }),
      ("gradient fraction", true, { $0.gradientFraction.map(Page.estimate) }),
      ("overlap", true, { $0.overlap.map(Page.estimate) }),
      ("predicted Δ", true, { $0.lossChange.map { Page.estimate($0.predicted) } }),
      ("observed Δ", true, { $0.lossChange.map { Page.estimate($0.observed) } }),
      ("descent limit on η", true, { $0.lossChange?.descentLimit.map { Page.number($0, digits: 3) } }),
    ].filter { column in shown.contains { column.2($0) != nil } }
    let left = measurements.count - shown.count
    return .element(
      "details", ["id": "measurements-\(number + 1)"],
      [
        .element("summary", [:], ["Every measurement in numbers"]),
        left > 0
          ? Page.paragraph([
            .text("The last \(shown.count); the \(NumberText.count(left)) before them are in "),
            Page.code(RunDirectory.historyFile), ".",
          ]) : .empty,
        Page.table(
          columns.map { ($0.title, $0.numeric) },
          shown.reversed().map { measurement in columns.map { $0.cell(measurement) ?? "" } },
          label: "Measurements"),
      ])
  }
}
