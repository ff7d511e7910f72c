import Analyses
import Archives
import Foundation
import Reports
import TestSupport
import Testing

@Suite struct RunPagesTests {
  private let directory: TemporaryDirectory
  private static let page = HTTPRequest(isHead: false, path: "/", knownTags: nil)

  init() throws {
    directory = try TemporaryDirectory()
    try write(SyntheticRun.description())
  }

  private func write(_ description: RunDescription) throws {
    try AtomicFile.write(Array(JSONEncoder().encode(description)), to: directory.path("run.json"))
  }

  private func lines(_ records: [RunRecord]) throws -> [UInt8] {
    try records.flatMap { try JSONEncoder().encode($0) + [UInt8(ascii: "\n")] }
  }

  private func append(_ bytes: [UInt8]) throws {
    let path = directory.path("history.jsonl")
    let before = FileBytes.exists(path) ? try FileBytes(contentsOf: path).bytes : []
    // In place, as a run does.
    if let handle = FileHandle(forWritingAtPath: path) {
      try handle.seekToEnd()
      try handle.write(contentsOf: bytes)
      try handle.close()
    } else {
      try AtomicFile.write(before + bytes, to: path)
    }
  }

  private func pages() throws -> RunPages {
    try RunPages(RunDirectory(directory.path), tool: ReportedTool(version: "1"))
  }

  private func text(_ response: HTTPResponse) -> String { String(decoding: response.body, as: UTF8.self) }

  @Test func followsARunThatGrows() throws {
    var pages = try pages()
    #expect(text(pages.answer(Self.page)).contains("Nothing has been recorded yet."))
    let records = SyntheticRun.records(steps: 40, interval: 20)
    try append(try lines(Array(records.prefix(10))))
    let first = pages.answer(Self.page)
    #expect(first.status == .ok && text(first).contains("id=\"loss-"))

    // Nothing new: the tag is enough.
    let tag = try #require(first.tag)
    let known = HTTPRequest(isHead: false, path: "/", knownTags: "\"\(tag)\"")
    #expect(pages.answer(known).status == .notModified)

    // Half a line is no record.
    let rest = try lines(Array(records.dropFirst(10)))
    let taken = pages.stepsTaken
    try append(Array(rest.prefix(30)))
    #expect(pages.answer(known).status == .notModified && pages.stepsTaken == taken)
    try append(Array(rest.dropFirst(30)))
    #expect(pages.answer(known).status == .ok && pages.stepsTaken == 40)
  }

  @Test func aRunBegunAnewIsReadAnew() throws {
    try append(try lines(SyntheticRun.records(steps: 30, interval: 50, density: false)))
    var pages = try pages()
    #expect(pages.stepsTaken == 30)
    var description = SyntheticRun.description()
    description.title = "Second"
    try write(description)
    try AtomicFile.write(
      try lines(SyntheticRun.records(steps: 5, interval: 50, density: false)), to: directory.path("history.jsonl"))
    #expect(text(pages.answer(Self.page)).contains("<h1>Second</h1>"))
    #expect(pages.stepsTaken == 5)

    // Cut short in place, as a resumed run does.
    let handle = try #require(FileHandle(forWritingAtPath: directory.path("history.jsonl")))
    try handle.truncate(
      atOffset: UInt64(lines(Array(SyntheticRun.records(steps: 2, interval: 50, density: false))).count))
    try handle.close()
    _ = pages.answer(Self.page)
    #expect(pages.stepsTaken == 2)
  }

  @Test func aRunThatDisappearsIsALine() throws {
    try append(try lines(SyntheticRun.records(steps: 3, density: false)))
    var pages = try pages()
    try FileManager.default.removeItem(atPath: directory.path("run.json"))
    let gone = pages.answer(Self.page)
    #expect(gone.status == .unavailable && text(gone).contains("is not the directory of a training run"))
    try write(SyntheticRun.description())
    #expect(pages.answer(Self.page).status == .ok)

    try append(Array("{\"nonsense\": 1}\n".utf8))
    let damaged = pages.answer(Self.page)
    #expect(damaged.status == .unavailable && text(damaged).contains("is not a record of a run"))
  }

  @Test func thePageBringsNothingFromElsewhere() throws {
    try append(try lines(SyntheticRun.records(steps: 3, density: false)))
    var pages = try pages()
    let reader = XMLReader(text(pages.answer(Self.page)))
    #expect(reader.isWellFormed, "\(reader.problem)")
    for (name, attributes) in reader.elements {
      for key in ["src", "href"] {
        if let reference = attributes[key] { #expect(reference.hasPrefix("/") || reference.hasPrefix("#"), "\(name)") }
      }
      // The policy allows no style or script inside.
      #expect(name != "style" && attributes["style"] == nil && attributes.keys.allSatisfy { !$0.hasPrefix("on") })
    }
    for path in ["/style.css", "/watch.js", "/report.html"] {
      #expect(pages.answer(HTTPRequest(isHead: false, path: path, knownTags: nil)).status == .ok)
    }
    for path in ["/history.jsonl", "/../run.json", "//", "/%2e%2e/"] {
      #expect(pages.answer(HTTPRequest(isHead: false, path: path, knownTags: nil)).status == .notFound)
    }
  }

  @Test func noRunIsALine() throws {
    let empty = try TemporaryDirectory()
    #expect(throws: (any Error).self) { try RunPages(RunDirectory(empty.path), tool: ReportedTool(version: "1")) }
  }
}
