public import Analyses
import Archives

/// The page of a training run: how it trained, and how curvature changed meanwhile.
///
///     let page = RunReport.html(description, history, tool: ReportedTool(version: "1.0"))
///
/// One self-contained file: style sheet and figures inline, no script, nothing fetched from anywhere. It reads on a
/// phone and on paper, in light and dark, and its size does not grow with the number of steps: a picture holds what its
/// columns of pixels can show. Every text that came from a file or a flag is escaped.
public enum RunReport {
  /// The name of the page in the directory of a run.
  public static let file = "report.html"

  /// The text of `report.html`.
  public static func html(_ description: RunDescription, _ history: RunHistory, tool: ReportedTool) -> String {
    Page.document(title(description), tool: tool, sections(description, history, tool: tool))
  }

  /// Reads the run in a directory and leaves its page there.
  ///
  /// - Throws: `InputError` where there is no run, its files are damaged, or the page cannot be written.
  public static func write(_ directory: RunDirectory, tool: ReportedTool) throws {
    let description = try directory.description()
    let history = RunHistory(try directory.records().records)
    try AtomicFile.write(
      Array(html(description, history, tool: tool).utf8), to: directory.path + "/" + Self.file)
  }

  static func title(_ description: RunDescription) -> String {
    description.title.isEmpty ? "Training of \(SourceName.short(description.network))" : description.title
  }

  static func sections(_ description: RunDescription, _ history: RunHistory, tool: ReportedTool) -> [Markup] {
    // At least one step, so that an axis has an extent.
    let steps = 0...Double(max(1, history.stepsTaken))
    var parts = [RunHeader.drawn(description, history)]
    if history.isEmpty {
      parts.append(Page.paragraph(["Nothing has been recorded yet."]))
    } else {
      parts += training(history, steps)
      parts += comparison(history, steps)
      for (number, subject) in history.subjects.enumerated() {
        parts.append(RunCurvatureSection.drawn(subject, number: number, description, history, steps))
      }
    }
    return parts + [setting(description), footer(description, tool)]
  }

  private static func training(_ history: RunHistory, _ steps: ClosedRange<Double>) -> [Markup] {
    let figures = TrainingCharts.all(history).compactMap { RunFigure.drawn($0, steps) }
    if figures.isEmpty { return [] }
    return [
      .element(
        "section", [:],
        [.element("h2", ["id": "training"], ["Training"]), .element("div", ["class": "figures"], figures)])
    ]
  }

  private static func comparison(_ history: RunHistory, _ steps: ClosedRange<Double>) -> [Markup] {
    let charts = ComparisonCharts(
      rows: history.subjects.enumerated().map { (Label(plain: $1.title), $0, history.measurements(of: $1)) },
      caption: "At the same parameters and on the same samples; bars are two standard errors, or a bound."
    ).all
    let figures = charts.compactMap { RunFigure.drawn($0, steps) }
    if figures.isEmpty { return [] }
    return [
      .element(
        "section", [:],
        [.element("h2", ["id": "comparison"], ["Side by side"]), .element("div", ["class": "figures"], figures)])
    ]
  }

  private static func setting(_ description: RunDescription) -> Markup {
    var parts: [Markup] = [
      .element("h2", ["id": "setting"], ["Setting"]),
      Page.properties([
        ("network", [.text(description.network)]),
        ("parameters", [Page.count(description.parameters)]),
        ("data", [.text(description.data)]),
        ("samples", [Page.count(description.samples)]),
        ("loss", [.text(description.loss)]),
        ("optimiser", [.text(description.optimizer)]),
        ("sharpness edge", description.edgeFormula.map { [.text($0)] }),
        ("batch", [Page.count(description.batchSize)]),
        ("steps planned", [Page.count(description.plannedSteps)]),
        ("steps an epoch", [Page.count(description.stepsPerEpoch)]),
        ("precision", [.text(description.precision)]),
        ("seed", [.element("data", ["value": String(description.seed)], [.text(String(description.seed))])]),
      ]),
    ]
    if !description.conventions.isEmpty {
      parts.append(.element("h2", ["id": "conventions"], ["Conventions"]))
      parts.append(Page.properties(description.conventions.map { ($0.name, [.text($0.text)]) }))
    }
    if !description.command.isEmpty {
      parts.append(.element("h2", ["id": "reproduce"], ["Reproduce"]))
      parts.append(.element("pre", [:], [.text(CommandLineText.quoted(description.command))]))
    }
    return .element("section", [:], parts)
  }

  private static func footer(_ description: RunDescription, _ tool: ReportedTool) -> Markup {
    .element(
      "footer", [:],
      [
        .text(
          "\(tool.name) \(tool.version) · schema \(description.schema) · every number is in \(RunDirectory.historyFile) "
            + "with all its digits")
      ])
  }
}
