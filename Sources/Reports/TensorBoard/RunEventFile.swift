public import Analyses
import Archives
import Foundation
import Tensors

/// The TensorBoard log of a run, `events.out.tfevents.*`, written as the run goes.
///
///     let events = try RunEventFile(in: "runs/first", description, continuingAt: nil)
///     try events.append(record)
///     state.eventBytes = try events.flush()      // where a resumed run goes on
///
/// Records of steps come many times a second, so they are gathered and written together; `flush` writes what has come.
/// A file that was cut short by a crash keeps its sound records. Times are those of writing, so the file is no part of
/// what a resumed run repeats bit for bit. Not safe to use from several threads at once.
///
/// Format: TFRecord frames around TensorFlow's `Event` messages (protocol buffers), as `tensorboard` from PyPI reads them.
public final class RunEventFile {
  /// The one log of a run, so that a resumed run goes on with it.
  public static let file = "events.out.tfevents.0.ritz"

  private let path: String
  private let parameters: Int
  private let handle: FileHandle
  private let clock: () -> Double
  private var waiting: [UInt8] = []
  private var length: Int

  /// Opens the log of the run in a directory.
  ///
  /// - Parameters:
  ///   - continuingAt: what ``flush()`` returned when the state was saved that the run goes on from; nil begins the log anew.
  ///   - clock: seconds since 1970.
  /// - Throws: `InputError` where the file cannot be written.
  public init(
    in directory: String, _ description: RunDescription, continuingAt end: Int? = nil,
    clock: @escaping () -> Double = { Date().timeIntervalSince1970 }
  ) throws {
    path = directory + "/" + Self.file
    parameters = description.parameters
    self.clock = clock
    var kept: [UInt8] = []
    if let end, FileBytes.exists(path) {
      let bytes = try FileBytes(contentsOf: path).bytes
      kept = Array(bytes.prefix(EventRecord.soundLength(Array(bytes.prefix(max(0, end))))))
    }
    if kept.isEmpty {
      kept = EventRecord.framed(EventRecord.header(time: clock()))
      kept += EventRecord.framed(RunEvents.description(description, time: clock()).message)
    }
    try AtomicFile.write(kept, to: path)
    guard let handle = FileHandle(forWritingAtPath: path) else { throw Self.failure(path) }
    self.handle = handle
    length = kept.count
    do { try handle.seekToEnd() } catch { throw Self.failure(path) }
  }

  deinit { try? handle.close() }

  /// Takes a record; it is written with others, or by ``flush()``.
  ///
  /// - Throws: `InputError` where the disk is full, or the like.
  public func append(_ record: RunRecord) throws {
    guard let event = RunEvents.record(record, parameters: parameters, time: clock()) else { return }
    waiting += EventRecord.framed(event.message)
    if waiting.count > 1 << 16 { try flush() }
  }

  /// Writes what has come, and returns the length of the log.
  @discardableResult
  public func flush() throws -> Int {
    guard !waiting.isEmpty else { return length }
    do { try handle.write(contentsOf: waiting) } catch { throw Self.failure(path) }
    length += waiting.count
    waiting = []
    return length
  }

  private static func failure(_ path: String) -> InputError {
    InputError(file: path, "cannot be written", remedy: "free some space, or check its permissions")
  }
}
