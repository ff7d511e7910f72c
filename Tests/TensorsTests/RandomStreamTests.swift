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
}
