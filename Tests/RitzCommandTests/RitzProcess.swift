import Archives
import Foundation
import TestSupport
import Testing

/// The built command `ritz`, run as a process of its own, as a user's shell would run it.
final class RitzProcess {
  /// How a process ended, and what it wrote.
  struct Outcome {
    /// The exit status; `nil` where a signal ended the process, as a trap does.
    var status: Int32?
    var output: String
    var errors: String

    /// The lines on standard error.
    var errorLines: [Substring] { errors.split(separator: "\n", omittingEmptySubsequences: true) }
  }

  private struct NotBuilt: Error, CustomStringConvertible {
    var description: String { "the executable 'ritz' is not beside the test bundle" }
  }

  private struct TookTooLong: Error {
    var arguments: [String]
    var waitedFor: String
    var errors: String
  }

  /// The longest a process of these tests may take on a busy machine, in seconds.
  private static let patience = 240.0

  private let process = Process()
  private let files: TemporaryDirectory
  private let arguments: [String]

  /// The product is built into the directory of the test bundle, which on macOS is a directory itself.
  private static let executable: URL? = {
    let bundles = CommandLine.arguments.filter { $0.contains(".xctest") }.map { URL(fileURLWithPath: $0) }
    for start in bundles + [Bundle.main.executableURL, Bundle.main.bundleURL].compactMap({ $0 }) {
      var directory = start
      for _ in 0..<5 {
        directory.deleteLastPathComponent()
        let candidate = directory.appendingPathComponent("ritz")
        if FileBytes.exists(candidate.path) { return candidate }
      }
    }
    return nil
  }()

  /// Starts the command in `directory`, by default one of its own; what it prints goes to `output`, by default a file
  /// that is read at the end.
  init(_ arguments: [String], in directory: String? = nil, output: String? = nil) throws {
    guard let executable = Self.executable else { throw NotBuilt() }
    files = try TemporaryDirectory()
    self.arguments = arguments
    for name in ["output", "errors"] { try AtomicFile.write([], to: files.path(name)) }
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory ?? files.path)
    process.environment = ProcessInfo.processInfo.environment.merging(["COLUMNS": "80"]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output ?? files.path("output")))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: files.path("errors")))
    try process.run()
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  /// Runs the command to its end.
  static func run(_ arguments: String..., in directory: String? = nil) throws -> Outcome {
    try run(arguments, in: directory)
  }

  static func run(_ arguments: [String], in directory: String? = nil) throws -> Outcome {
    try RitzProcess(arguments, in: directory).finish()
  }

  /// What it has written to standard error so far.
  var errors: String { text("errors") }

  /// Waits until `condition` holds or the process has ended.
  func wait(for what: String, until condition: () -> Bool) throws {
    let deadline = Date().addingTimeInterval(Self.patience)
    while process.isRunning && !condition() {
      guard Date() < deadline else { throw TookTooLong(arguments: arguments, waitedFor: what, errors: errors) }
      usleep(2000)
    }
  }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits for the end.
  func finish() throws -> Outcome {
    try wait(for: "its end") { false }
    process.waitUntilExit()
    return Outcome(
      status: process.terminationReason == .exit ? process.terminationStatus : nil, output: text("output"),
      errors: errors)
  }

  private func text(_ name: String) -> String {
    (try? FileBytes(contentsOf: files.path(name))).map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
  }
}
