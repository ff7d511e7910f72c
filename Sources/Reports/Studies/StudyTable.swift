import Analyses

/// The numbers of a figure as comma-separated values.
enum StudyTable {
  /// A line for each point of the figure: its place, κ over the seeds with one standard deviation to either side, and
  /// every bound.
  static func csv(_ study: ReportedStudy, figure index: Int) -> String {
    let axes = study.figures[index]
    let keys = [axes.horizontal, axes.lines].compactMap(\.self)
    var names: [String] = []
    for point in study.points {
      for bound in point.bounds where !names.contains(bound.name) { names.append(bound.name) }
    }
    func ranks(_ group: ReportedStudyGroup) -> [Int] {
      study.points.filter { $0.coordinates == group.coordinates }.map(\.rank)
    }
    let hasLoss = study.groups.contains { $0.loss != nil }
    var header =
      keys + ["kappa", "kappa_lower", "kappa_upper", "seeds", "seeds_with_lower_bound_only", "rank_least", "rank_most"]
    for name in names { header += [name, name + " lower", name + " upper"] }
    if hasLoss { header.append("loss") }
    var rows = [header]
    for group in study.groups {
      var row = keys.map { group.coordinates[$0] ?? "" }
      row += cells(group.kappa) + [String(group.kappa?.count ?? 0), String(group.lowerBounds)]
      row += [ranks(group).min(), ranks(group).max()].map { $0.map(String.init) ?? "" }
      for name in names { row += cells(group.bounds.first { $0.name == name }?.spread) }
      if hasLoss { row.append(group.loss.map { $0.description } ?? "") }
      rows.append(row)
    }
    return rows.map { $0.map(escaped).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func cells(_ spread: ReportedSpread?) -> [String] {
    guard let spread else { return ["", "", ""] }
    return [spread.mean.description, spread.lower.description, spread.upper.description]
  }

  /// Quoted where it holds a comma, a quote or the end of a line (RFC 4180).
  private static func escaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }) else {
      return text
    }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
