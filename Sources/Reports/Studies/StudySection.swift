import Analyses

/// The part of the page about one study.
enum StudySection {
  static func drawn(_ study: ReportedStudy) -> Markup {
    var parts: [Markup] = [.element("h2", ["id": study.name], [.text(study.title)])]
    if let question = study.question { parts.append(Page.paragraph([.text(question)])) }
    let figures = study.figures.indices.compactMap { index -> Markup? in
      guard let wide = StudyFigure.drawn(study, figure: index, width: FigureWidth.wide) else { return nil }
      return Page.figure(wide: wide, compact: StudyFigure.drawn(study, figure: index, width: FigureWidth.compact))
    }
    if !figures.isEmpty { parts.append(.element("div", ["class": "figures"], figures)) }
    if !study.findings.isEmpty {
      parts.append(.element("h3", [:], ["Found"]))
      parts.append(.element("ul", [:], study.findings.map { .element("li", [:], [.text($0.text)]) }))
    }
    if let reference = study.reference {
      parts.append(Page.paragraph([.text("Reported in: \(reference).")], class: "lead"))
    }
    parts.append(
      .element(
        "details", [:],
        [.element("summary", [:], [.text("\(study.groups.count) points with their spread")]), table(study)]))
    parts.append(
      .element(
        "details", [:],
        [
          .element("summary", [:], ["The study, to copy and change"]),
          .element("pre", [:], [.text(study.definition)]),
        ]))
    let networks = Set(
      study.points.map { point in
        point.coordinates.filter { $0.key != "step" }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
          .joined(separator: ",") + "#\(point.seed)"
      }
    ).count
    parts.append(
      Page.properties([
        ("data", [.sequence(study.data.map { .element("div", [:], [.text($0)]) })]),
        ("found by", [.text(routes(study))]),
        (
          "networks", [Page.count(networks), .text(", \(study.points.count) measurements")]
        ),
        ("time", [.text(NumberText.duration(study.seconds))]),
      ]))
    return .element("section", [:], parts)
  }

  /// How κ was found, with how many measurements.
  private static func routes(_ study: ReportedStudy) -> String {
    var counts: [String: Int] = [:]
    for point in study.points { counts[point.route, default: 0] += 1 }
    return counts.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
  }

  private static func table(_ study: ReportedStudy) -> Markup {
    var names: [String] = []
    for group in study.groups {
      for bound in group.bounds where !names.contains(bound.name) { names.append(bound.name) }
    }
    let columns =
      study.axes.map { (title: $0.key, numeric: $0.isNumerical) }
      + [(title: "κ", numeric: true), (title: "one standard deviation", numeric: true)]
      + names.map { (title: $0, numeric: true) }
    let rows = study.groups.map { group -> [Markup] in
      var row = study.axes.map { Markup.text(group.coordinates[$0.key] ?? "") }
      if let kappa = group.kappa {
        row.append(.sequence([group.lowerBounds > 0 ? "≥\u{A0}" : "", Page.number(kappa.mean)]))
        row.append(
          kappa.count > 1
            ? .sequence([Page.number(kappa.lower, digits: 3), " – ", Page.number(kappa.upper, digits: 3)]) : "–")
      } else {
        row += ["not resolved", "–"]
      }
      for name in names {
        row.append(group.bounds.first { $0.name == name }.map { Page.number($0.spread.mean) } ?? "not applicable")
      }
      return row
    }
    return Page.table(columns, rows, label: "Points of \(study.title)")
  }

  static func correlations(_ finding: ReportedFinding) -> String {
    guard let lowest = finding.correlations.min(), let highest = finding.correlations.max() else { return "–" }
    let text = { (value: Double) in NumberText.typeset(value, digits: 3) }
    return lowest == highest ? text(lowest) : "\(text(lowest)) to \(text(highest))"
  }

  static func outcome(_ finding: ReportedFinding) -> Markup {
    switch finding.isConfirmed {
    case true?: "the same"
    case false?: .element("span", ["class": "unconverged"], ["not so"])
    case nil: .element("span", ["class": "unconverged"], ["on some lines"])
    }
  }
}
