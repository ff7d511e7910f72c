import Foundation
import Ritz

/// What `ritz dissect --resume DIR` needs: the command, where it was given, and checksums of what it is about.
struct DissectSettings: StoredSettings {
  /// Behind `ritz dissect`.
  var arguments: [String]
  /// What relative paths among them begin at.
  var workingDirectory: String
  /// Of each model's parameters and data.
  var fingerprints: [UInt32] = []

  static let (file, writer) = ("dissect.json", "ritz dissect")
}

/// The parts of one model's dissection in a run's directory, and the time they took.
final class DissectedParts<Scalar: Real> {
  private struct Note: Codable {
    var seconds: Double
    var text: Data
  }

  private let parts: StoredParts
  private let model: Int
  private let begin = secondsNow()
  private var lastStored: Double
  private var restoredSeconds = 0.0

  init(_ parts: StoredParts, model: Int) {
    self.parts = parts
    self.model = model
    lastStored = begin
  }

  /// Of this session and, for what they did, of those before.
  var seconds: Double { restoredSeconds + secondsNow() - begin }

  var storage: DissectionStorage<Scalar> {
    DissectionStorage(restore: { try self.restore($0) }, store: { try self.store($0, $1) })
  }

  private func restore(_ name: String) throws -> DissectionStorage<Scalar>.Part? {
    let stored: (vectors: [String: Vector<Scalar>], note: Note)? = try parts.read(fileName(name), as: Note.self)
    guard let stored else { return nil }
    restoredSeconds += stored.note.seconds
    lastStored = secondsNow()
    return (stored.vectors, stored.note.text)
  }

  private func store(_ name: String, _ part: DissectionStorage<Scalar>.Part) throws {
    let now = secondsNow()
    try parts.write(
      fileName(name), part.vectors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
      Note(seconds: now - lastStored, text: part.note))
    lastStored = now
  }

  private func fileName(_ name: String) -> String { "model-\(model)-\(name)" }
}
