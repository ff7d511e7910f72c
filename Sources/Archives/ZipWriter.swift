import Tensors

/// Writes a zip archive of stored members, beside its target and renamed when finished.
///
///     let writer = try ZipWriter("arrays.zip")
///     try writer.add("hello.txt", Array("hello".utf8))
///     try writer.finish()
///
/// The same members give the same bytes: every timestamp is 1980-01-01. Zip64 fields are written where sizes, offsets
/// or the number of members need them. Without `finish()` nothing appears. One thread at a time.
public final class ZipWriter {
  private let file: AtomicFile
  private let alwaysWide: Bool
  private var names: Set<String> = []
  private var directory: [UInt8] = []
  private var offset = 0

  public convenience init(_ path: String) throws { try self.init(path, alwaysWide: false) }

  /// - Parameter alwaysWide: writes zip64 fields even where they are not needed.
  init(_ path: String, alwaysWide: Bool) throws {
    file = try AtomicFile(path)
    self.alwaysWide = alwaysWide
  }

  /// Appends a member.
  public func add(_ name: String, _ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try add(name, [], $0) } }

  /// Appends a member made of two parts, such as a header and an array that stays where it is.
  public func add(_ name: String, _ head: [UInt8], _ body: UnsafeRawBufferPointer) throws {
    guard !name.isEmpty, name.utf8.count <= 0xffff, names.insert(name).inserted else {
      throw InputError(
        file: file.path, "cannot hold two members named '\(name)'", remedy: "give each array its own name")
    }
    let checksum = Inflate.checksum(body, from: head.withUnsafeBytes { Inflate.checksum($0) })
    let size = head.count + body.count
    let isWide = alwaysWide || size >= 0xffff_ffff
    let hasWideOffset = alwaysWide || offset >= 0xffff_ffff

    var local: [UInt8] = []
    local.appendLittleEndian(0x0403_4b50 as UInt32)
    local.append(contentsOf: commonFields(name, checksum: checksum, size: size, isWide: isWide))
    local.appendLittleEndian(UInt16(isWide ? 20 : 0))
    local.append(contentsOf: name.utf8)
    if isWide { local.append(contentsOf: wideField([size, size])) }

    let wide = (isWide ? [size, size] : []) + (hasWideOffset ? [offset] : [])
    directory.appendLittleEndian(0x0201_4b50 as UInt32)
    directory.appendLittleEndian(45 as UInt16)  // written by: version 4.5, on a system without permissions
    directory.append(
      contentsOf: commonFields(name, checksum: checksum, size: size, isWide: isWide || hasWideOffset, sizesWide: isWide)
    )
    directory.appendLittleEndian(UInt16(wide.isEmpty ? 0 : 4 + 8 * wide.count))
    directory.append(contentsOf: [UInt8](repeating: 0, count: 10))  // no comment, disk 0, no attributes
    directory.appendLittleEndian(hasWideOffset ? 0xffff_ffff : UInt32(offset))
    directory.append(contentsOf: name.utf8)
    if !wide.isEmpty { directory.append(contentsOf: wideField(wide)) }

    try file.write(local)
    try file.write(head)
    try file.write(body)
    offset += local.count + size
  }

  /// Writes the directory and gives the archive its name.
  public func finish() throws {
    var end: [UInt8] = []
    let count = names.count
    let isWide = alwaysWide || count >= 0xffff || offset >= 0xffff_ffff || directory.count >= 0xffff_ffff
    if isWide {
      end.appendLittleEndian(0x0606_4b50 as UInt32)
      end.appendLittleEndian(44 as UInt64)
      end.appendLittleEndian(45 as UInt16)
      end.appendLittleEndian(45 as UInt16)
      end.appendLittleEndian(0 as UInt64)  // this disk and the directory's
      for value in [count, count, directory.count, offset] { end.appendLittleEndian(UInt64(value)) }
      end.appendLittleEndian(0x0706_4b50 as UInt32)
      end.appendLittleEndian(0 as UInt32)
      end.appendLittleEndian(UInt64(offset + directory.count))
      end.appendLittleEndian(1 as UInt32)
    }
    end.appendLittleEndian(0x0605_4b50 as UInt32)
    end.appendLittleEndian(0 as UInt32)
    for _ in 0..<2 { end.appendLittleEndian(isWide ? 0xffff : UInt16(count)) }
    end.appendLittleEndian(isWide ? 0xffff_ffff : UInt32(directory.count))
    end.appendLittleEndian(isWide ? 0xffff_ffff : UInt32(offset))
    end.appendLittleEndian(0 as UInt16)
    try file.write(directory)
    try file.write(end)
    try file.commit()
  }

  /// The fields a local header and a directory entry have in common, from the version needed to the length of the name.
  private func commonFields(
    _ name: String, checksum: UInt32, size: Int, isWide: Bool, sizesWide: Bool? = nil
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(UInt16(isWide ? 45 : 20))
    bytes.appendLittleEndian(UInt16(name.utf8.allSatisfy { $0 < 0x80 } ? 0 : 0x800))  // names are UTF-8
    bytes.appendLittleEndian(0 as UInt16)  // stored
    bytes.appendLittleEndian(0 as UInt16)  // midnight
    bytes.appendLittleEndian(0x21 as UInt16)  // 1980-01-01
    bytes.appendLittleEndian(checksum)
    for _ in 0..<2 { bytes.appendLittleEndian(sizesWide ?? isWide ? 0xffff_ffff : UInt32(size)) }
    bytes.appendLittleEndian(UInt16(name.utf8.count))
    return bytes
  }

  private func wideField(_ values: [Int]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(1 as UInt16)
    bytes.appendLittleEndian(UInt16(8 * values.count))
    for value in values { bytes.appendLittleEndian(UInt64(value)) }
    return bytes
  }
}
