import Foundation
import Ritz

/// Everything that defines a run, stored with it in `state` so that `--resume DIR` needs nothing else.
protocol StoredSettings: Codable, Sendable {
  /// The name of the file.
  static var file: String { get }
  /// The command that begins such runs.
  static var writer: String { get }
}

extension StoredSettings {
  private static var place: String { "state/" + file }

  /// Whether a run was begun in a directory.
  static func isThere(_ directory: String) -> Bool { FileBytes.exists(directory + "/" + place) }

  /// - Throws: `InputError` where the directory holds a run of another command.
  static func requireOwn(_ output: OutputDirectory) throws {
    let all: [any StoredSettings.Type] = [
      TrainSettings.self, RunSettings.self, BoundSettings.self, DissectSettings.self,
    ]
    for other in all where other.file != file && other.isThere(output.path) {
      throw InputError(
        file: output.path, "holds a run of another command, \(other.writer)", remedy: "give another --output")
    }
  }

  /// - Throws: `InputError` where no run was begun in the directory, or its settings are damaged.
  static func read(_ directory: String) throws -> Self {
    guard !directory.isEmpty else {
      throw InputError(
        place: "--resume", "names no directory", remedy: "give the --output directory of an earlier \(writer)")
    }
    guard isThere(directory) else {
      throw InputError(
        file: directory, place: place, "is not there: nothing to resume",
        remedy: "give the --output directory of an earlier \(writer)")
    }
    let path = directory + "/" + place
    do {
      return try JSONDecoder().decode(Self.self, from: Data(FileBytes(contentsOf: path).bytes))
    } catch let error as DecodingError {
      throw InputError(
        file: path, "is damaged, or of another version of ritz (\(error.shortDescription))",
        remedy: "start the run anew")
    }
  }

  func write(to output: OutputDirectory) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    _ = try output.directory("state")
    try output.write(Array(try encoder.encode(self)), to: Self.place)
  }
}
