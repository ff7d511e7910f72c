import Analyses
import Archives
import Foundation
import Reports
import Tensors
import Testing

@Suite struct RunComparisonTests {
  private func run(_ name: String, steps: Int, optimizer: String = "SGD, η 0.1, cosine") -> RunComparison.Run {
    var description = SyntheticRun.description()
    description.optimizer = optimizer
    return RunComparison.Run(
      name: name, description: description, history: RunHistory(SyntheticRun.records(steps: steps)))
  }

  /// Text by text, the cells of the tables in a page.
  private func rows(_ page: String) -> [[String]] {
    page.components(separatedBy: "<tr>").dropFirst().map { row in
      row.components(separatedBy: "</td>").dropLast().map { cell in
        cell.replacingOccurrences(of: "<[^>]*>", with: "", options: .regularExpression)
          .trimmingCharacters(in: .whitespacesAndNewlines)
      }
    }.filter { !$0.isEmpty }
  }

  /// Runs of different lengths, one of them with a single measurement.
  @Test func pageIsWellFormedAndSelfContained() throws {
    let runs = [run("with <norm>", steps: 1000), run("without", steps: 600, optimizer: "Adam"), run("once", steps: 50)]
    let page = RunComparison.html(runs, tool: RunReportTests.tool)
    let reader = XMLReader(page)
    #expect(reader.isWellFormed, "\(reader.problem)")
    #expect(Set(reader.elements.map(\.name)).isDisjoint(with: ["script", "link", "img", "iframe", "object"]))
    let identifiers = reader.elements.compactMap { $0.attributes["id"] }
    #expect(Set(identifiers).count == identifiers.count)
    for reference in reader.elements.compactMap({ $0.attributes["href"] }) {
      #expect(identifiers.contains(String(reference.dropFirst())))
    }
    #expect(!page.contains("<norm>") && !page.contains("NaN"))
    let measured = rows(page)
    // The first, the middle and the last of 10 measurements of the first run and of 6 of the second.
    #expect(
      measured.map { Array($0.prefix(2)) }.prefix(7) == [
        ["with &lt;norm&gt;", "0"], ["without", "0"], ["once", "0"], ["with &lt;norm&gt;", "400"], ["without", "200"],
        ["with &lt;norm&gt;", "900"], ["without", "500"],
      ])
    for title in [
      "sets/mnist (idx, train split) · cross-entropy loss", ">outliers (gap)<",
      "without, step 200", "Density at the start", "Density in the middle", "Density at the end", "Validation accuracy",
    ] {
      #expect(page.contains(title), "\(title)")
    }
    // Only what differs is among the settings.
    #expect(measured.contains(["without", "Adam"]) && !page.contains(">precision<"))
  }

  /// A directory is called by its last component, and by the whole path where that is another's, too.
  @Test func runsOfDirectories() throws {
    let base = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: base) }
    for name in ["/a/run", "/b/run", "/c"] {
      let directory = base + name
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      try JSONEncoder().encode(SyntheticRun.description()).write(to: URL(fileURLWithPath: directory + "/run.json"))
      let lines = try SyntheticRun.records(steps: 3).flatMap { try $0.line() }
      try Data(lines).write(to: URL(fileURLWithPath: directory + "/history.jsonl"))
    }
    func page(_ names: [String]) throws -> String {
      try RunComparison.write(names.map { RunDirectory(base + $0) }, to: base + "/page.html", tool: RunReportTests.tool)
      return try String(contentsOfFile: base + "/page.html", encoding: .utf8)
    }
    #expect(rows(try page(["/a/run", "/c"])).prefix(2).map { $0[0] } == ["run", "c"])
    #expect(rows(try page(["/a/run", "/b/run"])).prefix(2).map { $0[0] } == [base + "/a/run", base + "/b/run"])
    #expect(throws: InputError.self) { try page(["/a/run", "/nowhere"]) }
  }
}
