import Tensors
import Testing

@Suite struct RandomStreamTests {
  @Test func blocksAreFunctionsOfTheirPosition() {
    var stream = RandomStream(seed: 1, purpose: "test", index: 2)
    let drawn = (0..<8).map { _ in stream.next() }
    let fresh = RandomStream(seed: 1, purpose: "test", index: 2)
    let direct = (0..<4).flatMap { block in [fresh.block(UInt64(block)).0, fresh.block(UInt64(block)).1] }
    #expect(drawn == direct)
  }

  /// A stream whose Philox key is `key`: undoes the mixing of the purpose, 64-bit FNV-1a times the golden ratio.
  func stream(key: UInt64, index: UInt64) -> RandomStream {
    let hash = "test".utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return RandomStream(
      seed: key ^ (hash &* 0x9e37_79b9_7f4a_7c15), purpose: "test", index: Int(Int64(bitPattern: index)))
  }

  /// The known answers of the authors' library Random123 for philox4x32 with ten rounds.
  @Test func knownAnswers() {
    let zeros = stream(key: 0, index: 0).block(0)
    #expect(zeros == (0xe169_c58d_6627_e8d5, 0x9b00_dbd8_bc57_ac4c))
    let ones = stream(key: .max, index: .max).block(.max)
    #expect(ones == (0x41c8_3b0e_408f_276d, 0x6d54_51fd_a20b_c7c6))
    let pi = stream(key: 0x299f_31d0_a409_3822, index: 0x0370_7344_1319_8a2e).block(0x85a3_08d3_243f_6a88)
    #expect(pi == (0x94fd_cceb_d16c_fe09, 0x2412_6ea1_5001_e420))
  }

  @Test func seedsPurposesAndIndicesDiffer() {
    let streams = [(1, "a", 0), (2, "a", 0), (1, "b", 0), (1, "a", 1), (1, "a", -1)] as [(UInt64, String, Int)]
    let firsts = streams.map { RandomStream(seed: $0.0, purpose: $0.1, index: $0.2).block(0).0 }
    #expect(Set(firsts).count == streams.count)
  }

  @Test func unitIntervalIsOpenAndUniform() {
    #expect(RandomStream.unitInterval(0) > 0)
    #expect(RandomStream.unitInterval(.max) < 1)
    var stream = RandomStream(seed: 11, purpose: "uniform")
    let count = 100_000
    let values = (0..<count).map { _ in RandomStream.unitInterval(stream.next()) }
    let mean = values.reduce(0, +) / Double(count)
    let second = values.reduce(0) { $0 + $1 * $1 } / Double(count)
    // Five standard errors: √(1/12/n) and √(4/45/n).
    #expect(abs(mean - 1.0 / 2) < 5 * 0.000_913)
    #expect(abs(second - 1.0 / 3) < 5 * 0.000_943)
  }
}
