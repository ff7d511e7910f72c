import Archives
import Foundation
import Tensors

/// Appends records to `history.jsonl`, and clock times to `clock.jsonl`, which is not part of what a run's bits are.
///
/// Every line is handed to the system when it is written, so readers see it at once and a killed run leaves at most
/// half a line. A run that goes on cuts the history where its stored state says it ended.
public final class RunLog {
  /// The file of clock times: `{"seconds":12.5,"step":100}` a line, seconds of all sessions so far.
  public static let clockFile = "clock.jsonl"

  private let path: String
  private let history: FileHandle
  private let clock: FileHandle
  /// Bytes of the history so far.
  public private(set) var end: Int

  /// - Parameters:
  ///   - directory: of the run; it exists.
  ///   - end: bytes of the history that stay; 0 begins it anew.
  /// - Throws: ``InputError`` where the files cannot be written, or the history is shorter than that.
  public init(directory: String, end: Int = 0) throws {
    path = directory + "/" + RunDirectory.historyFile
    history = try Self.open(path)
    clock = try Self.open(directory + "/" + Self.clockFile)
    let size = try history.seekToEnd()
    guard size >= UInt64(end) else {
      throw InputError(
        file: path, "is \(size) bytes long, but the stored state is of a run with \(end)", remedy: "start the run anew")
    }
    try history.truncate(atOffset: UInt64(end))
    if end == 0 { try clock.truncate(atOffset: 0) } else { try clock.seekToEnd() }
    self.end = end
  }

  deinit {
    try? history.close()
    try? clock.close()
  }

  private static func open(_ path: String) throws -> FileHandle {
    if !FileManager.default.fileExists(atPath: path), !FileManager.default.createFile(atPath: path, contents: nil) {
      throw InputError(file: path, "cannot be written", remedy: "check the permissions and the disk")
    }
    guard let handle = FileHandle(forUpdatingAtPath: path) else {
      throw InputError(file: path, "cannot be written", remedy: "check the permissions")
    }
    return handle
  }

  /// - Throws: ``InputError`` where the disk is full.
  public func append(_ record: RunRecord) throws {
    let line = try record.line()
    do {
      try history.write(contentsOf: Data(line))
    } catch {
      throw InputError(file: path, "cannot be written: \(error.localizedDescription)", remedy: "free some space")
    }
    end += line.count
  }

  /// Notes when a step ended. What cannot be written is left out.
  public func note(seconds: Double, step: Int) {
    let rounded = (seconds * 1000).rounded() / 1000
    try? clock.write(contentsOf: Data("{\"seconds\":\(rounded),\"step\":\(step)}\n".utf8))
  }

  /// Brings the history to the disk.
  public func synchronize() throws { try history.synchronize() }
}
