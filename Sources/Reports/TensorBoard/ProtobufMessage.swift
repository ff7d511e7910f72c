/// A message in the wire format of protocol buffers, field after field.
///
///     var event = ProtobufMessage()
///     event.add(1, double: 12.5)      // fixed 64 bits
///     event.add(2, integer: 7)        // varint
///
/// Source: the encoding guide of protocol buffers (protobuf.dev). Only what event files need is here.
struct ProtobufMessage {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ field: Int, integer: Int64) {
    tag(field, 0)
    varint(UInt64(bitPattern: integer))
  }

  mutating func add(_ field: Int, double: Double) {
    tag(field, 1)
    append(double.bitPattern)
  }

  mutating func add(_ field: Int, float: Float) {
    tag(field, 5)
    append(float.bitPattern)
  }

  mutating func add(_ field: Int, text: String) { add(field, bytes: Array(text.utf8)) }

  mutating func add(_ field: Int, _ message: ProtobufMessage) { add(field, bytes: message.bytes) }

  mutating func add(_ field: Int, bytes content: [UInt8]) {
    tag(field, 2)
    varint(UInt64(content.count))
    bytes += content
  }

  /// A packed repeated field.
  mutating func add(_ field: Int, doubles: [Double]) {
    tag(field, 2)
    varint(UInt64(8 * doubles.count))
    for value in doubles { append(value.bitPattern) }
  }

  private mutating func tag(_ field: Int, _ wireType: Int) { varint(UInt64(field << 3 | wireType)) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }
}
