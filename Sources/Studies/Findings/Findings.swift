import Analyses
import Foundation

/// What a study found, in sentences made of its numbers: nothing is said here that was not measured.
///
/// A line of a study (all settings but one held) *grows* along an axis where Spearman's correlation of the mean of κ
/// over seeds with the position is 0.5 or above, and *falls* at −0.5 or below, if the bars of its smallest and largest
/// κ do not overlap. Points without a resolved κ are left out.
enum Findings {
  static let threshold = 0.5

  static func all(_ study: ReportedStudy, claims: [Study.Claim]) -> [ReportedFinding] {
    study.axes.flatMap { axis in
      trend(study, axis, claims.first { $0.axis == axis.key }).map { [$0] } ?? []
    } + study.axes.filter { !$0.isNumerical }.compactMap { comparison(study, $0) } + bounds(study) + resolution(study)
  }

  // MARK: Along an axis

  /// Points of one line: the index on the axis and κ.
  private struct Line {
    var name: String
    var indices: [Int] = []
    var kappas: [ReportedSpread] = []

    /// Whether κ is the same throughout up to a millionth: the axis does nothing on this line.
    var isConstant: Bool {
      let means = kappas.map(\.mean)
      guard let least = means.min(), let most = means.max() else { return true }
      return most <= least * (1 + 1e-6)
    }
  }

  private static func lines(_ study: ReportedStudy, _ axis: ReportedStudy.Axis) -> [Line] {
    var lines: [[String: String]: Line] = [:]
    var order: [[String: String]] = []
    for group in study.groups {
      guard let value = group.coordinates[axis.key], let index = axis.values.firstIndex(of: value) else { continue }
      var others = group.coordinates
      others[axis.key] = nil
      if lines[others] == nil {
        order.append(others)
        lines[others] = Line(
          name: others.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
      }
      guard let kappa = group.kappa, group.lowerBounds == 0 else { continue }
      lines[others]?.indices.append(index)
      lines[others]?.kappas.append(kappa)
    }
    // Along a numerical axis order is that of the numbers, whatever that of the file.
    return order.compactMap { lines[$0] }.map { line in
      let places = line.indices.indices.sorted { position(axis, line.indices[$0]) < position(axis, line.indices[$1]) }
      return Line(name: line.name, indices: places.map { line.indices[$0] }, kappas: places.map { line.kappas[$0] })
    }
  }

  private static func position(_ axis: ReportedStudy.Axis, _ index: Int) -> Double {
    axis.isNumerical ? Double(axis.values[index]) ?? Double(index) : Double(index)
  }

  private static func trend(
    _ study: ReportedStudy, _ axis: ReportedStudy.Axis, _ claim: Study.Claim?
  ) -> ReportedFinding? {
    // Names in no order have no trend, unless one is claimed from the first to the last.
    guard axis.isNumerical || claim != nil || axis.values.count == 2 else { return nil }
    let lines = lines(study, axis).filter { $0.kappas.count >= 2 }
    let varying = lines.filter { !$0.isConstant }
    let measured = varying.compactMap { line in
      correlation(line, axis).map { (line: line, correlation: $0) }
    }
    guard !measured.isEmpty else {
      guard !lines.isEmpty, varying.isEmpty else { return nil }
      return ReportedFinding(
        text: "κ is the same throughout \(along(axis))"
          + (claim.map { ". That κ \($0.trend.rawValue) with \(axis.key) is reported: not what was measured here." }
            ?? "."),
        axis: axis.key, claim: claim?.trend.rawValue, isConfirmed: claim.map { _ in false }, correlations: [])
    }
    let grows = measured.count { $0.correlation >= threshold }
    let falls = measured.count { $0.correlation <= -threshold }
    let correlations = measured.map(\.correlation)
    var text = "κ \(verdict(grows, falls, measured.count)) \(along(axis))"
    if let lowest = correlations.min(), let highest = correlations.max() {
      text +=
        lowest == highest
        ? " (Spearman \(signed(lowest)))" : " (Spearman \(signed(lowest)) to \(signed(highest)))"
    }
    text += ": " + changes(measured.map(\.line), axis) + "."
    if varying.count < lines.count {
      text += " On \(lines.count - varying.count) further of the lines it is the same throughout."
    }
    guard let claim else { return ReportedFinding(text: text, axis: axis.key, correlations: correlations) }
    let agreeing = claim.trend == .grows ? grows : falls
    let isConfirmed: Bool? = agreeing == measured.count ? true : agreeing == 0 ? false : nil
    let outcome =
      switch isConfirmed {
      case true?: "measured too"
      case false?: "not what was measured here"
      case nil: "measured on \(agreeing) of \(measured.count) lines"
      }
    return ReportedFinding(
      text: text + " That κ \(claim.trend.rawValue) with \(axis.key) is reported: \(outcome).", axis: axis.key,
      claim: claim.trend.rawValue, isConfirmed: isConfirmed, correlations: correlations)
  }

  /// 0 where the bars of the smallest and the largest κ overlap, so that the order of what seeds differ by is no trend.
  private static func correlation(_ line: Line, _ axis: ReportedStudy.Axis) -> Double? {
    guard let least = line.kappas.min(by: { $0.mean < $1.mean }), let most = line.kappas.max(by: { $0.mean < $1.mean })
    else { return nil }
    if least.upper >= most.lower { return 0 }
    return RankCorrelation.of(line.indices.map { position(axis, $0) }, line.kappas.map(\.mean))
  }

  private static func along(_ axis: ReportedStudy.Axis) -> String {
    axis.isNumerical
      ? "with \(axis.key)" : "with \(axis.key) from \(axis.values.first ?? "") to \(axis.values.last ?? "")"
  }

  private static func verdict(_ grows: Int, _ falls: Int, _ count: Int) -> String {
    if grows == count { return count == 1 ? "grows" : "grows on all \(count) lines" }
    if falls == count { return count == 1 ? "falls" : "falls on all \(count) lines" }
    var parts: [String] = []
    if grows > 0 { parts.append("grows on \(grows)") }
    if falls > 0 { parts.append("falls on \(falls)") }
    if grows + falls < count { parts.append("has no clear trend on \(count - grows - falls)") }
    return parts.joined(separator: ", ") + " of \(count) lines"
  }

  /// The factor between the ends of each line.
  private static func changes(_ lines: [Line], _ axis: ReportedStudy.Axis) -> String {
    let parts = lines.compactMap { line -> String? in
      guard let first = line.kappas.first, let last = line.kappas.last, let from = line.indices.first,
        let to = line.indices.last
      else { return nil }
      let name = line.name.isEmpty ? "" : " at \(line.name)"
      return
        "from \(number(first.mean)) (\(axis.key) \(axis.values[from])) to \(number(last.mean)) (\(axis.values[to]))\(name)"
    }
    // The first lines and the last say how far apart they are; the table has all of them.
    guard parts.count > 4 else { return parts.joined(separator: "; ") }
    return (parts.prefix(2) + ["…"] + parts.suffix(1)).joined(separator: "; ")
  }

  // MARK: Between names

  /// For two names how often the second has the smaller κ, for more their order.
  private static func comparison(_ study: ReportedStudy, _ axis: ReportedStudy.Axis) -> ReportedFinding? {
    var table: [String: [String: Double]] = [:]
    for point in study.points {
      guard let value = point.coordinates[axis.key], let kappa = point.kappa, !point.isLowerBound else { continue }
      var others = point.coordinates
      others[axis.key] = nil
      let place = others.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
      table[place + "#\(point.seed)", default: [:]][value] = kappa
    }
    let complete = table.values.filter { $0.count == axis.values.count }
    guard !complete.isEmpty, axis.values.count > 1 else { return nil }
    if axis.values.count == 2 {
      let (first, second) = (axis.values[0], axis.values[1])
      let ratios = complete.compactMap { row in row[second].flatMap { s in row[first].map { s / $0 } } }
      let smaller = ratios.count { $0 < 1 }
      return ReportedFinding(
        text:
          "With \(axis.key) \(second) κ is smaller than with \(first) in \(smaller) of \(ratios.count) pairs of the same "
          + "other settings and seed; the median ratio is \(number(median(ratios))).", axis: axis.key)
    }
    let means = axis.values.map { value in
      (value, ReportedSpread(of: complete.compactMap { $0[value] })?.mean ?? .nan)
    }.sorted { $0.1 < $1.1 }
    return ReportedFinding(
      text: "By \(axis.key), the geometric mean of κ over the \(complete.count) settings and seeds that all have is "
        + means.map { "\(number($0.1)) for \($0.0)" }.joined(separator: ", ") + ".", axis: axis.key)
  }

  // MARK: Bounds and resolution

  private static func bounds(_ study: ReportedStudy) -> [ReportedFinding] {
    var names: [String] = []
    for point in study.points {
      for bound in point.bounds where !names.contains(bound.name) { names.append(bound.name) }
    }
    return names.filter(study.shownBounds.contains).compactMap { name in
      let found = study.points.compactMap { point in point.bounds.first { $0.name == name }.map { (point, $0) } }
      let applicable = found.filter { $0.1.value != nil }
      var text = "The \(found[0].1.relation == "prediction" ? "prediction" : "bound") '\(name)' "
      guard !applicable.isEmpty else {
        return ReportedFinding(
          text: text + "applies to none of \(found.count) measurements" + reason(found.flatMap(\.1.failed)) + ".")
      }
      text += "applies to \(applicable.count) of \(found.count) measurements"
      if applicable.count < found.count { text += reason(found.filter { $0.1.value == nil }.flatMap(\.1.failed)) }
      let ratios = applicable.compactMap { point, bound in
        point.isLowerBound ? nil : bound.value.flatMap { value in point.kappa.map { value / $0 } }
      }
      guard let lowest = ratios.min(), let highest = ratios.max() else { return ReportedFinding(text: text + ".") }
      text += "; over κ it is \(number(median(ratios))) in the median, \(number(lowest)) to \(number(highest))"
      if found[0].1.relation == "upperBound" {
        let violations = ratios.count { $0 < 1 - 1e-9 }
        text += violations == 0 ? ", and never below κ" : ", and below κ \(violations) times"
      }
      return ReportedFinding(text: text + ".")
    }
  }

  /// The assumption that fails most often, without the numbers of a single case.
  private static func reason(_ failed: [String]) -> String {
    var counts: [String: Int] = [:]
    for text in failed { counts[String(text.split(separator: ":").first ?? ""), default: 0] += 1 }
    guard let most = counts.max(by: { $0.value < $1.value || $0.value == $1.value && $0.key > $1.key }) else {
      return ""
    }
    return " (elsewhere it does not hold that \(most.key))"
  }

  private static func resolution(_ study: ReportedStudy) -> [ReportedFinding] {
    var findings: [ReportedFinding] = []
    let lower = study.points.count { $0.isLowerBound }
    if lower > 0 {
      findings.append(
        ReportedFinding(
          text:
            "In \(lower) of \(study.points.count) measurements eigenvalues are not resolved; κ is a lower bound there (≥), and "
            + "these points are in no trend."))
    }
    let absent = study.points.count { $0.kappa == nil }
    if absent > 0 {
      findings.append(
        ReportedFinding(
          text: "In \(absent) of \(study.points.count) measurements there is no κ, as no eigenvalue is resolved."))
    }
    let ranks = study.points.map(\.rank)
    if let least = ranks.min(), let most = ranks.max(), least < most {
      findings.append(
        ReportedFinding(
          text:
            "The rank goes from \(least) to \(most) over the measurements, so that their smallest eigenvalues are not of the same place."
        ))
    }
    let ratios = study.points.compactMap { point in
      point.kappa.flatMap { kappa in point.kappaBelowRank.map { kappa / $0 } }
    }
    if !ratios.isEmpty {
      findings.append(
        ReportedFinding(
          text:
            "One less in the rank divides κ by \(number(median(ratios))) in the median, by \(number(ratios.max() ?? .nan)) at most."
        ))
    }
    return findings
  }

  // MARK: Numbers

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  private static func signed(_ value: Double) -> String {
    String(format: "%+.2f", value).replacingOccurrences(of: "-", with: "−")
  }

  /// Three significant digits, with a typeset power of ten where that reads better.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "not finite" }
    let size = abs(value)
    if size == 0 { return "0" }
    if size < 1e-3 || size >= 1e5 {
      let parts = String(format: "%.2e", value).split(separator: "e")
      let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
      let exponent = Int(parts[1]) ?? 0
      let power = String(exponent.magnitude).compactMap { $0.wholeNumberValue.map { digits[$0] } }
      return "\(parts[0])·10\(exponent < 0 ? "⁻" : "")\(String(power))"
    }
    let decimals = max(0, 2 - Int(log10(size).rounded(.down)))
    return String(format: "%.\(decimals)f", value)
  }
}
