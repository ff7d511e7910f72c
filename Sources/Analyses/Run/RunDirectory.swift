import Archives
import Foundation
import Tensors

/// The names of the files of a run, and reading them while they grow.
public struct RunDirectory: Sendable {
  public static let descriptionFile = "run.json"
  public static let historyFile = "history.jsonl"
  public static let checkpointsDirectory = "checkpoints"

  public let path: String

  public init(_ path: String) { self.path = path }

  /// - Throws: ``InputError`` where there is no run, or its description is damaged.
  public func description() throws -> RunDescription {
    let file = path + "/" + Self.descriptionFile
    guard FileBytes.exists(file) else {
      throw InputError(
        file: path, place: Self.descriptionFile, "is not there: this is not the directory of a training run",
        remedy: "give the --output directory of ritz train or ritz track")
    }
    do {
      return try JSONDecoder().decode(RunDescription.self, from: Data(FileBytes(contentsOf: file).bytes))
    } catch let error as DecodingError {
      throw InputError(file: file, "is damaged (\(error.shortDescription))", remedy: "start the run anew")
    }
  }

  /// The records of complete lines from a byte on, and the byte after the last of them. A line that is still being
  /// written is left for the next call.
  ///
  /// - Throws: ``InputError`` that names the line that is damaged.
  public func records(from byte: Int = 0) throws -> (records: [RunRecord], end: Int) {
    let file = path + "/" + Self.historyFile
    guard let handle = FileHandle(forReadingAtPath: file) else { return ([], byte) }
    defer { try? handle.close() }
    try handle.seek(toOffset: UInt64(byte))
    let data = try handle.readToEnd() ?? Data()
    guard let last = data.lastIndex(of: UInt8(ascii: "\n")) else { return ([], byte) }
    let decoder = JSONDecoder()
    var records: [RunRecord] = []
    for line in data[...last].split(separator: UInt8(ascii: "\n")) {
      do {
        records.append(try decoder.decode(RunRecord.self, from: line))
      } catch let error as DecodingError {
        throw InputError(
          file: file, place: "byte \(byte + line.startIndex - data.startIndex)",
          "is not a record of a run (\(error.shortDescription))",
          remedy: "start the run anew, or remove the line")
      }
    }
    return (records, byte + data.distance(from: data.startIndex, to: last) + 1)
  }
}
