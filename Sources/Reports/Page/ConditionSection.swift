import Analyses

/// What is said of a condition number: on the page and in the terminal.
enum ConditionSection {
  static func drawn(_ condition: ReportedCondition) -> Markup {
    var rows: [(name: String, value: [Markup]?)] = [
      ("rank", [Page.count(condition.rank), .text(": \(condition.rankReason)")]),
      ("λ₁", [Page.number(condition.largest, digits: 7)]),
      ("λ of that rank", [Page.number(condition.smallest, digits: 7)]),
      (
        "resolution",
        [
          "eigenvalues below ", Page.number(condition.resolution, digits: 2), " are not told from zero; ",
          Page.count(condition.unresolved), " of those up to the rank are",
        ]
      ),
      ("route", [.text("\(routeTitle(condition)); \(condition.routeReason)")]),
      (
        "weighted Jacobian",
        [Page.count(condition.rows), " rows, ", Page.count(condition.columns), " columns"]
      ),
    ]
    if let lower = condition.lower, let upper = condition.upper {
      rows.insert(("interval", [Page.number(lower), " to ", Page.number(upper)]), at: 0)
    }
    if let functional = condition.functionalRank {
      let dense = functional.dense.map { $0 == functional.rank ? "" : "; \($0) in the dense matrix" } ?? ""
      rows.append(("rank of H − G", [Page.count(functional.rank), .text(": \(functional.reason)\(dense)")]))
    }
    var parts: [Markup] = [.element("h3", [:], ["Condition number"]), Page.properties(rows)]
    if !condition.neighbours.isEmpty {
      parts.append(
        Page.table(
          [("rank", true), ("κ at this rank", true), ("resolved", false)].map { (title: $0.0, numeric: $0.1) },
          condition.neighbours.map { neighbour in
            [
              Page.count(neighbour.rank), neighbour.value.map { Page.number($0, digits: 5) } ?? "–",
              neighbour.resolved ? "yes" : .element("span", ["class": "unconverged"], ["no"]),
            ]
          }, label: "Condition number at neighbouring ranks"))
    }
    return .sequence(parts)
  }

  static func card(_ condition: ReportedCondition) -> Markup {
    let value: [Markup] =
      condition.value.map { [condition.isLowerBound ? "≥\u{A0}" : "", Page.number($0, digits: 5)] } ?? ["–"]
    return Page.card(
      "condition number κ", value, note: ["rank ", Page.count(condition.rank), .text(", \(sourceText(condition))")])
  }

  /// Name and text of the lines in the terminal.
  static func lines(_ condition: ReportedCondition, isUnicode: Bool) -> [(String, String)] {
    let (kappa, lambda) = isUnicode ? ("κ", "λ") : ("kappa", "lambda")
    let sign = condition.isLowerBound ? (isUnicode ? "≥ " : ">= ") : ""
    var text = condition.value.map { sign + NumberText.plain($0, digits: 5) } ?? "not resolved"
    if let lower = condition.lower, let upper = condition.upper {
      text += " (\(NumberText.plain(lower, digits: 5)) to \(NumberText.plain(upper, digits: 5)))"
    }
    let count = NumberText.grouped
    text += ", rank \(count(condition.rank, ",")) (\(sourceText(condition)))"
    if condition.unresolved > 0 { text += ", \(count(condition.unresolved, ",")) of it unresolved" }
    var lines = [(kappa, text)]
    let others = condition.neighbours.filter { $0.rank != condition.rank }.map { neighbour in
      let value = neighbour.value.map { NumberText.plain($0, digits: 5) } ?? "-"
      return "\(value) at rank \(count(neighbour.rank, ","))" + (neighbour.resolved ? "" : " (unresolved)")
    }
    if !others.isEmpty { lines.append((kappa + "'", others.joined(separator: ", "))) }
    lines.append(
      (
        lambda,
        "\(NumberText.plain(condition.largest, digits: 6)) to \(NumberText.plain(condition.smallest, digits: 6)), "
          + routeTitle(condition)
      ))
    if let functional = condition.functionalRank { lines.append(("rank H-G", count(functional.rank, ","))) }
    return lines
  }

  private static func routeTitle(_ condition: ReportedCondition) -> String {
    ConditionRoute(rawValue: condition.route)?.title ?? condition.route
  }

  private static func sourceText(_ condition: ReportedCondition) -> String {
    switch ConditionNumber.RankSource(rawValue: condition.rankSource) {
    case .analytic: "by formula"
    case .singularValues: "from singular values"
    case .dual, .krylov: "the most there can be"
    case nil: condition.rankSource
    }
  }
}
