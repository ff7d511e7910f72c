import Analyses

/// Turns what was measured into what is reported.
enum StudyResult {
  static func reported(
    _ study: Study, points: [ReportedStudyPoint], data: [String], seconds: Double
  ) -> ReportedStudy {
    var groups: [ReportedStudyGroup] = []
    var members: [[String: String]: [ReportedStudyPoint]] = [:]
    var order: [[String: String]] = []
    for point in points {
      if members[point.coordinates] == nil { order.append(point.coordinates) }
      members[point.coordinates, default: []].append(point)
    }
    for coordinates in order { groups.append(ReportedStudyGroup(members[coordinates] ?? [])) }
    var result = ReportedStudy(
      name: study.name, title: study.title, question: study.question, reference: study.reference,
      definition: study.text, data: data,
      axes: study.allAxes.map {
        ReportedStudy.Axis(key: $0.key, values: $0.values.map(\.description), isNumerical: $0.isNumerical)
      }, seeds: study.seeds,
      figures: study.figures.map { ReportedStudy.FigureAxes(horizontal: $0.horizontal, lines: $0.lines) },
      shownBounds: study.bounds ?? Array(Set(groups.flatMap { $0.bounds.map(\.name) })).sorted(), points: points,
      groups: groups, findings: [], seconds: seconds)
    result.findings = Findings.all(result, claims: study.claims)
    return result
  }
}
