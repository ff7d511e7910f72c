/// The CRC-32C checksum (Castagnoli's polynomial 0x1EDC6F41, reflected), and its masked form as TFRecord files hold it.
///
/// A checksum of bytes that contain checksums is weak; masking makes those look like other numbers. Source: RFC 3720,
/// section 12.1, for the checksum; TensorFlow's TFRecord format for the mask.
enum CyclicRedundancyCheck {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
  }

  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { value, byte in table[Int((value ^ UInt32(byte)) & 0xFF)] ^ value >> 8 }
  }

  static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let value = checksum(bytes)
    return (value >> 15 | value << 17) &+ 0xA282_EAD8
  }
}
