import Archives
import Foundation
import TestSupport
import Testing

/// Small models and data in a directory of their own, and what the command leaves there.
final class Workspace {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  func path(_ name: String) -> String { directory.path(name) }

  /// Writes `samples` samples of `features` numbers with labels of `classes` classes, and returns the file's path.
  func labelled(_ name: String = "data.npz", samples: Int, features: Int, classes: Int) throws -> String {
    let x = (0..<samples * features).map { sin(Double(3 * $0 + 1)) }
    let y = (0..<samples).map { Int64($0 * 7 % classes) }
    return try write(["x": NumpyArray(x, shape: [samples, features]), "y": NumpyArray(y)], to: name)
  }

  func write(_ arrays: [String: NumpyArray], to name: String) throws -> String {
    try NumpyArchive.write(arrays, to: path(name))
    return path(name)
  }

  func write(_ bytes: [UInt8], to name: String) throws -> String {
    try AtomicFile.write(bytes, to: path(name))
    return path(name)
  }

  func arrays(_ name: String) throws -> [String: NumpyArray] { try NumpyArchive(contentsOf: path(name)).arrays() }

  func bytes(_ name: String) throws -> [UInt8] { try FileBytes(contentsOf: path(name)).bytes }

  /// Every file in a directory and those below, hidden ones included.
  func files(below name: String = "") -> [String] {
    (FileManager.default.enumerator(atPath: path(name))?.compactMap { $0 as? String } ?? []).sorted()
  }

  /// A JSON document as a dictionary.
  static func object(_ text: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  func object(_ name: String) throws -> [String: Any] {
    try Self.object(String(decoding: bytes(name), as: UTF8.self))
  }
}
