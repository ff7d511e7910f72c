import Tensors

/// Damage done to valid files, the same for the same seed: tests feed the result to a reader, which must answer with a
/// value or an error.
public enum Mutation {
  /// `count` variants of `bytes`: bytes changed, inserted, removed, repeated or swapped, numbers driven to their
  /// limits, ends cut off.
  public static func variants(of bytes: [UInt8], count: Int, seed: UInt64, _ body: ([UInt8]) throws -> Void) rethrows {
    var stream = RandomStream(seed: seed, purpose: "mutation")
    for _ in 0..<count {
      var variant = bytes
      for _ in 0..<Int.random(in: 1...4, using: &stream) { mutate(&variant, &stream) }
      try body(variant)
    }
  }

  private static func mutate(_ bytes: inout [UInt8], _ stream: inout RandomStream) {
    guard !bytes.isEmpty else { return }
    // Directories lie at the end of a zip file and headers at the beginning of all others: these get half of the damage.
    let position =
      switch Int.random(in: 0..<4, using: &stream) {
      case 0: min(bytes.count - 1, Int.random(in: 0..<64, using: &stream))
      case 1: max(0, bytes.count - 1 - Int.random(in: 0..<160, using: &stream))
      default: Int.random(in: bytes.indices, using: &stream)
      }
    switch Int.random(in: 0..<8, using: &stream) {
    case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &stream)
    case 1: bytes[position] = UInt8.random(in: .min ... .max, using: &stream)
    case 2:
      let extreme = [0, 0xff, 0x7f, 0x80].randomElement(using: &stream) ?? 0
      for offset in 0..<[1, 2, 4, 8][Int.random(in: 0..<4, using: &stream)] where position + offset < bytes.count {
        bytes[position + offset] = UInt8(extreme)
      }
    case 3: bytes.removeLast(bytes.count - position)
    case 4: bytes.remove(at: position)
    case 5: bytes.insert(UInt8.random(in: .min ... .max, using: &stream), at: position)
    case 6:
      let end = min(bytes.count, position + Int.random(in: 1...64, using: &stream))
      bytes.insert(contentsOf: Array(bytes[position..<end]), at: Int.random(in: 0...bytes.count, using: &stream))
    default: bytes.swapAt(position, Int.random(in: bytes.indices, using: &stream))
    }
  }
}
