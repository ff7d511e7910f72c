/// Checksums that tell contents apart: two FNV-1a hashes of 64 bits from different beginnings, in hexadecimal.
///
/// They name things; whether two are the same is settled by comparing them. Source: Fowler, Noll, Vo, IETF RFC 9923.
enum TextHash {
  static func of(_ text: String) -> String { of(text.utf8) }

  static func of(_ numbers: [Double]) -> String { numbers.withUnsafeBytes { of($0) } }

  private static func of(_ bytes: some Sequence<UInt8>) -> String {
    var first: UInt64 = 0xcbf2_9ce4_8422_2325
    var second: UInt64 = 0x6c62_272e_07bb_0142
    for byte in bytes {
      first = (first ^ UInt64(byte)) &* 0x100_0000_01b3
      // The second also turns, so that it is no function of the first.
      second = ((second ^ UInt64(byte)) &* 0x100_0000_01b3)
      second = second << 7 | second >> 57
    }
    return hexadecimal(first) + hexadecimal(second)
  }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
