import Foundation
import Tensors
import TestSupport
import Testing

@testable import Archives

@Suite struct SafetensorsTests {
  /// `safetensors.torch.save` of arrays named by type and a metadata entry, safetensors 0.8.0.
  private static let saved = Fixtures.decoded(
    """
    cAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJhIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNl\
    dHMiOlswLDQ4XX0sInMiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzQ4LDU2XX0sImUiOnsiZHR5cGUiOiJGMzIi\
    LCJzaGFwZSI6WzAsM10sImRhdGFfb2Zmc2V0cyI6WzU2LDU2XX0sImIiOnsiZHR5cGUiOiJCRjE2Iiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRz\
    IjpbNTYsNjJdfSwiaCI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzYyLDY2XX0sInQiOnsiZHR5cGUiOiJCT09M\
    Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNjYsNjhdfX0gIAAAAAAAAAAAAQAAAAAAAAACAAAAAAAAAAMAAAAAAAAABAAAAAAAAAAFAAAA\
    AAAAAAAAAAAAAARAwD8AwGJ/AD7/ewEA
    """)

  /// A file of this header and `count` bytes of data.
  private func file(_ header: String, count: Int = 8, length: UInt64? = nil) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(length ?? UInt64(header.utf8.count))
    return bytes + header.utf8 + [UInt8](repeating: 0, count: count)
  }

  @Test func readsWhatTheReferenceWrites() throws {
    let file = try SafetensorsFile(bytes: Self.saved, file: "model.safetensors")
    #expect(file.names == ["a", "s", "e", "b", "h", "t"])
    #expect(file.metadata == ["format": "pt"])
    #expect(try file.array(named: "a") == NumpyArray([0, 1, 2, 3, 4, 5] as [Int64], shape: [2, 3]))
    #expect(try file.array(named: "s") == NumpyArray(scalar: 2.5))
    #expect(try file.array(named: "e") == NumpyArray([Float](), shape: [0, 3]))
    // 3e38 in bfloat16.
    #expect(try file.array(named: "b") == NumpyArray([1.5, -2, Float(bitPattern: 0x7f62_0000)]))
    #expect(try file.array(named: "h").doubles() == [1.5, 65504])
    #expect(try file.array(named: "t").elements == .bool([true, false]))
    #expect(file.shape(of: "e") == [0, 3] && file.shape(of: "z") == nil && !file.contains("z"))
    expectInputError("model.safetensors: z: ", "a, s, e") { try file.array(named: "z") }
  }

  @Test func readsBackWhatItWrites() throws {
    let path = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let arrays: [(String, NumpyArray)] = [
      ("bytes", NumpyArray([1, 2, 255] as [UInt8])), ("layer.weight", NumpyArray([1.5, -0.0, .infinity] as [Float])),
      ("name \"with\" / ünusual \u{1}", NumpyArray([Double.pi], shape: [1, 1])),
      ("none", NumpyArray([Double](), shape: [0])),
      ("integers", NumpyArray([Int64.min, .max])),
    ]
    try SafetensorsFile.write(arrays, metadata: ["step": "12"], to: path)
    let file = try SafetensorsFile(contentsOf: path)
    #expect(Set(file.names) == Set(arrays.map(\.0)) && file.names.last == "bytes")
    #expect(file.metadata == ["step": "12"])
    for (name, array) in arrays { #expect(try file.array(named: name).npy() == array.npy()) }
    // The data of all arrays are aligned.
    let bytes = try FileBytes(contentsOf: path).bytes
    #expect(LittleEndianReader(bytes[...]).u64(0).map { $0 % 8 } == 0)
    expectInputError("twice") { try SafetensorsFile.write([("twice", arrays[0].1), ("twice", arrays[1].1)], to: path) }
    try SafetensorsFile.write([], to: path)
    #expect(try SafetensorsFile(contentsOf: path).names.isEmpty)
  }

  @Test func hostileHeaders() {
    func expect(_ part: String, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
      expectInputError("x.st: ", part, sourceLocation: sourceLocation) {
        try SafetensorsFile(bytes: bytes, file: "x.st")
      }
    }
    func entry(_ type: String, _ shape: String, _ offsets: String) -> String {
      "{\"a\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}}"
    }
    expect("too short", [1, 2, 3])
    expect("its length is no number", [UInt8](repeating: 0xff, count: 8))
    expect("100000000", file("{}", length: 100_000_001))
    expect("are not there", file("{}", length: 1000))
    expect("no JSON object", file(" {}"))
    expect("not the JSON", file("{\"a\":"))
    expect("not the JSON", file("{" + String(repeating: "[", count: 100_000)))
    expect("a: is not described", file("{\"a\":3}"))
    expect("a: is not described", file(entry("F32", "[2.5]", "[0,8]")))
    expect("__metadata__", file("{\"__metadata__\":{\"a\":1}}"))
    expect("a: has element type 'F8_E4M3'", file(entry("F8_E4M3", "[8]", "[0,8]")))
    expect("reach beyond the 8 bytes", file(entry("F32", "[3]", "[0,12]")))
    expect("reach beyond", file(entry("F32", "[2]", "[-8,0]")))
    expect("reach beyond", file(entry("F32", "[2]", "[8,0]")))
    expect("reach beyond", file(entry("F32", "[2]", "[0,8,8]")))
    expect("takes 4", file(entry("F32", "[1]", "[0,8]")))
    expect("which no array has", file(entry("F32", "[4611686018427387904,4]", "[0,8]")))
    expect("which no array has", file(entry("F32", "[-1,-2]", "[0,8]")))
    expect("leaves a gap", file(entry("F32", "[1]", "[4,8]")))
    expect("8 bytes behind", file("{}"))
    expect(
      "overlaps",
      file(
        """
        {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}
        """))
  }

  /// No change of a byte, no cut and no lengthening crashes the reader.
  @Test func mutatedFiles() {
    var stream = RandomStream(seed: 3, purpose: "mutations of a test")
    for _ in 0..<5000 {
      var bytes = Self.saved
      for _ in 0..<Int.random(in: 1...4, using: &stream) {
        bytes[Int.random(in: 0..<bytes.count, using: &stream)] = UInt8.random(in: 0...255, using: &stream)
      }
      if Bool.random(using: &stream) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &stream)) }
      guard let file = try? SafetensorsFile(bytes: bytes, file: "x") else { continue }
      for name in file.names { _ = try? file.array(named: name) }
    }
  }
}
