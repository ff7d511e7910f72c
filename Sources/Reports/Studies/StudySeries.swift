import Analyses

/// What a figure of a study shows: the values along its axis, and a line for each value of the other.
struct StudySeries {
  struct Line {
    /// The value of the other axis; empty where there is none.
    var name: String
    /// By index along the horizontal axis.
    var groups: [Int: ReportedStudyGroup]
  }

  let horizontal: ReportedStudy.Axis
  /// The key of the axis that gives the lines.
  let key: String?
  let lines: [Line]
  /// Names of the bounds shown, those that apply somewhere.
  let bounds: [String]

  init?(_ study: ReportedStudy, figure index: Int) {
    let axes = study.figures[index]
    guard let horizontal = study.axes.first(where: { $0.key == axes.horizontal }) else { return nil }
    let other = study.axes.first { $0.key == axes.lines }
    self.horizontal = horizontal
    key = other?.key
    lines = (other?.values ?? [""]).map { value in
      var groups: [Int: ReportedStudyGroup] = [:]
      for group in study.groups where other.map({ group.coordinates[$0.key] == value }) ?? true {
        guard let place = horizontal.values.firstIndex(of: group.coordinates[horizontal.key] ?? "") else { continue }
        groups[place] = group
      }
      return Line(name: value, groups: groups)
    }
    bounds = study.shownBounds.filter { name in study.groups.contains { $0.bounds.contains { $0.name == name } } }
  }
}
