import Foundation
import Ritz

/// The directory `state` of a training run: its settings, and the latest state, which is one file that is replaced as a whole.
///
/// The observers' state, which can be large, has a file of its own that the state names; it is there before the state
/// is, and is removed when no state names it any more.
struct TrainState {
  private let output: OutputDirectory
  private let directory: OutputDirectory
  private static let file = "state.safetensors"
  private let lock: RunLock

  /// - Throws: ``InputError`` where another process trains in the directory.
  init(_ output: OutputDirectory) throws {
    self.output = output
    directory = try output.directory("state")
    lock = try RunLock(directory.path("lock"), of: output.path)
  }

  struct Stored {
    var file: SafetensorsFile
    /// Bytes of the history, and of the TensorBoard log.
    var historyEnd: Int
    var eventsEnd: Int
    var seconds: Double
  }

  /// Begins a run: what an earlier one left in the directory is removed, so that it cannot pass for a result of this one.
  func begin(_ settings: TrainSettings) throws {
    let manager = FileManager.default
    try? manager.removeItem(atPath: directory.path("train.json"))
    clear()
    let checkpoints = output.path(RunDirectory.checkpointsDirectory)
    for name in (try? manager.contentsOfDirectory(atPath: checkpoints)) ?? []
    where name.hasPrefix("step-") && name.hasSuffix(".safetensors") {
      try? manager.removeItem(atPath: checkpoints + "/" + name)
    }
    for name in [SpectrumRun.resultFile, "report.html", RunDirectory.historyFile, RunLog.clockFile, RunEventFile.file] {
      try? manager.removeItem(atPath: output.path(name))
    }
    try settings.write(to: output)
  }

  /// The latest state; `nil` where the run was stopped before the first.
  func read() throws -> Stored? {
    let path = directory.path(Self.file)
    guard FileBytes.exists(path) else { return nil }
    let file = try SafetensorsFile(contentsOf: path)
    guard let end = file.metadata["history"].flatMap(Int.init), end >= 0,
      let events = file.metadata["events"].flatMap(Int.init), events >= 0,
      let seconds = file.metadata["seconds"].flatMap(Double.init), seconds.isFinite
    else { throw InputError(file: path, "is not the state of a training run", remedy: "start the run anew") }
    return Stored(file: file, historyEnd: end, eventsEnd: events, seconds: seconds)
  }

  func write<Scalar: Real>(
    _ arrays: [(name: String, array: NumpyArray)], watch: TrainObservation<Scalar>?, historyEnd: Int, eventsEnd: Int,
    seconds: Double
  ) throws {
    var metadata = ["history": String(historyEnd), "events": String(eventsEnd), "seconds": String(seconds)]
    var observers: String?
    if let watch {
      let stored = try watch.stored
      let name = "observers-\(historyEnd).npz"
      try SnapshotArchive.write(stored.snapshot, to: directory.path(name))
      (metadata["book"], metadata["observers"], observers) = (stored.book, name, name)
    }
    try SafetensorsFile.write(arrays, metadata: metadata, to: directory.path(Self.file))
    remove { $0.hasPrefix("observers-") && $0 != observers }
  }

  func snapshot<Scalar: Real>(_ name: String) throws -> KrylovSnapshot<Scalar> {
    guard name.hasPrefix("observers-"), !name.contains("/") else {
      throw InputError(file: directory.path, place: name, "is no state of observers", remedy: "start the run anew")
    }
    return try SnapshotArchive.read(directory.path(name))
  }

  /// Removes the states: the run is complete, or begins anew.
  func clear() { remove { $0 == Self.file || $0.hasPrefix("observers-") } }

  private func remove(_ isOld: (String) -> Bool) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [] where isOld(name) {
      try? FileManager.default.removeItem(atPath: directory.path(name))
    }
  }
}

/// Keeps a second process out of a run's directory; the system lifts it when this one ends, however it ends.
final class RunLock {
  private let descriptor: Int32

  init(_ path: String, of directory: String) throws {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw InputError(file: path, "cannot be written", remedy: "check the permissions and the disk")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw InputError(
        file: directory, "another process is at work there", remedy: "wait for it, stop it, or give another --output")
    }
  }

  deinit { close(descriptor) }
}
