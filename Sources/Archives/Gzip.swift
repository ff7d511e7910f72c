import Tensors

/// Reading of gzip files (RFC 1952).
public enum Gzip {
  /// The largest decompressed size unless the caller says otherwise: 8 GiB.
  public static let defaultLimit = 1 << 33

  /// Whether `bytes` begin as a gzip file does.
  public static func recognises(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: [0x1f, 0x8b]) }

  /// The decompressed contents of a gzip file, of all its members one after the other.
  ///
  /// Headers, checksums and lengths of every member are verified. Memory grows with what the data really contain, not with what
  /// they claim.
  ///
  /// - Parameters:
  ///   - file: the file's name for messages.
  ///   - limit: the largest decompressed size accepted, in bytes.
  public static func decompress(
    _ bytes: ArraySlice<UInt8>, file: String, limit: Int = Gzip.defaultLimit
  ) throws -> [UInt8] {
    let reader = LittleEndianReader(bytes)
    var output: [UInt8] = []
    // The last field is the size of the last member. A plausible one saves growing; it is never more than a hint.
    if let hint = reader.u32(bytes.count - 4), hint <= min(limit, 16 * bytes.count) {
      do { try InputError.requireMemory(hint) } catch let error as InputError { throw error.inFile(file) }
      output.reserveCapacity(hint)
    }
    var offset = 0
    repeat {
      guard let header = headerSize(reader, at: offset) else {
        throw InputError(
          file: file, place: "byte \(offset)",
          offset == 0 ? "is not a gzip file" : "has something other than gzip data after a gzip member",
          remedy: again)
      }
      offset += header
      let start = output.count
      offset += try inflate(bytes.dropFirst(offset), onto: &output, file: file, limit: limit)
      guard let checksum = reader.integer(UInt32.self, at: offset),
        let length = reader.integer(UInt32.self, at: offset + 4)
      else { throw cutShort(file) }
      let found = output.withUnsafeBytes { Inflate.checksum(UnsafeRawBufferPointer(rebasing: $0[start...])) }
      guard checksum == found, length == UInt32(truncatingIfNeeded: output.count - start) else {
        throw InputError(file: file, place: "byte \(offset)", "does not match its checksum", remedy: again)
      }
      offset += 8
      // Tapes and some tools pad with zeros.
    } while offset < bytes.count && !bytes.dropFirst(offset).allSatisfy { $0 == 0 }
    return output
  }

  private static let again = "copy or compress the file again"

  private static func cutShort(_ file: String) -> InputError {
    InputError(file: file, "ends inside its compressed data", remedy: again)
  }

  /// The size of the member header at `offset`, nil where it is none.
  private static func headerSize(_ reader: LittleEndianReader, at start: Int) -> Int? {
    guard let magic = reader.slice(start, count: 3), magic.elementsEqual([0x1f, 0x8b, 8]),
      let flags = reader.integer(UInt8.self, at: start + 3), flags & 0xe0 == 0
    else { return nil }
    var offset = start + 10
    if flags & 4 != 0 {
      guard let length = reader.u16(offset) else { return nil }
      offset += 2 + length
    }
    // A file name and a comment, each ended by a zero.
    for flag: UInt8 in [8, 16] where flags & flag != 0 {
      guard offset <= reader.count,
        let end = reader.bytes[(reader.bytes.startIndex + offset)...].firstIndex(of: 0)
      else { return nil }
      offset = end - reader.bytes.startIndex + 1
    }
    if flags & 2 != 0 {
      guard let header = reader.slice(start, count: offset - start), let expected = reader.u16(offset),
        Int(header.withUnsafeBytes { Inflate.checksum($0) } & 0xffff) == expected
      else { return nil }
      offset += 2
    }
    return offset <= reader.count ? offset - start : nil
  }

  /// Appends the decompressed data at the start of `bytes` to `output`; returns how many bytes of input they took.
  private static func inflate(
    _ bytes: ArraySlice<UInt8>, onto output: inout [UInt8], file: String, limit: Int
  ) throws -> Int {
    var inflate = Inflate()
    var consumed = 0
    var length = output.count
    // Little to begin with: a file may consist of very many very small members.
    var capacity = length + min(max(0, limit - length), 1 << 14)
    while true {
      output.append(contentsOf: repeatElement(0, count: capacity - output.count))
      let (status, used, made) = bytes.withUnsafeBytes { input in
        output.withUnsafeMutableBytes { room in
          inflate.step(
            UnsafeRawBufferPointer(rebasing: input.dropFirst(consumed)),
            into: UnsafeMutableRawBufferPointer(rebasing: room.dropFirst(length)))
        }
      }
      consumed += used
      length += made
      guard length <= limit else {
        throw InputError(
          file: file, "decompresses to more than \(limit) bytes", remedy: "check that it is the right file")
      }
      switch status {
      case .finished:
        output.removeLast(output.count - length)
        return consumed
      case .damaged:
        throw InputError(file: file, "has damaged compressed data", remedy: again)
      case .outOfMemory:
        throw InputError(file: file, "cannot be decompressed: out of memory")
      case .unfinished:
        if length < capacity { throw cutShort(file) }
        // Room is used up. One byte beyond the limit tells a file of exactly that size from a larger one.
        capacity = min(limit + 1, max(2 * capacity, 1 << 12))
      }
    }
  }
}
