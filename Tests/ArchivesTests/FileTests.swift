import Foundation
import TestSupport
import Testing

@testable import Archives

@Suite struct FileTests {
  @Test func readsRegularFiles() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("file")
    try AtomicFile.write(Array("contents".utf8), to: path)
    #expect(try FileBytes(contentsOf: path).bytes == Array("contents".utf8))
    #expect(try FileBytes(contentsOf: path, limit: 8).bytes.count == 8)
    expectInputError(path, "is 8 bytes long, more than the 7") { try FileBytes(contentsOf: path, limit: 7) }
    try AtomicFile.write([], to: path)
    #expect(try FileBytes(contentsOf: path).bytes == [])
    #expect(FileBytes.exists(path) && !FileBytes.isDirectory(path))
    #expect(FileBytes.isDirectory(directory.path) && !FileBytes.exists(directory.path))
  }

  @Test func refusesEverythingElse() throws {
    let directory = try TemporaryDirectory()
    expectInputError("/absent: does not exist; check the path") { try FileBytes(contentsOf: directory.path("absent")) }
    expectInputError(directory.path, "is a directory") { try FileBytes(contentsOf: directory.path) }
    expectInputError("/dev/zero: is not a regular file") { try FileBytes(contentsOf: "/dev/zero") }
    expectInputError("is not a path") { try FileBytes(contentsOf: "") }
    expectInputError("is not a path") { try FileBytes(contentsOf: "a\u{0}b") }
    // A pipe that nobody writes to must not be waited for.
    let pipe = directory.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    expectInputError(pipe, "is not a regular file") { try FileBytes(contentsOf: pipe) }
  }

  @Test func atomicFilesAppearWhole() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("result.json")
    try AtomicFile.write(Array("old".utf8), to: path)
    do {
      let file = try AtomicFile(path)
      try file.write("half of the ne")
      #expect(directory.contents.count == 2)
    }
    #expect(directory.contents == ["result.json"])
    #expect(try FileBytes(contentsOf: path).bytes == Array("old".utf8))
    let file = try AtomicFile(path)
    try file.write("new")
    #expect(try FileBytes(contentsOf: path).bytes == Array("old".utf8))
    try file.commit()
    #expect(try FileBytes(contentsOf: path).bytes == Array("new".utf8))
    #expect(directory.contents == ["result.json"])
  }

  @Test func unwritableOutputsAreErrors() throws {
    let directory = try TemporaryDirectory()
    expectInputError(directory.path, "is a directory") { try AtomicFile(directory.path) }
    expectInputError("/dev/null: is not a regular file") { try AtomicFile("/dev/null") }
    expectInputError("absent/file", "cannot be written") { try AtomicFile(directory.path("absent/file")) }
    expectInputError("the path is empty") { try AtomicFile("") }
    expectInputError("is not the path of a file") { try AtomicFile("runs/") }
    try AtomicFile.write([1], to: directory.path("file"))
    expectInputError("file", "is a file, not a directory") { try OutputDirectory(directory.path("file")) }
    expectInputError("file", "is a file, not a directory") { try OutputDirectory(directory.path("file/run")) }
    expectInputError("/proc/ritz: cannot be written") { try OutputDirectory("/proc/ritz") }
  }

  @Test func outputDirectoriesAreCreatedAndSwept() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("runs//first/")
    let output = try OutputDirectory(path)
    try output.write("{}", to: "result.json")
    try output.directory("state").write([1], to: "step")
    #expect(try FileBytes(contentsOf: directory.path("runs/first/result.json")).bytes == Array("{}".utf8))
    #expect(FileBytes.exists(directory.path("runs/first/state/step")))
    try Data().write(to: URL(fileURLWithPath: output.path(".result.json.abc\(AtomicFile.temporarySuffix)")))
    _ = try OutputDirectory(path)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["result.json", "state"])
  }
}
