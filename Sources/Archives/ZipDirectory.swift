import Tensors

/// The checked directory of a zip archive.
///
/// The end record says where the central directory is; each of its entries must agree with the local header it points to.
struct ZipDirectory {
  private(set) var members: [ZipArchive.Member] = []

  private static let endSignature = 0x0605_4b50
  private static let end64Signature = 0x0606_4b50
  private static let locator64Signature = 0x0706_4b50
  private static let entrySignature = 0x0201_4b50
  private static let localSignature = 0x0403_4b50

  private static let endSize = 22
  private static let end64Size = 56
  private static let locator64Size = 20
  private static let entrySize = 46
  private static let localSize = 30

  /// Deflate codes at most 258 bytes in two bits, so nothing genuine grows by more.
  private static let largestRatio = 1032

  init(_ bytes: ArraySlice<UInt8>, limits: ZipArchive.Limits) throws {
    let reader = LittleEndianReader(bytes)
    let (entries, start, end) = try ZipDirectory.locate(reader)
    guard entries <= limits.members else {
      throw InputError("has \(entries) members, more than \(limits.members)")
    }
    guard entries <= (end - start) / ZipDirectory.entrySize else {
      throw InputError("claims \(entries) members, more than its directory of \(end - start) bytes can list")
    }

    var names: Set<String> = []
    var extents: [(start: Int, end: Int, name: String)] = []
    var total = 0
    var offset = start
    for index in 0..<entries {
      guard var member = try ZipDirectory.entry(reader, at: &offset, end: end) else {
        throw InputError(place: "directory entry \(index)", "is damaged", remedy: ZipDirectory.again)
      }
      do {
        guard names.insert(member.name).inserted else { throw InputError("occurs twice") }
        try ZipDirectory.readLocalHeader(of: &member, reader, directoryStart: start)
        extents.append((member.headerOffset, member.dataEnd, member.name))
        if member.name.utf8.last == UInt8(ascii: "/") {
          guard member.size == 0 else { throw InputError("is a directory with contents") }
          continue
        }
        try ZipDirectory.checkSizes(of: member, limits: limits)
        total += member.size
        guard total <= limits.total else {
          throw InputError("brings the archive to more than \(limits.total) bytes decompressed")
        }
      } catch let error as InputError {
        throw InputError(place: member.name, error.problem, remedy: error.remedy ?? ZipDirectory.again)
      }
      members.append(member)
    }
    guard offset == end else {
      throw InputError("has a directory with more than the \(entries) members it claims", remedy: ZipDirectory.again)
    }
    extents.sort { ($0.start, $0.end) < ($1.start, $1.end) }
    for (previous, next) in zip(extents, extents.dropFirst()) where next.start < previous.end {
      throw InputError(place: next.name, "overlaps member '\(previous.name)'", remedy: ZipDirectory.again)
    }
  }

  private static let again = "copy or write the file again"

  /// The number of entries and the range of the central directory.
  private static func locate(_ reader: LittleEndianReader) throws -> (entries: Int, start: Int, end: Int) {
    guard let end = endRecord(reader) else {
      throw InputError(
        reader.u32(0) == localSignature ? "is a zip archive cut short" : "is not a zip archive", remedy: again)
    }
    let damaged = InputError("has a damaged zip end record", remedy: again)
    guard let disk = reader.u16(end + 4), let directoryDisk = reader.u16(end + 6), let here = reader.u16(end + 8),
      var entries = reader.u16(end + 10), var size = reader.u32(end + 12), var start = reader.u32(end + 16)
    else { throw damaged }

    var limit = end
    if reader.u32(end - locator64Size) == locator64Signature {
      guard let record = reader.u64(end - locator64Size + 8), reader.u32(end - locator64Size + 4) == 0,
        reader.u32(end - locator64Size + 16) == 1, record <= end - locator64Size - end64Size,
        reader.u32(record) == end64Signature, let recordSize = reader.u64(record + 4),
        recordSize == end - locator64Size - record - 12, reader.u32(record + 16) == 0, reader.u32(record + 20) == 0,
        let entries64 = reader.u64(record + 32), reader.u64(record + 24) == entries64,
        let size64 = reader.u64(record + 40), let start64 = reader.u64(record + 48),
        // A field of the old record either stands for "see zip64" or says the same.
        entries == 0xffff || entries == entries64, size == 0xffff_ffff || size == size64,
        start == 0xffff_ffff || start == start64
      else { throw InputError("has a damaged zip64 end record", remedy: again) }
      (entries, size, start, limit) = (entries64, size64, start64, record)
    } else {
      guard disk == 0, directoryDisk == 0, here == entries else {
        throw InputError("is one part of a divided zip archive", remedy: "join the parts")
      }
    }
    guard start <= limit, size == limit - start else { throw damaged }
    return (entries, start, limit)
  }

  /// The offset of the end record, the last one whose comment reaches exactly to the end of the file.
  private static func endRecord(_ reader: LittleEndianReader) -> Int? {
    let last = reader.count - endSize
    guard last >= 0 else { return nil }
    let first = max(0, last - 0xffff)
    for offset in stride(from: last, through: first, by: -1)
    where reader.u16(offset + 20) == last - offset && reader.u32(offset) == endSignature {
      return offset
    }
    return nil
  }

  /// The entry of the central directory at `offset`, which moves behind it; nil where it is damaged.
  private static func entry(
    _ reader: LittleEndianReader, at offset: inout Int, end: Int
  ) throws -> ZipArchive.Member? {
    guard entrySize <= end - offset, reader.u32(offset) == entrySignature, let flags = reader.u16(offset + 8),
      let method = reader.u16(offset + 10), let checksum = reader.integer(UInt32.self, at: offset + 16),
      var compressedSize = reader.u32(offset + 20), var size = reader.u32(offset + 24),
      let nameLength = reader.u16(offset + 28), let extraLength = reader.u16(offset + 30),
      let commentLength = reader.u16(offset + 32), let disk = reader.u16(offset + 34),
      var headerOffset = reader.u32(offset + 42), nameLength + extraLength + commentLength <= end - offset - entrySize,
      let nameBytes = reader.slice(offset + entrySize, count: nameLength),
      let extra = reader.slice(offset + entrySize + nameLength, count: extraLength)
    else { return nil }
    offset += entrySize + nameLength + extraLength + commentLength

    let name = try checkedName(nameBytes)
    func refuse(_ problem: String, _ remedy: String = again) -> InputError {
      InputError(place: name, problem, remedy: remedy)
    }
    var wide = try wideFields(extra, of: name)
    if size == 0xffff_ffff, let value = try wide?.next(in: name) { size = value }
    if compressedSize == 0xffff_ffff, let value = try wide?.next(in: name) { compressedSize = value }
    if headerOffset == 0xffff_ffff, let value = try wide?.next(in: name) { headerOffset = value }

    guard flags & 0x2041 == 0 else { throw refuse("is encrypted", "write the archive without a password") }
    guard flags & 0x20 == 0, method == 0 || method == 8 else {
      throw refuse("is compressed with method \(method), not stored or deflated", "write the archive with deflate")
    }
    guard disk == 0 else { throw refuse("lies in another part of a divided archive", "join the parts") }
    return ZipArchive.Member(
      name: name, isDeflated: method == 8, checksum: checksum, compressedSize: compressedSize, size: size,
      headerOffset: headerOffset)
  }

  /// A member's name: relative, inside the archive, printable.
  private static func checkedName(_ bytes: ArraySlice<UInt8>) throws -> String {
    guard let name = String(validating: bytes, as: UTF8.self), !name.isEmpty,
      !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      let shown = String(decoding: bytes.prefix(80), as: UTF8.self)
      throw InputError(place: "member '\(shown)'", "has an unreadable name", remedy: "use names in UTF-8")
    }
    let components = name.utf8.split(omittingEmptySubsequences: false) {
      $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\")
    }
    guard let first = components.first, !first.isEmpty, !components.contains(where: { $0.elementsEqual("..".utf8) })
    else {
      throw InputError(
        place: "member '\(name)'", "has a name that leads out of the archive",
        remedy: "use relative names without '..'")
    }
    return name
  }

  /// The 64-bit fields of the zip64 extra field, in the order in which the 32-bit ones refer to them.
  private struct WideFields {
    var reader: LittleEndianReader
    var offset = 0

    mutating func next(in name: String) throws -> Int {
      guard let value = reader.u64(offset) else {
        throw InputError(place: name, "has a damaged zip64 field", remedy: again)
      }
      offset += 8
      return value
    }
  }

  private static func wideFields(_ extra: ArraySlice<UInt8>, of name: String) throws -> WideFields? {
    let reader = LittleEndianReader(extra)
    var offset = 0
    while offset < reader.count {
      guard let identifier = reader.u16(offset), let length = reader.u16(offset + 2),
        let field = reader.slice(offset + 4, count: length)
      else { throw InputError(place: name, "has a damaged extra field", remedy: again) }
      if identifier == 1 { return WideFields(reader: LittleEndianReader(field)) }
      offset += 4 + length
    }
    return nil
  }

  /// Reads the local header, which must say the same as the central directory, and finds the data behind it.
  private static func readLocalHeader(
    of member: inout ZipArchive.Member, _ reader: LittleEndianReader, directoryStart: Int
  ) throws {
    let offset = member.headerOffset
    guard offset <= directoryStart - localSize, reader.u32(offset) == localSignature,
      let flags = reader.u16(offset + 6), let method = reader.u16(offset + 8),
      let checksum = reader.integer(UInt32.self, at: offset + 14), var compressedSize = reader.u32(offset + 18),
      var size = reader.u32(offset + 22), let nameLength = reader.u16(offset + 26),
      let extraLength = reader.u16(offset + 28), let name = reader.slice(offset + localSize, count: nameLength),
      let extra = reader.slice(offset + localSize + nameLength, count: extraLength)
    else { throw InputError("has no local header where the directory says") }
    guard name.elementsEqual(member.name.utf8) else {
      throw InputError("has another name in its local header")
    }
    guard (method == 8) == member.isDeflated, method == 0 || method == 8, flags & 0x2041 == 0 else {
      throw InputError("has another compression method in its local header")
    }
    // With flag 3 the sizes and the checksum follow the data, and the local header need not have them.
    if flags & 8 == 0 {
      var wide = try wideFields(extra, of: member.name)
      if size == 0xffff_ffff, let value = try wide?.next(in: member.name) { size = value }
      if compressedSize == 0xffff_ffff, let value = try wide?.next(in: member.name) { compressedSize = value }
      guard size == member.size, compressedSize == member.compressedSize, checksum == member.checksum else {
        throw InputError("has another size or checksum in its local header")
      }
    }
    member.dataOffset = offset + localSize + nameLength + extraLength
    guard member.dataOffset <= directoryStart, member.compressedSize <= directoryStart - member.dataOffset else {
      throw InputError("reaches past the end of the archive's data")
    }
  }

  private static func checkSizes(of member: ZipArchive.Member, limits: ZipArchive.Limits) throws {
    guard member.size <= limits.member else {
      throw InputError("decompresses to \(member.size) bytes, more than \(limits.member)")
    }
    guard member.isDeflated || member.size == member.compressedSize else {
      throw InputError("is stored, but its two sizes differ")
    }
    // The compressed size lies inside the file, so neither product nor allocation can run away.
    guard member.size <= member.compressedSize * largestRatio else {
      throw InputError(
        "claims to decompress from \(member.compressedSize) to \(member.size) bytes, which deflate cannot")
    }
  }
}
