import Analyses
import Foundation
import Reports
import Testing

@Suite struct RunReportTests {
  static let tool = ReportedTool(version: "1.2.3")

  @Test(arguments: [0, 1, 2, 150, 3000]) func pageIsWellFormedAndSelfContained(_ steps: Int) throws {
    let history = RunHistory(SyntheticRun.records(steps: steps))
    let page = RunReport.html(SyntheticRun.description(), history, tool: Self.tool)
    let reader = XMLReader(page)
    #expect(reader.isWellFormed, "\(reader.problem)")
    let names = Set(reader.elements.map(\.name))
    #expect(names.isDisjoint(with: ["script", "link", "img", "iframe", "object", "image", "base", "form"]))
    for (_, attributes) in reader.elements {
      #expect(attributes["src"] == nil && attributes["style"] == nil)
      #expect(attributes.keys.allSatisfy { !$0.hasPrefix("on") })
      if let reference = attributes["href"] { #expect(reference.hasPrefix("#")) }
    }
    let identifiers = reader.elements.compactMap { $0.attributes["id"] }
    #expect(Set(identifiers).count == identifiers.count)
    for key in ["href", "for"] {
      for reference in reader.elements.compactMap({ $0.attributes[key] }) {
        #expect(identifiers.contains(reference.hasPrefix("#") ? String(reference.dropFirst()) : reference))
      }
    }
    #expect(!page.contains("NaN") && !page.contains("inf\""))
    #expect(page.contains("samples of sets/mnist (idx, train split)"))
    if let directory = ProcessInfo.processInfo.environment["RITZ_TEST_PAGES"] {
      try page.write(toFile: directory + "/run-\(steps).html", atomically: true, encoding: .utf8)
    }
  }

  @Test func aLongRunDrawsNoMoreThanItsPixels() throws {
    let history = RunHistory(SyntheticRun.records(steps: 10_000))
    let page = RunReport.html(SyntheticRun.description(), history, tool: Self.tool)
    #expect(page.utf8.count < 3_000_000)
    if let directory = ProcessInfo.processInfo.environment["RITZ_TEST_PAGES"] {
      try page.write(toFile: directory + "/run-10000.html", atomically: true, encoding: .utf8)
    }
  }

  @Test func everyNumberIsInTheHistory() throws {
    let records = SyntheticRun.records(steps: 200, interval: 20, density: false)
    var numbers: Set<Double> = [15_910, 10_000, 79, 128, 7, 200]
    for piece in String(decoding: try JSONEncoder().encode(records), as: UTF8.self).split(
      whereSeparator: { !"0123456789.eE+-".contains($0) })
    {
      if let number = Double(piece) { numbers.insert(number) }
    }
    let recent = records.compactMap { record -> Double? in
      if case .step(let step) = record { step.loss } else { nil }
    }.suffix(100)
    numbers.insert(recent.reduce(0) { $0 + $1 / 100 })
    let page = RunReport.html(SyntheticRun.description(), RunHistory(records), tool: Self.tool)
    let shown = XMLReader(page).elements.filter { $0.name == "data" }.compactMap { $0.attributes["value"] }
    #expect(shown.count > 100)
    for value in shown { #expect(numbers.contains(try #require(Double(value))), "\(value)") }
  }

  @Test func hostileTextStaysText() throws {
    let hostile =
      "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>*_{&amp;\u{0}\u{1B}[2J\u{202E}\u{FFFE}]]>--><!--"
    var description = SyntheticRun.description()
    description.title = hostile
    description.network = hostile
    description.data = hostile
    description.loss = hostile
    description.optimizer = hostile
    description.edgeFormula = hostile
    description.schema = hostile
    description.command = [hostile]
    description.conventions = [.init(name: hostile, text: hostile)]
    var measurement = SyntheticRun.measurement(10)
    measurement.operatorName = hostile
    measurement.reason = hostile
    var block = measurement
    block.block = hostile
    let records: [RunRecord] = [
      .measurement(measurement), .measurement(block),
      .evaluation(RunEvaluation(step: 10, set: hostile, samples: 1, loss: 1)),
    ]
    let page = RunReport.html(description, RunHistory(records), tool: ReportedTool(name: hostile, version: hostile))
    let reader = XMLReader(page)
    #expect(reader.isWellFormed, "\(reader.problem)")
    #expect(!page.contains("<script") && !page.contains("<img"))
    #expect(!page.contains("\u{1B}") && !page.contains("\u{202E}") && !page.unicodeScalars.contains("\u{0}"))
  }

  @Test func aRunThatDivergesSaysSo() throws {
    var records = SyntheticRun.records(steps: 20, interval: 10, density: false)
    for value in [Double.infinity, .nan, 1e308, -1e308] {
      var measurement = SyntheticRun.measurement(20)
      measurement.top = [value, value]
      measurement.edge = value
      measurement.trace = RunEstimate(value, error: value)
      measurement.overlap = RunEstimate(value)
      records.append(.measurement(measurement))
      records.append(
        .step(
          RunStep(step: 20, epoch: 1, loss: value, learningRate: value, gradientNorm: value, updateNorm: value)))
    }
    let page = RunReport.html(SyntheticRun.description(), RunHistory(records), tool: Self.tool)
    #expect(page.contains("The loss was no finite number at step 20 and at 1 step after it."))
    let reader = XMLReader(page)
    #expect(reader.isWellFormed, "\(reader.problem)")
    #expect(!page.contains("nan\"") && !page.contains("inf\""))
    let warning = try #require(page.range(of: "no finite number")).lowerBound
    let numbers = try #require(page.range(of: "class=\"cards\"")).lowerBound
    #expect(warning < numbers)
  }
}
