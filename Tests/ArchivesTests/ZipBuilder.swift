import Tensors

/// Builds zip archives by hand, right or wrong in any field: a second writer beside `ZipWriter`, and a source of hostile files.
struct ZipBuilder {
  struct Entry {
    var name: [UInt8]
    var localName: [UInt8]?
    var data: [UInt8]
    var method = 0
    var localMethod: Int?
    var flags = 0
    var checksum: UInt32
    var size: Int
    var localSize: Int?
    var compressedSize: Int
    var extra: [UInt8] = []
    /// The offset the directory claims, where it is not the true one.
    var claimedOffset: Int?

    init(_ name: String, _ data: [UInt8]) {
      self.name = Array(name.utf8)
      self.data = data
      checksum = data.withUnsafeBytes { Inflate.checksum($0) }
      size = data.count
      compressedSize = data.count
    }

    /// A deflated entry of `contents`, compressed elsewhere to `data`.
    init(_ name: String, deflated data: [UInt8], of contents: [UInt8]) {
      self.init(name, contents)
      self.data = data
      method = 8
      compressedSize = data.count
    }
  }

  var entries: [Entry] = []
  /// Added to the number of entries in the end record.
  var extraCount = 0
  var disk = 0
  var comment: [UInt8] = []

  init(_ entries: Entry...) { self.entries = entries }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let offset = bytes.count
      let localName = entry.localName ?? entry.name
      append(&bytes, 4, 0x0403_4b50)
      append(&bytes, 2, 20)
      append(&bytes, 2, entry.flags)
      append(&bytes, 2, entry.localMethod ?? entry.method)
      append(&bytes, 4, 0)
      append(&bytes, 4, entry.flags & 8 == 0 ? Int(entry.checksum) : 0)
      append(&bytes, 4, entry.flags & 8 == 0 ? entry.compressedSize : 0)
      append(&bytes, 4, entry.flags & 8 == 0 ? entry.localSize ?? entry.size : 0)
      append(&bytes, 2, localName.count)
      append(&bytes, 2, 0)
      bytes += localName + entry.data
      if entry.flags & 8 != 0 {
        for value in [0x0807_4b50, Int(entry.checksum), entry.compressedSize, entry.size] { append(&bytes, 4, value) }
      }

      append(&directory, 4, 0x0201_4b50)
      append(&directory, 2, 20)
      append(&directory, 2, 20)
      append(&directory, 2, entry.flags)
      append(&directory, 2, entry.method)
      append(&directory, 4, 0)
      append(&directory, 4, Int(entry.checksum))
      append(&directory, 4, entry.compressedSize)
      append(&directory, 4, entry.size)
      append(&directory, 2, entry.name.count)
      append(&directory, 2, entry.extra.count)
      append(&directory, 6, 0)
      append(&directory, 4, 0)
      append(&directory, 4, entry.claimedOffset ?? offset)
      directory += entry.name + entry.extra
    }
    let start = bytes.count
    bytes += directory
    append(&bytes, 4, 0x0605_4b50)
    append(&bytes, 2, disk)
    append(&bytes, 2, disk)
    append(&bytes, 2, entries.count + extraCount)
    append(&bytes, 2, entries.count + extraCount)
    append(&bytes, 4, directory.count)
    append(&bytes, 4, start)
    append(&bytes, 2, comment.count)
    return bytes + comment
  }

  private func append(_ bytes: inout [UInt8], _ width: Int, _ value: Int) {
    for place in 0..<width { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
  }
}
