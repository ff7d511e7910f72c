import Foundation
import Ritz

/// The directory `state` of a run in parts: arrays and what is told of them, a file each that is replaced as a whole.
struct StoredParts {
  private let directory: OutputDirectory
  private let lock: RunLock
  /// - Parameter own: what the command stores of its runs.
  /// - Throws: `InputError` where the directory holds the run of another command, or another process is at work in it.
  init(_ output: OutputDirectory, of own: any StoredSettings.Type) throws {
    try own.requireOwn(output)
    directory = try output.directory("state")
    lock = try RunLock(directory.path("lock"), of: output.path)
  }

  /// Removes what an earlier run left.
  func clear() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    where name.hasSuffix(".safetensors") {
      try? FileManager.default.removeItem(atPath: directory.path(name))
    }
  }

  func write<Scalar: Real, Note: Encodable>(
    _ name: String, _ vectors: [(name: String, vector: Vector<Scalar>)], _ note: Note
  ) throws {
    let text = String(decoding: try JSONEncoder().encode(note), as: UTF8.self)
    try SafetensorsFile.write(
      vectors.map { ($0.name, NumpyArray(vector: $0.vector)) }, metadata: ["note": text],
      to: directory.path(name + ".safetensors"))
  }

  /// `nil` where there is none yet.
  func read<Scalar: Real, Note: Decodable>(
    _ name: String, as type: Note.Type
  ) throws -> (vectors: [String: Vector<Scalar>], note: Note)? {
    let path = directory.path(name + ".safetensors")
    guard FileBytes.exists(path) else { return nil }
    let file = try SafetensorsFile(contentsOf: path)
    guard let text = file.metadata["note"], let note = try? JSONDecoder().decode(Note.self, from: Data(text.utf8))
    else {
      throw InputError(file: path, "is no part of a run", remedy: "start the run anew")
    }
    var vectors: [String: Vector<Scalar>] = [:]
    for name in file.names { vectors[name] = Vector(try file.array(named: name).values(as: Scalar.self)) }
    return (vectors, note)
  }
}
