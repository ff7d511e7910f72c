public import Analyses

/// The page of `ritz conditioning`: every study of a run with its figures, what was found, and how it was done.
///
/// One self-contained file, as ``Report`` makes them.
public enum StudyPage {
  /// The text of `report.html`.
  public static func html(_ report: StudyReport) -> String {
    let title = title(report)
    return Page.document(
      title, tool: report.tool,
      [header(report, title), claims(report)] + report.studies.map(StudySection.drawn)
        + [setting(report), footer(report)])
  }

  private static func title(_ report: StudyReport) -> String {
    report.studies.count == 1 ? report.studies[0].title : "Conditioning of the Gauss-Newton matrix"
  }

  private static func header(_ report: StudyReport, _ title: String) -> Markup {
    let cells = report.execution.cellsMeasured + report.execution.cellsFromCache
    let lead = [
      NumberText.counted(report.studies.count, "study").replacing("studys", with: "studies"),
      NumberText.counted(cells, "network", separator: "\u{202F}"), "double precision",
    ]
    var links = report.studies.map { ($0.name, $0.title) }
    if report.studies.contains(where: { $0.findings.contains { $0.claim != nil } }) {
      links.insert(("claims", "Reported and measured"), at: 0)
    }
    links += [("setting", "Setting"), ("conventions", "Conventions"), ("reproduce", "Reproduce")]
    return .element(
      "header", [:],
      [
        .element("h1", [:], [.text(title)]), Page.paragraph([.text(lead.joined(separator: " · "))], class: "lead"),
        .element(
          "nav", ["aria-label": "Sections"],
          links.map { .element("a", ["href": "#" + $0.0], [.text($0.1)]) }),
        Page.warnings(report.warnings),
      ])
  }

  /// What is reported elsewhere beside what was measured here.
  private static func claims(_ report: StudyReport) -> Markup {
    let rows = report.studies.flatMap { study in
      study.findings.filter { $0.claim != nil }.map { finding -> [Markup] in
        let range = StudySection.correlations(finding)
        return [
          .element("a", ["href": "#" + study.name], [.text(study.title)]),
          .text("κ \(finding.claim ?? "") with \(finding.axis ?? "")"), .text(range), StudySection.outcome(finding),
        ]
      }
    }
    guard !rows.isEmpty else { return .empty }
    let columns = [
      (title: "study", numeric: false), (title: "reported", numeric: false),
      (title: "Spearman, by line", numeric: false),
      (title: "measured here", numeric: false),
    ]
    return .element(
      "section", [:],
      [
        .element("h2", ["id": "claims"], ["Reported and measured"]),
        Page.paragraph([
          "What is reported of each study elsewhere, and whether it is what these measurements show. Each outcome is computed from the numbers."
        ]), Page.table(columns, rows, label: "Reported and measured"),
      ])
  }

  private static func setting(_ report: StudyReport) -> Markup {
    let execution = report.execution
    let libraries = report.tool.libraries.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return .element(
      "section", [:],
      [
        .element("h2", ["id": "setting"], ["Setting"]),
        Page.properties([
          ("tool", [.text(([report.tool.name + " " + report.tool.version] + libraries).joined(separator: ", "))]),
          ("workers", [Page.count(execution.workers)]),
          (
            "networks",
            [
              Page.count(execution.cellsMeasured), " measured in this run, ", Page.count(execution.cellsFromCache),
              " kept from before",
            ]
          ),
          (
            "time",
            [
              .element(
                "data", ["value": execution.seconds.description], [.text(NumberText.duration(execution.seconds))])
            ]
          ),
          (
            "peak memory",
            execution.peakMemoryBytes.map {
              [.element("data", ["value": String($0)], [.text(NumberText.bytes($0))])]
            }
          ),
        ]),
        .element("h2", ["id": "conventions"], ["Conventions"]),
        Page.properties(
          report.conventions.sorted { $0.key < $1.key }.map { (name: $0.key, value: [.text($0.value)]) }),
        .element("h2", ["id": "reproduce"], ["Reproduce"]),
        .element("pre", [:], [.text(CommandLineText.quoted(report.command))]),
        Page.paragraph([
          "Networks that were measured before are read from the cache; the numbers do not depend on the number of workers."
        ]),
      ])
  }

  private static func footer(_ report: StudyReport) -> Markup {
    .element(
      "footer", [:],
      [
        .text(
          "\(report.tool.name) \(report.tool.version) · schema \(report.schema) · every number is in result.json with all its digits, "
            + "those of a figure in the CSV file beside it")
      ])
  }
}
