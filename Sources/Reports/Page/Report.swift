public import Analyses

/// The page people look at.
///
///     let page = Report.html(report)
///
/// One self-contained file: style sheet and figures inline, no script, nothing fetched from anywhere. It reads on a phone
/// and on paper, in light and dark. Every text that came from a file or a flag is escaped.
public enum Report {
  /// The text of `report.html`.
  public static func html(_ report: SpectrumReport) -> String {
    let title = title(report)
    return Page.document(
      title, tool: report.tool,
      [header(report, title)]
        + report.operators.indices.map { OperatorSection.drawn(report, operator: $0) }
        + (report.blockMass.map { [BlockMassSection.drawn($0)] } ?? [])
        + [SettingSection.drawn(report), footer(report)])
  }

  static func title(_ report: SpectrumReport) -> String {
    if let title = report.title, !title.isEmpty { return title }
    return "Curvature spectrum of \(SourceName.short(report.model.source))"
  }

  private static func header(_ report: SpectrumReport, _ title: String) -> Markup {
    let operators = report.operators.map { OperatorName.full($0) }.joined(separator: ", ")
    var lead = [NumberText.counted(report.model.parameterCount, "parameter", separator: "\u{202F}")]
    lead.append(
      "\(NumberText.counted(report.data.samples, "sample", separator: "\u{202F}")) of \(SourceName.short(report.data.source))"
    )
    lead.append("\(report.loss.name) loss")
    if !operators.isEmpty { lead.append(operators) }
    lead.append("\(report.execution.precision) precision")
    let links = report.operators.indices.map { index in
      (Figures.anchor(report, operator: index), OperatorName.full(report.operators[index]))
    }
    let navigation = (links + [("setting", "Setting"), ("conventions", "Conventions"), ("reproduce", "Reproduce")])
      .map { Markup.element("a", ["href": "#" + $0.0], [.text($0.1)]) }
    let several = report.operators.count > 1
    let warnings =
      report.warnings
      + report.operators.flatMap { spectrum in
        spectrum.warnings.map { several ? "\(OperatorName.full(spectrum)): \($0)" : $0 }
      }
    return .element(
      "header", [:],
      [
        .element("h1", [:], [.text(title)]),
        Page.paragraph([.text(lead.joined(separator: " · "))], class: "lead"),
        .element("nav", ["aria-label": "Sections"], navigation),
        Page.warnings(warnings),
        .element("div", ["class": "cards"], cards(report)),
      ])
  }

  private static func cards(_ report: SpectrumReport) -> [Markup] {
    var cards: [Markup] = []
    var note: [Markup] = [.text(report.loss.name)]
    if let error = report.loss.standardError {
      note += [", ±\u{A0}", Page.number(error, digits: 2), " sampling error"]
    }
    cards.append(Page.card("loss", [Page.number(report.loss.value)], note: note))
    if let accuracy = report.loss.accuracy {
      cards.append(
        Page.card(
          "accuracy",
          [.element("data", ["value": accuracy.description], [.text(NumberText.percentage(accuracy))])]))
    }
    if let gradient = report.gradient {
      cards.append(Page.card("gradient norm ‖g‖", [Page.number(gradient.norm)]))
    }
    cards.append(
      Page.card(
        "time",
        [
          .element(
            "data", ["value": report.execution.seconds.description],
            [.text(NumberText.duration(report.execution.seconds))])
        ],
        note: [
          Page.count(report.execution.operatorProducts),
          report.execution.operatorProducts == 1 ? " operator product" : " operator products",
        ]))
    return cards
  }

  private static func footer(_ report: SpectrumReport) -> Markup {
    .element(
      "footer", [:],
      [
        .text(
          "\(report.tool.name) \(report.tool.version) · schema \(report.schema) · every number here is in result.json with "
            + "all its digits, arrays are in arrays.npz")
      ])
  }
}
