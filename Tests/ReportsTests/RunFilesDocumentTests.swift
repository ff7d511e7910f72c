import Analyses
import Foundation
import Tensors
import Testing

/// docs/run-files.md names every key of the files of a run, and no other.
@Suite struct RunFilesDocumentTests {
  /// What is documented elsewhere, or is an estimate like `trace`.
  private static let opaque: Set<String> = [
    "density", "gradient_fraction", "batch_gradient_fraction", "update_fraction", "overlap", "loss_change.predicted",
    "loss_change.observed", "update_change", "evaluations",
  ]

  private func paths(_ value: Any, _ prefix: String = "") -> Set<String> {
    if Self.opaque.contains(prefix) { return [] }
    if let members = value as? [String: Any] {
      return members.reduce(into: []) { found, member in
        let path = prefix.isEmpty ? member.key : prefix + "." + member.key
        found.insert(path)
        found.formUnion(paths(member.value, path))
      }
    }
    return (value as? [Any] ?? []).reduce(into: []) { $0.formUnion(paths($1, prefix + "[]")) }
  }

  private func keys(_ bytes: [UInt8]) throws -> Set<String> {
    try paths(JSONSerialization.jsonObject(with: Data(bytes)))
  }

  /// What stands in backquotes in the first column of a table.
  private func documentedKeys(_ table: String) -> Set<String> {
    let rows = table.components(separatedBy: "\n\n")[0].split(separator: "\n")
    var keys: Set<String> = []
    for row in rows.dropFirst(2) {
      let parts = (row.split(separator: "|").first ?? "").split(separator: "`", omittingEmptySubsequences: false)
      for index in stride(from: 1, to: parts.count, by: 2) { keys.insert(String(parts[index])) }
    }
    return keys
  }

  @Test func everyKeyIsDocumented() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let document = try String(contentsOf: root.appendingPathComponent("docs/run-files.md"), encoding: .utf8)
    let tables = document.components(separatedBy: "| key").dropFirst().map(documentedKeys)
    try #require(tables.count == 5)

    let description = try keys(SyntheticRun.description().encoded())
    #expect(tables[0] == description)
    var measurement = SyntheticRun.measurement(500)
    measurement.block = "0"
    measurement.gradientNorm = 1
    measurement.topDataErrors = [0.1]
    measurement.densityDataErrors = [0.1]
    measurement.batchNormalization = "batch"
    measurement.overlapChanceDeviation = 0.1
    let records: [RunRecord] = [
      .step(
        RunStep(step: 0, epoch: 0, loss: 1, learningRate: 0.1, gradientNorm: 1, updateNorm: 1)),
      .evaluation(RunEvaluation(step: 0, set: "training", samples: 1, loss: 1, accuracy: 1)), .measurement(measurement),
    ]
    for (record, table) in zip(records, tables[1...3]) {
      let written = try keys(record.line())
      #expect(table == written)
    }
    let result = RunResult(
      steps: 1, parameters: Vector<Float>([1]), history: records, stepsPerEpoch: 1)
    let ending = try keys(result.encoded())
    #expect(tables[4] == ending)
  }

  @Test func recordsComeBack() throws {
    let directory = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let records = SyntheticRun.records(steps: 120)
    try Data(records.flatMap { try $0.line() }).write(
      to: URL(fileURLWithPath: directory + "/" + RunDirectory.historyFile))
    try Data(SyntheticRun.description().encoded()).write(
      to: URL(fileURLWithPath: directory + "/" + RunDirectory.descriptionFile))
    #expect(try RunDirectory(directory).records().records == records)
    #expect(try RunDirectory(directory).description() == SyntheticRun.description())
  }
}
