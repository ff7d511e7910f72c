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
}
