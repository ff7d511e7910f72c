/// Checked reading of little-endian integers at byte offsets of untrusted bytes.
///
/// Every accessor returns nil where the integer would reach past the end, so no offset taken from a file can trap.
struct LittleEndianReader {
  let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  var count: Int { bytes.count }

  /// The bytes from `offset`, counted from the start of the slice.
  func slice(_ offset: Int, count length: Int) -> ArraySlice<UInt8>? {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
    let start = bytes.startIndex + offset
    return bytes[start..<start + length]
  }

  func integer<Value: FixedWidthInteger & UnsignedInteger>(_ type: Value.Type, at offset: Int) -> Value? {
    guard let field = slice(offset, count: MemoryLayout<Value>.size) else { return nil }
    var value: Value = 0
    for byte in field.reversed() { value = value << 8 | Value(byte) }
    return value
  }

  func u16(_ offset: Int) -> Int? { integer(UInt16.self, at: offset).map(Int.init) }
  func u32(_ offset: Int) -> Int? { integer(UInt32.self, at: offset).map(Int.init) }
  /// A 64-bit field; nil also where it exceeds `Int.max`, which no offset or size of a real file does.
  func u64(_ offset: Int) -> Int? { integer(UInt64.self, at: offset).flatMap { Int(exactly: $0) } }
}

extension [UInt8] {
  /// Appends an integer, least significant byte first.
  mutating func appendLittleEndian<Value: FixedWidthInteger>(_ value: Value) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
