import Tensors

/// The members of a zip archive, one after the other without checksums, the form in which mutated `.pt2` files are kept: a checksum in the
/// file would turn away nearly every mutation before the reader behind it sees it.
///
/// A member is two bytes of name length, the name, four bytes of data length, the data; lengths little-endian. Any bytes are some archive:
/// lengths that reach too far are cut.
struct PackedArchive {
  var members: [(name: [UInt8], data: [UInt8])] = []

  init() {}

  init(_ bytes: [UInt8]) {
    var rest = bytes[...]
    func take(_ count: Int) -> [UInt8] {
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    func length(_ width: Int) -> Int { take(width).reversed().reduce(0) { $0 << 8 | Int($1) } }
    while !rest.isEmpty {
      let name = take(length(2))
      members.append((name, take(length(4))))
    }
  }

  mutating func add(_ name: String, _ data: [UInt8]) { members.append((Array(name.utf8), data)) }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for (name, data) in members {
      append(&bytes, 2, name.count)
      bytes += name
      append(&bytes, 4, data.count)
      bytes += data
    }
    return bytes
  }

  /// The archive as a zip file of stored members.
  var zip: [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for (name, data) in members {
      var common: [UInt8] = []
      for (width, value) in [(2, 20), (2, 0), (2, 0), (4, 0)] { append(&common, width, value) }
      append(&common, 4, Int(data.withUnsafeBytes { Inflate.checksum($0) }))
      for (width, value) in [(4, data.count), (4, data.count), (2, name.count), (2, 0)] {
        append(&common, width, value)
      }
      append(&directory, 4, 0x0201_4b50)
      append(&directory, 2, 20)
      directory += common
      append(&directory, 10, 0)
      append(&directory, 4, bytes.count)
      directory += name
      append(&bytes, 4, 0x0403_4b50)
      bytes += common + name + data
    }
    let start = bytes.count
    bytes += directory
    append(&bytes, 4, 0x0605_4b50)
    append(&bytes, 4, 0)
    for (width, value) in [(2, members.count), (2, members.count), (4, directory.count), (4, start), (2, 0)] {
      append(&bytes, width, value)
    }
    return bytes
  }

  private func append(_ bytes: inout [UInt8], _ width: Int, _ value: Int) {
    for place in 0..<width { bytes.append(place < 8 ? UInt8(truncatingIfNeeded: value >> (8 * place)) : 0) }
  }
}
