import Archives
import Krylov
import Tensors

/// Krylov states as NPZ files: one array an entry, parts under numbered prefixes.
///
/// | array | holds |
/// |---|---|
/// | `kind` | the state's name and layout version, as bytes |
/// | `integers/<name>`, `numbers/<name>` | int64, float64 |
/// | `counts/<name>` | how many vectors there are of a name |
/// | `vectors/<name>/<i>` | vector i, in the scalar type |
/// | `parts/<i>/…` | the same of part i |
public enum SnapshotArchive {
  /// Writes the state beside `path` and renames it there.
  public static func write<Scalar: Real>(_ snapshot: KrylovSnapshot<Scalar>, to path: String) throws {
    let writer = try NumpyArchiveWriter(path)
    try add(snapshot, prefix: "", to: writer)
    try writer.finish()
  }

  private static func add<Scalar: Real>(
    _ snapshot: KrylovSnapshot<Scalar>, prefix: String, to writer: NumpyArchiveWriter
  ) throws {
    try writer.add(prefix + "kind", NumpyArray(Array(snapshot.kind.utf8)))
    for (name, values) in snapshot.integers.sorted(by: { $0.key < $1.key }) {
      try writer.add(prefix + "integers/" + name, NumpyArray(values.map { Int64($0) }))
    }
    for (name, values) in snapshot.numbers.sorted(by: { $0.key < $1.key }) {
      try writer.add(prefix + "numbers/" + name, values)
    }
    for (name, vectors) in snapshot.vectors.sorted(by: { $0.key < $1.key }) {
      // One array a vector: nothing of the size of a basis is copied.
      try writer.add(prefix + "counts/" + name, NumpyArray([Int64(vectors.count)]))
      for (index, vector) in vectors.enumerated() {
        try vector.withUnsafePointer { elements in
          try writer.add(
            prefix + "vectors/\(name)/\(index)", shape: [vector.count],
            UnsafeBufferPointer(start: elements, count: vector.count))
        }
      }
    }
    for (index, part) in snapshot.parts.enumerated() {
      try add(part, prefix: prefix + "parts/\(index)/", to: writer)
    }
  }

  /// Reads a state.
  ///
  /// - Throws: ``InputError`` where the file is damaged.
  public static func read<Scalar: Real>(_ path: String, as type: Scalar.Type = Scalar.self) throws
    -> KrylovSnapshot<Scalar>
  {
    try snapshot(NumpyArchive(contentsOf: path), prefix: "")
  }

  private static func snapshot<Scalar: Real>(
    _ archive: NumpyArchive, prefix: String
  ) throws -> KrylovSnapshot<Scalar> {
    let kind = try archive.array(named: prefix + "kind").integers().map { UInt8(clamping: $0) }
    var result = KrylovSnapshot<Scalar>(kind: String(decoding: kind, as: UTF8.self))
    var parts = 0
    for full in archive.names where full.hasPrefix(prefix) {
      let components = full.dropFirst(prefix.count).split(separator: "/", maxSplits: 1)
      guard components.count == 2 else { continue }
      let name = String(components[1])
      switch components[0] {
      case "integers": result.integers[name] = try archive.array(named: full).integers()
      case "numbers": result.numbers[name] = try archive.array(named: full).doubles()
      case "counts": result.vectors[name] = try vectors(archive, prefix, name)
      case "parts":
        guard let index = name.split(separator: "/").first.flatMap({ Int($0) }), index >= 0, index < 1 << 16 else {
          throw InputError(
            file: archive.file, place: full, "is not part of a stored state", remedy: "start the run anew")
        }
        parts = max(parts, index + 1)
      default: continue
      }
    }
    for index in 0..<parts { result.parts.append(try snapshot(archive, prefix: prefix + "parts/\(index)/")) }
    return result
  }

  private static func vectors<Scalar: Real>(
    _ archive: NumpyArchive, _ prefix: String, _ name: String
  ) throws -> [Vector<Scalar>] {
    let count = try archive.array(named: prefix + "counts/" + name).integers()
    guard count.count == 1, count[0] >= 0, count[0] <= archive.names.count else {
      throw InputError(file: archive.file, place: name, "has no count of its vectors", remedy: "start the run anew")
    }
    return try (0..<count[0]).map { index in
      Vector(try archive.array(named: prefix + "vectors/\(name)/\(index)").values(as: Scalar.self))
    }
  }
}
