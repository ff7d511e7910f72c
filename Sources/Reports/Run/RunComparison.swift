public import Analyses
import Archives

/// The page of several runs side by side, such as networks with and without batch normalisation.
///
///     try RunComparison.write(["runs/with", "runs/without"].map(RunDirectory.init), to: "comparison.html", tool: tool)
///
/// One self-contained file, as that of a single run: what the runs measured at the start, in the middle and at the end
/// as a table, their densities at these moments over each other, loss and curvature over the steps, and the settings
/// they differ in.
public enum RunComparison {
  /// A run and what it is called on the page.
  public struct Run: Sendable {
    public var name: String
    public var description: RunDescription
    public var history: RunHistory

    public init(name: String, description: RunDescription, history: RunHistory) {
      self.name = name
      self.description = description
      self.history = history
    }
  }

  /// What was measured of one subject in one run.
  private struct Row {
    var run: Run
    var name: String
    /// Of its line in every figure.
    var number: Int
    var measurements: [RunMeasurement]

    var color: SeriesColor { .ofLine(number) }
  }

  /// Reads the runs and leaves the page in a file.
  ///
  /// - Throws: `InputError` where one is no run, its files are damaged, or the page cannot be written.
  public static func write(_ directories: [RunDirectory], to file: String, tool: ReportedTool) throws {
    let names = distinctNames(directories.map(\.path))
    let runs = try zip(directories, names).map { directory, name in
      try Run(
        name: name, description: directory.description(), history: RunHistory(directory.records().records))
    }
    try AtomicFile.write(Array(html(runs, tool: tool).utf8), to: file)
  }

  /// The last component of each path; the whole paths where two are alike.
  static func distinctNames(_ paths: [String]) -> [String] {
    let names = paths.map { path in path.split(separator: "/").last.map(String.init) ?? path }
    return Set(names).count == names.count ? names : paths
  }

  /// The text of the page.
  public static func html(_ runs: [Run], tool: ReportedTool) -> String {
    let title = "\(NumberText.counted(runs.count, "run")) side by side"
    let steps = 0...Double(max(1, runs.map(\.history.stepsTaken).max() ?? 1))
    let rows = rows(runs)
    let moments = moments(rows)
    let parts: [(anchor: String, title: String, body: [Markup])] = [
      ("numbers", "In numbers", numbers(moments)),
      ("densities", "Densities", densities(moments)),
      ("curvature", "Curvature", figures(curvature(rows), steps)),
      ("training", "Training", figures(training(runs), steps)),
      ("settings", "Settings", settings(runs)),
    ].filter { !$0.2.isEmpty }
    let header = Markup.element(
      "header", [:],
      [
        .element("h1", [:], [.text(title)]), Page.paragraph([.text(lead(runs))], class: "lead"),
        .element(
          "nav", ["aria-label": "Sections"],
          parts.map { Markup.element("a", ["href": "#" + $0.anchor], [.text($0.title)]) }),
      ])
    let footer = Markup.element(
      "footer", [:],
      [
        .text(
          "\(tool.name) \(tool.version) · every number is in \(RunDirectory.historyFile) of its run with all its digits"
        )
      ])
    return Page.document(
      title, tool: tool,
      [header]
        + parts.map { part in
          .element("section", [:], [.element("h2", ["id": part.anchor], [.text(part.title)])] + part.body)
        } + [footer])
  }

  private static func lead(_ runs: [Run]) -> String {
    func common(_ value: (RunDescription) -> String) -> String? {
      let values = Set(runs.map { value($0.description) })
      return values.count == 1 ? values.first : nil
    }
    return [
      common(\.network), common { SourceName.ofData($0.data) }, common { $0.loss + " loss" }, common(\.optimizer),
      common { $0.precision + " precision" },
    ].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " · ")
  }

  /// The subjects of all runs. A run of one subject has its own number, and further subjects have those behind the runs'.
  private static func rows(_ runs: [Run]) -> [Row] {
    // Which one it is stands with the settings where no run has two.
    let isCommon = runs.allSatisfy { $0.history.subjects.count <= 1 }
    var further = runs.count
    return runs.enumerated().flatMap { index, run in
      run.history.subjects.enumerated().map { place, subject in
        if place > 0 { further += 1 }
        return Row(
          run: run, name: isCommon ? run.name : "\(run.name): \(subject.title)",
          number: place == 0 ? index : further - 1, measurements: run.history.measurements(of: subject))
      }
    }
  }

  // MARK: - Moments

  /// The rows at the first measurement, at the one nearest to half of the last one's step, and at the last; a single
  /// measurement after the first step stands at the end. Where a row has densities, only measurements with one are
  /// chosen from.
  private static func moments(_ rows: [Row]) -> [(title: String, rows: [(row: Row, measurement: RunMeasurement)])] {
    typealias Chosen = (row: Row, first: RunMeasurement?, middle: RunMeasurement?, last: RunMeasurement?)
    let chosen = rows.map { row -> Chosen in
      let measured = row.measurements.filter { $0.density != nil }
      let all = measured.isEmpty ? row.measurements : measured
      guard let first = all.first, let last = all.last, all.count > 1 else {
        return all.first?.step == 0 ? (row, all.first, nil, nil) : (row, nil, nil, all.first)
      }
      let middle = all.dropFirst().dropLast().min { abs(2 * $0.step - last.step) < abs(2 * $1.step - last.step) }
      return (row, first, middle, last)
    }
    func present(_ moment: (Chosen) -> RunMeasurement?) -> [(row: Row, measurement: RunMeasurement)] {
      chosen.compactMap { chosen in moment(chosen).map { (chosen.row, $0) } }
    }
    return [
      ("At the start", present(\.first)), ("In the middle", present(\.middle)), ("At the end", present(\.last)),
    ].filter { !$0.1.isEmpty }
  }

  private static func densities(
    _ moments: [(title: String, rows: [(row: Row, measurement: RunMeasurement)])]
  ) -> [Markup] {
    let figures = moments.enumerated().compactMap { number, moment -> Markup? in
      let overlay = DensityOverlay(
        moment.rows.compactMap { row, measurement in
          measurement.density.map { density in
            DensityOverlay.Entry(
              label: Label(plain: "\(row.name), step \(NumberText.count(measurement.step))"), color: row.color,
              parameters: row.run.description.parameters,
              density: density, dataErrors: measurement.densityDataErrors)
          }
        }, title: "Density " + moment.title.prefix(1).lowercased() + moment.title.dropFirst())
      let name = "density-\(number + 1)"
      guard let wide = overlay?.drawn(name: name, width: FigureWidth.wide) else { return nil }
      return Page.figure(wide: wide, compact: overlay?.drawn(name: name, width: FigureWidth.compact))
    }
    return figures.isEmpty ? [] : [.element("div", ["class": "figures"], figures)]
  }

  private static func numbers(
    _ moments: [(title: String, rows: [(row: Row, measurement: RunMeasurement)])]
  ) -> [Markup] {
    let sizes = Set(moments.flatMap(\.rows).map(\.measurement.samples))
    let measured = moments.flatMap(\.rows).map(\.measurement)
    var meanings = ["λ₁ with its residual, and its standard error over the data where that was asked for"]
    if measured.contains(where: { $0.firstToBulk != nil }) {
      meanings.append("over bulk, λ₁/λ at C + 1, with C the number of classes")
    }
    if measured.contains(where: { $0.outliers != nil }) {
      meanings.append("outliers, the eigenvalues above the widest gap, with the ratio of the two beside it")
    }
    if measured.contains(where: { $0.gradientFraction != nil }) {
      meanings.append("the gradient’s part in the top eigenspace, ‖Pg‖²/‖g‖²")
    }
    return [Page.paragraph([.text(meanings.joined(separator: "; ") + ".")])]
      + moments.flatMap { moment -> [Markup] in
        let columns: [(title: String, numeric: Bool, cell: (Row, RunMeasurement) -> Markup?)] = [
          ("run", false, { row, _ in .text(row.name) }),
          ("step", true, { Page.count($1.step) }),
          ("samples", true, { sizes.count > 1 ? Page.count($1.samples) : nil }),
          ("loss", true, { $1.loss.map { Page.number($0) } }),
          ("accuracy", true, { row, measurement in accuracy(row.run, at: measurement.step) }),
          ("λ₁", true, { $1.leading.map { Page.estimate($0) } }),
          ("λ₁ over bulk", true, { $1.firstToBulk.map { Page.number($0, digits: 3) } }),
          ("outliers (gap)", true, { outliers($1) }),
          ("trace", true, { $1.trace.map { Page.estimate($0) } }),
          ("negative mass", true, { ($1.negativeMass ?? $1.density?.negativeMass).map { Page.number($0, digits: 3) } }),
        ].filter { column in moment.rows.contains { column.2($0.row, $0.measurement) != nil } }
        return [
          .element("h3", [:], [.text(moment.title)]),
          Page.table(
            columns.map { ($0.title, $0.numeric) },
            moment.rows.map { row, measurement in columns.map { $0.cell(row, measurement) ?? "" } },
            label: moment.title, isTight: true),
        ]
      } + fractions("The gradient in the top eigenspace", moments) { $0.gradientFraction }
      + fractions("Mini-batch gradients in the top eigenspace", moments) { $0.batchGradientFraction }
  }

  /// A number of every row at the moments, with that of a random vector.
  private static func fractions(
    _ title: String, _ moments: [(title: String, rows: [(row: Row, measurement: RunMeasurement)])],
    _ fraction: (RunMeasurement) -> RunEstimate?
  ) -> [Markup] {
    let names = moments.flatMap { $0.rows.map(\.row.name) }.reduce(into: [String]()) { names, name in
      if !names.contains(name) { names.append(name) }
    }
    func measurement(_ name: String, _ moment: Int) -> RunMeasurement? {
      moments[moment].rows.first { $0.row.name == name }?.measurement
    }
    let shown = names.filter { name in
      moments.indices.contains { measurement(name, $0).flatMap(fraction) != nil }
    }
    guard !shown.isEmpty else { return [] }
    return [
      .element("h3", [:], [.text(title)]),
      Page.table(
        [("run", false)] + moments.map { ($0.title.lowercased(), true) } + [("by chance", true)],
        shown.map { name in
          let chance = moments.indices.lazy.compactMap { measurement(name, $0)?.fractionByChance }.first
          return [.text(name)]
            + moments.indices.map { measurement(name, $0).flatMap(fraction).map { Page.estimate($0) } ?? "" }
            + [chance.map { Page.number($0, digits: 2) } ?? ""]
        }, label: title),
    ]
  }

  /// How many eigenvalues the widest gap sets apart, and the ratio of the two beside it.
  private static func outliers(_ measurement: RunMeasurement) -> Markup? {
    measurement.outliers.map { count in
      let gap = measurement.outlierGap.map { " (\(NumberText.typeset($0, digits: 3)))" } ?? ""
      return .text(NumberText.count(count) + gap)
    }
  }

  /// Of the samples that are not trained on, at the last evaluation up to a step.
  private static func accuracy(_ run: Run, at step: Int) -> Markup? {
    run.history.evaluations.last { $0.set == "validation" && $0.step <= step }?.accuracy
      .map { .text(NumberText.percentage($0)) }
  }

  // MARK: - Charts

  private static func curvature(_ rows: [Row]) -> [RunChart] {
    ComparisonCharts(
      rows: rows.map { (Label(plain: $0.name), $0.number, $0.measurements) },
      caption: "Each as its run measured it; bars are two standard errors, or a bound."
    ).all
  }

  private static func training(_ runs: [Run]) -> [RunChart] {
    func lines(_ value: (RunHistory) -> [(step: Int, value: Double?)], _ form: RunLine.Form) -> [RunLine] {
      runs.enumerated().map { number, run in
        RunLine.values(Label(plain: run.name), .ofLine(number), value(run.history), form: form, shape: .ofLine(number))
      }.filter { !$0.isEmpty }
    }
    func evaluations(_ value: @escaping (RunEvaluation) -> Double?) -> (RunHistory) -> [(step: Int, value: Double?)] {
      { history in history.evaluations.filter { $0.set == "validation" }.map { ($0.step, value($0)) } }
    }
    let losses = lines({ $0.steps.map { ($0.step, $0.loss) } }, .dense)
    let validation = lines(evaluations(\.loss), .measured)
    return [
      RunChart(
        name: "loss", title: "Loss of the mini-batches", unit: "loss",
        caption: "The loss of each step’s samples before the step: areas are ranges, lines means.", lines: losses,
        axes: RunChart.axes(for: losses)),
      RunChart(
        name: "validation", title: "Validation loss", unit: "loss", caption: "On samples that are not trained on.",
        lines: validation, axes: RunChart.axes(for: validation)),
      RunChart(
        name: "accuracy", title: "Validation accuracy", unit: "fraction classified as labelled",
        caption: "On samples that are not trained on.", lines: lines(evaluations(\.accuracy), .measured)),
    ].filter { !$0.lines.isEmpty }
  }

  private static func figures(_ charts: [RunChart], _ steps: ClosedRange<Double>) -> [Markup] {
    let figures = charts.compactMap { RunFigure.drawn($0, steps) }
    return figures.isEmpty ? [] : [.element("div", ["class": "figures"], figures)]
  }

  // MARK: - Settings

  private static func settings(_ runs: [Run]) -> [Markup] {
    let properties: [(name: String, value: (Run) -> String)] = [
      ("network", \.description.network), ("parameters", { NumberText.count($0.description.parameters) }),
      ("data", \.description.data), ("samples", { NumberText.count($0.description.samples) }),
      ("loss", \.description.loss), ("optimiser", \.description.optimizer),
      ("batch", { NumberText.count($0.description.batchSize) }),
      ("steps planned", { NumberText.count($0.description.plannedSteps) }),
      ("measured", { $0.history.subjects.map(\.title).joined(separator: "; ") }),
      ("precision", \.description.precision), ("seed", { String($0.description.seed) }),
    ]
    let differing = properties.filter { property in Set(runs.map(property.value)).count > 1 }
    let commands = runs.filter { !$0.description.command.isEmpty }.map { run in
      Markup.element("pre", [:], [.text(CommandLineText.quoted(run.description.command))])
    }
    var parts: [Markup] = []
    if !differing.isEmpty {
      parts.append(
        Page.table(
          [("", false)] + differing.map { ($0.name, false) },
          runs.map { run in [.text(run.name)] + differing.map { .text($0.value(run)) } },
          label: "Settings that differ", isTight: true))
    }
    return parts + commands
  }
}
