import Analyses
import Foundation
import TestSupport
import Testing

@testable import Reports

@Suite struct StudyReportTests {
  private static func point(_ depth: String, _ width: String, _ seed: Int, _ kappa: Double?) -> ReportedStudyPoint {
    var condition = ConditionNumber.of(
      eigenvalues: [kappa ?? 1, 2, 1, 0.5], rank: 3, source: .analytic, order: 4)
    if kappa == nil { condition.value = nil }
    condition.isLowerBound = depth == "4" && width == "8"
    return ReportedStudyPoint(
      coordinates: ["depth": depth, "width": width], seed: seed, parameters: 12, condition: condition,
      route: "closed form",
      bounds: [
        ReportedBound(
          name: "convex, combined", relation: "upperBound", value: width == "8" ? nil : (kappa ?? 1) * 3,
          failed: width == "8" ? ["wide: 8 < 9"] : [])
      ], loss: 0.5, seconds: 0.25)
  }

  /// A study with a missing κ, lower bounds, bounds that do not apply, and text that must be escaped.
  static func study() -> ReportedStudy {
    var points: [ReportedStudyPoint] = []
    for (index, depth) in ["1", "2", "4"].enumerated() {
      for width in ["8", "16"] {
        for seed in 0..<2 {
          let kappa = pow(10, Double(2 * index + 1)) * (seed == 0 ? 1 : 4) / (width == "8" ? 1 : 5)
          points.append(point(depth, width, seed, depth == "1" && width == "16" ? nil : kappa))
        }
      }
    }
    let groups = stride(from: 0, to: points.count, by: 2).map { ReportedStudyGroup(Array(points[$0..<$0 + 2])) }
    return ReportedStudy(
      name: "tall-thin", title: "Tall <& thin>", question: "Why?", reference: "A & B", definition: "data: <x>\n",
      data: ["somewhere"],
      axes: [
        ReportedStudy.Axis(key: "depth", values: ["1", "2", "4"], isNumerical: true),
        ReportedStudy.Axis(key: "width", values: ["8", "16"], isNumerical: true),
      ], seeds: 2,
      figures: [
        ReportedStudy.FigureAxes(horizontal: "depth", lines: "width"),
        ReportedStudy.FigureAxes(horizontal: "width", lines: "depth"),
      ], shownBounds: ["convex, combined"], points: points, groups: groups,
      findings: [
        ReportedFinding(text: "κ grows.", axis: "depth", claim: "grows", isConfirmed: true, correlations: [1, 1]),
        ReportedFinding(text: "κ falls.", axis: "width", claim: "grows", isConfirmed: false, correlations: [-1]),
      ], seconds: 1.5)
  }

  static func report() -> StudyReport {
    StudyReport(
      command: ["ritz", "conditioning", "x y"], tool: ReportedTool(version: "1", libraries: ["numerics": "none"]),
      execution: ReportedStudyExecution(
        workers: 2, cellsMeasured: 12, cellsFromCache: 3, seconds: 2, peakMemoryBytes: 1 << 20),
      conventions: StudyConventions.all, studies: [study()], warnings: ["mind <this>"])
  }

  @Test func pageIsWellFormedAndEscaped() throws {
    let page = StudyPage.html(Self.report())
    let reader = XMLReader(page)
    #expect(reader.isWellFormed, "\(reader.problem)")
    #expect(page.contains("Tall &lt;&amp; thin&gt;") && !page.contains("Tall <"))
    #expect(page.contains("mind &lt;this&gt;") && page.contains("data: &lt;x&gt;"))
    #expect(page.contains("not applicable") && page.contains("not resolved") && page.contains("≥"))
    #expect(page.contains("not so") && page.contains("the same"))
    // One figure in two widths for each pair of axes.
    #expect(page.components(separatedBy: "<svg").count == 5)
  }

  @Test func figuresSayWhatIsLeftOut() throws {
    let figure = try #require(StudyFigure.drawn(Self.study(), figure: 0, width: FigureWidth.wide))
    #expect(figure.name == "tall-thin-depth")
    #expect(figure.caption.contains("it does not apply at 3 of 6 points, which are left out"))
    #expect(figure.caption.contains("Open marks (1)") && figure.caption.contains("1 points without a resolved"))
    let elements = XMLReader(figure.standalone).elements
    // Marks of resolved κ: 4 filled, 1 open, beside those of the legend.
    let open = elements.filter { ($0.attributes["class"] ?? "").contains("-open") }
    #expect(open.count == 1)
    let dashed = elements.filter { ($0.attributes["class"] ?? "").contains("rz-dashed") }
    #expect(dashed.count >= 2)
    for element in elements {
      for (key, value) in element.attributes where ["x", "y", "x1", "y1", "x2", "y2", "cx", "cy"].contains(key) {
        let number = try #require(Double(value))
        #expect(number >= -1 && number <= max(figure.width, figure.height) + 1)
      }
    }
  }

  @Test func csvHoldsTheNumbers() {
    let lines = StudyTable.csv(Self.study(), figure: 0).components(separatedBy: "\r\n")
    #expect(
      lines[0] == "depth,width,kappa,kappa_lower,kappa_upper,seeds,seeds_with_lower_bound_only,rank_least,rank_most,"
        + "\"convex, combined\","
        + "\"convex, combined lower\",\"convex, combined upper\",loss")
    #expect(lines.count == 8 && lines[7].isEmpty)
    let first = lines[1].components(separatedBy: ",")
    #expect(first[0] == "1" && first[1] == "8" && abs((Double(first[2]) ?? 0) - 20) < 1e-12 && first[9].isEmpty)
    #expect(lines[2].hasPrefix("1,16,,,,0,0,"))
  }

  @Test func pdfIsAPage() throws {
    let drawings = StudyFigures.all(Self.study())
    #expect(drawings.map(\.name) == ["tall-thin-depth", "tall-thin-width"])
    let bytes = try drawings[0].pdf()
    let text = String(decoding: bytes, as: Unicode.ASCII.self)
    #expect(text.hasPrefix("%PDF-") && text.contains("/MediaBox [ 0 0 390"))
    // Text is text: its fonts are in the file.
    #expect(text.contains("/FontFile2"))
    #expect(drawings[0].print.svg.contains("@media") == false)
  }

  @Test func resultsComeBackAsTheyWere() throws {
    let report = Self.report()
    let data = try ResultFile.encode(report)
    #expect(try ResultFile.decode(StudyReport.self, data) == report)
    #expect(throws: (any Error).self) { try ResultFile.decode(StudyReport.self, Data("{}".utf8)) }
    let other = String(decoding: data, as: UTF8.self).replacing("ritz.conditioning/1", with: "ritz.conditioning/9")
    #expect(throws: (any Error).self) { try ResultFile.decode(StudyReport.self, Data(other.utf8)) }
  }

  /// Objects whose keys are free text.
  private let maps: Set<String> = [
    "conventions", "tool.libraries", "studies[].points[].coordinates", "studies[].groups[].coordinates",
  ]

  private func paths(_ value: Any, _ prefix: String) -> Set<String> {
    if let members = value as? [String: Any], !maps.contains(prefix) {
      return members.reduce(into: []) { found, member in
        let path = prefix.isEmpty ? member.key : prefix + "." + member.key
        found.insert(path)
        found.formUnion(paths(member.value, path))
      }
    }
    if let elements = value as? [Any] { return elements.reduce(into: []) { $0.formUnion(paths($1, prefix + "[]")) } }
    return []
  }

  @Test func everyKeyIsDocumented() throws {
    let file = Reference.repository.appendingPathComponent("docs/result-schema.md")
    let document = try String(contentsOf: file, encoding: .utf8)
    let section = try #require(document.components(separatedBy: "\n## Studies of conditioning").last)
    let part = try #require(section.components(separatedBy: "\n## ").first)
    let documented = part.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap { line in
      line.split(separator: "`").dropFirst().first.map(String.init)
    }
    let encoded = paths(try JSONSerialization.jsonObject(with: ResultFile.encode(Self.report())), "")
    #expect(encoded.subtracting(documented).sorted() == [])
    #expect(Set(documented).subtracting(encoded).sorted() == [])
    #expect(documented.count == Set(documented).count)
  }

  @Test func summaryFitsTheTerminal() {
    let text = StudySummary.text(Self.report(), width: 60)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 60 })
    #expect(text.contains("- κ grows.") && text.contains("12 networks measured, 3 kept from before"))
  }

  @Test func placesAlongTheAxis() {
    func places(_ values: [String], _ isNumerical: Bool = true) -> StudyPlaces {
      StudyPlaces(ReportedStudy.Axis(key: "x", values: values, isNumerical: isNumerical), from: 0, to: 100)
    }
    let linear = places(["1", "2", "3", "5"])
    #expect(!linear.isEvenlySpread && (0..<4).map { linear.position($0) } == [0, 25, 50, 100])
    let logarithmic = places(["16", "64", "1024"])
    #expect(abs(logarithmic.position(1) - 100.0 / 3) < 1e-9)
    let withZero = places(["0", "0.1", "1", "100"])
    #expect(withZero.isEvenlySpread && abs(withZero.position(1) - 100.0 / 3) < 1e-9)
    #expect(places(["a", "b"], false).isEvenlySpread && places(["7"]).position(0) == 50)
  }
}
