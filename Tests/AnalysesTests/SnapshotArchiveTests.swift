import Analyses
import Archives
import Foundation
import Krylov
import Tensors
import TestSupport
import Testing

@Suite struct SnapshotArchiveTests {
  private func snapshot<Scalar: Real>(_ type: Scalar.Type) -> KrylovSnapshot<Scalar> {
    var part = KrylovSnapshot<Scalar>(kind: "inner 2")
    part.integers["step"] = [3]
    part.vectors["basis"] = [Vector([0.1, -0.0, Scalar.leastNonzeroMagnitude])]
    var whole = KrylovSnapshot<Scalar>(kind: "tèst 1")
    whole.integers["counts"] = [0, -1, Int.max, Int.min]
    whole.integers["none"] = []
    whole.numbers["values"] = [0.1, -0.0, Double.leastNonzeroMagnitude, .greatestFiniteMagnitude]
    whole.numbers["empty"] = []
    whole.vectors["rows"] = [Vector([1, Scalar(1) / 3]), Vector([-Scalar.greatestFiniteMagnitude, 0])]
    whole.vectors["no rows"] = []
    whole.parts = (0..<12).map { index in
      var copy = part
      copy.integers["step"] = [index]
      return copy
    }
    return whole
  }

  private func bits<Scalar: Real>(_ snapshot: KrylovSnapshot<Scalar>) -> [UInt64] {
    snapshot.vectors.sorted { $0.key < $1.key }.flatMap {
      $0.value.flatMap { $0.elements.map { Double($0).bitPattern } }
    }
      + snapshot.numbers.sorted { $0.key < $1.key }.flatMap { $0.value.map(\.bitPattern) }
      + snapshot.parts.flatMap { bits($0) }
  }

  private func roundTrip<Scalar: Real>(_ type: Scalar.Type) throws {
    let directory = try TemporaryDirectory()
    let original = snapshot(type)
    try SnapshotArchive.write(original, to: directory.path("state.npz"))
    let read = try SnapshotArchive.read(directory.path("state.npz"), as: type)
    #expect(read == original && bits(read) == bits(original))
    #expect(directory.contents == ["state.npz"])
    // A second state replaces the first.
    var other = original
    other.kind = "other"
    try SnapshotArchive.write(other, to: directory.path("state.npz"))
    #expect(try SnapshotArchive.read(directory.path("state.npz"), as: type) == other)
  }

  @Test func roundTrip() throws {
    try roundTrip(Double.self)
    try roundTrip(Float.self)
  }

  @Test func damagedFiles() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("state.npz")
    try SnapshotArchive.write(snapshot(Double.self), to: path)
    let bytes = try FileBytes(contentsOf: path).bytes
    for count in [0, 10, bytes.count / 2, bytes.count - 1] {
      try Data(bytes.prefix(count)).write(to: URL(fileURLWithPath: path))
      #expect(throws: InputError.self) { try SnapshotArchive.read(path, as: Double.self) }
    }
    try NumpyArchive.write(["vectors/rows": NumpyArray([1.0, 2])], to: path)
    #expect(throws: InputError.self) { try SnapshotArchive.read(path, as: Double.self) }
    // More vectors promised than there are, a negative number of them, and no single number.
    for counts in [[2], [-1], [Int64.max], [1, 1], []] as [[Int64]] {
      try NumpyArchive.write(
        [
          "kind": NumpyArray(Array("a".utf8)), "counts/rows": NumpyArray(counts),
          "vectors/rows/0": NumpyArray([1.0, 2]),
        ], to: path)
      #expect(throws: InputError.self, "\(counts)") { try SnapshotArchive.read(path, as: Double.self) }
    }
    try NumpyArchive.write(
      ["kind": NumpyArray(Array("a".utf8)), "parts/100000000/kind": NumpyArray(Array("a".utf8))], to: path)
    #expect(throws: InputError.self) { try SnapshotArchive.read(path, as: Double.self) }
    #expect(throws: InputError.self) { try SnapshotArchive.read(directory.path("none.npz"), as: Double.self) }
  }
}
