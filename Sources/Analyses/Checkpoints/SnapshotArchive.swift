import Archives
import Krylov
import Tensors

/// Krylov states as NPZ files: one array an entry, parts under numbered prefixes.
///
/// | array | holds |
/// |---|---|
/// | `kind` | the state's name and layout version, as bytes |
/// | `integers/<name>`, `numbers/<name>` | int64, float64 |
/// | `vectors/<name>` | rows of the scalar type |
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
      let width = vectors.first?.count ?? 0
      var rows: [Scalar] = []
      rows.reserveCapacity(width * vectors.count)
      for vector in vectors { vector.withUnsafePointer { rows += UnsafeBufferPointer(start: $0, count: vector.count) } }
      try writer.add(prefix + "vectors/" + name, shape: [vectors.count, width], rows)
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
      case "vectors": result.vectors[name] = try rows(archive.array(named: full), archive.file, full)
      case "parts":
        guard let index = name.split(separator: "/").first.flatMap({ Int($0) }), index >= 0, index < 1 << 16 else {
          throw InputError(file: archive.file, place: full, "is not part of a stored state", remedy: "start the run anew")
        }
        parts = max(parts, index + 1)
      default: continue
      }
    }
    for index in 0..<parts { result.parts.append(try snapshot(archive, prefix: prefix + "parts/\(index)/")) }
    return result
  }

  private static func rows<Scalar: Real>(
    _ array: NumpyArray, _ file: String, _ place: String
  ) throws -> [Vector<Scalar>] {
    guard array.rank == 2 else {
      throw InputError(file: file, place: place, "has shape \(array.shape), expected rows", remedy: "start the run anew")
    }
    let values = try array.values(as: Scalar.self)
    let width = array.shape[1]
    return (0..<array.shape[0]).map { Vector(values[$0 * width..<($0 + 1) * width]) }
  }
}
