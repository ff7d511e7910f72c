import Tensors

/// The header of an NPY file: element type, byte order, memory order and shape.
struct NumpyHeader {
  var type: NumpyArray.ElementType
  var isBigEndian: Bool
  var isFortranOrder: Bool
  var shape: [Int]
  /// Elements, the checked product of the shape.
  var count: Int
  /// Where the elements begin, in bytes from the start of the file.
  var dataOffset: Int

  static let magic: [UInt8] = [0x93] + "NUMPY".utf8
  /// Longer than any header of a type we read; NumPy's own limit is 10,000.
  static let longestHeader = 1 << 16
  static let highestRank = 64

  /// Parses the header at the start of `bytes`. The data are not looked at.
  init(_ bytes: ArraySlice<UInt8>) throws {
    let reader = LittleEndianReader(bytes)
    guard let magic = reader.slice(0, count: 6), magic.elementsEqual(NumpyHeader.magic) else {
      throw InputError("is not in NPY format", remedy: "write it with numpy.save or numpy.savez")
    }
    guard let major = reader.integer(UInt8.self, at: 6), let minor = reader.integer(UInt8.self, at: 7) else {
      throw NumpyHeader.truncated
    }
    guard (1...3).contains(major), minor == 0 else {
      throw InputError("has NPY version \(major).\(minor), not 1.0, 2.0 or 3.0", remedy: "write it with numpy.save")
    }
    let prefix = major == 1 ? 10 : 12
    guard let length = major == 1 ? reader.u16(8) : reader.u32(8) else { throw NumpyHeader.truncated }
    guard length <= NumpyHeader.longestHeader else {
      throw InputError("has an NPY header of \(length) bytes, more than \(NumpyHeader.longestHeader)")
    }
    guard let text = reader.slice(prefix, count: length) else { throw NumpyHeader.truncated }

    var parser = NumpyHeaderParser(text)
    let fields = try parser.parse()
    (type, isBigEndian) = try NumpyHeader.elementType(fields.descriptor)
    isFortranOrder = fields.isFortranOrder
    shape = fields.shape
    guard shape.count <= NumpyHeader.highestRank else {
      throw InputError("has \(shape.count) axes, more than \(NumpyHeader.highestRank)")
    }
    // A zero length makes the product zero however large the others are; those must be representable all the same.
    var product = 1
    for length in shape where length > 0 {
      let (next, overflow) = product.multipliedReportingOverflow(by: length)
      guard !overflow, next <= Int.max / 8 else { throw InputError("has an impossible shape \(shape)") }
      product = next
    }
    count = shape.contains(0) ? 0 : product
    dataOffset = prefix + length
  }

  private static let truncated = InputError("ends inside its NPY header", remedy: "copy or write the file again")

  /// The element type and byte order of a type code such as `<f8`.
  private static func elementType(_ descriptor: String) throws -> (NumpyArray.ElementType, isBigEndian: Bool) {
    let order = descriptor.first
    let code = descriptor.dropFirst()
    if code.first == "O" {
      throw InputError(
        "holds pickled Python objects, which are never read",
        remedy: "save plain numbers: numpy.asarray(x, dtype=float)")
    }
    guard let type = NumpyArray.ElementType.allCases.first(where: { $0.code == code }),
      order == "<" || order == ">" || order == "=" || (order == "|" && type.width == 1)
    else {
      let known = NumpyArray.ElementType.allCases.map(\.rawValue).joined(separator: ", ")
      throw InputError(
        "has element type '\(descriptor)', which is not one of \(known)", remedy: "convert it with .astype")
    }
    return (type, order == ">")
  }

  /// The header of a version 1.0 file of `type` and `shape` in C order, padded so that the data begin at a multiple of 64.
  static func encoded(type: NumpyArray.ElementType, shape: [Int]) -> [UInt8] {
    let lengths = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '\(type.descriptor)', 'fortran_order': False, 'shape': (\(lengths)), }"
    let padding = (64 - (10 + text.utf8.count + 1) % 64) % 64
    text += String(repeating: " ", count: padding) + "\n"
    var bytes = magic + [1, 0]
    bytes.appendLittleEndian(UInt16(text.utf8.count))
    return bytes + text.utf8
  }
}

/// A strict parser of the one Python literal an NPY header holds:
/// a dictionary of exactly `descr` (a string), `fortran_order` (True or False) and `shape` (a tuple of lengths), in any order.
private struct NumpyHeaderParser {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  mutating func parse() throws -> (descriptor: String, isFortranOrder: Bool, shape: [Int]) {
    var descriptor: String?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where descriptor == nil:
        if peek == UInt8(ascii: "[") {
          throw InputError("has a structured element type", remedy: "save each field as an array of its own")
        }
        descriptor = try string()
      case "fortran_order" where isFortranOrder == nil:
        isFortranOrder = try boolean()
      case "shape" where shape == nil:
        shape = try tuple()
      default:
        throw damaged("an unexpected key '\(key)'")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    guard peek == nil else { throw damaged("text after the dictionary") }
    guard let descriptor, let isFortranOrder, let shape else { throw damaged("a missing key") }
    return (descriptor, isFortranOrder, shape)
  }

  /// The next byte that is not a space, without consuming it.
  private var peek: UInt8? {
    mutating get {
      while position < bytes.endIndex, [0x20, 0x0a, 0x09, 0x0d].contains(bytes[position]) { position += 1 }
      return position < bytes.endIndex ? bytes[position] : nil
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard take(character) else { throw damaged("no '\(character)' where one belongs") }
  }

  private mutating func string() throws -> String {
    guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw damaged("no string where one belongs")
    }
    position += 1
    let start = position
    while position < bytes.endIndex, bytes[position] != quote {
      guard (0x20..<0x7f).contains(bytes[position]), bytes[position] != UInt8(ascii: "\\") else {
        throw damaged("an unusual character in a string")
      }
      position += 1
    }
    guard position < bytes.endIndex else { throw damaged("a string without an end") }
    defer { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func boolean() throws -> Bool {
    _ = peek
    for (word, value) in [("True", true), ("False", false)] where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw damaged("neither True nor False for 'fortran_order'")
  }

  private mutating func tuple() throws -> [Int] {
    try expect("(")
    var lengths: [Int] = []
    while !take(")") {
      lengths.append(try length())
      if !take(",") {
        // In Python (3) is a number, and only (3,) a tuple.
        guard lengths.count > 1 else { throw damaged("a shape that is not a tuple") }
        try expect(")")
        break
      }
    }
    return lengths
  }

  private mutating func length() throws -> Int {
    guard let first = peek, (0x30...0x39).contains(first) else { throw damaged("a length that is not a number") }
    var value = 0
    while position < bytes.endIndex, (0x30...0x39).contains(bytes[position]) {
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, carry) = shifted.addingReportingOverflow(Int(bytes[position] - 0x30))
      guard !overflow, !carry else { throw damaged("a length that is too large") }
      value = next
      position += 1
    }
    // Python 2 wrote long integers as 3L.
    if position < bytes.endIndex, bytes[position] == UInt8(ascii: "L") { position += 1 }
    return value
  }

  private func damaged(_ what: String) -> InputError {
    InputError("has a damaged NPY header: \(what) at character \(position - bytes.startIndex)")
  }
}
