import Tensors

/// A zip file held in memory, its members read by name.
///
///     let archive = try ZipArchive(contentsOf: "model.pt2")
///     let bytes = try archive.member(named: "model/models/model.json")
///
/// Stored and deflated members, with and without zip64. The whole directory is checked when the archive is opened: every member's
/// local header agrees with the central directory, members lie inside the file and apart from each other, names are relative,
/// without `..`, and unique. So two programs cannot read two different things from one archive, and no size that the file
/// merely claims is ever allocated. A member's checksum is verified when it is read.
///
/// Source: PKWARE, APPNOTE.TXT, .ZIP File Format Specification, version 6.3.
public struct ZipArchive: Sendable {
  /// What an archive may ask for at most.
  public struct Limits: Sendable {
    /// Bytes of one member, decompressed.
    public var member = 1 << 33
    /// Bytes of all members, decompressed.
    public var total = 1 << 34
    /// Number of members.
    public var members = 1 << 18

    public init() {}
  }

  /// A member as the checked directory describes it.
  struct Member: Sendable {
    var name: String
    var isDeflated: Bool
    var checksum: UInt32
    var compressedSize: Int
    var size: Int
    var headerOffset: Int
    /// Where the (compressed) data begin; known once the local header has been read.
    var dataOffset = 0
    var dataEnd: Int { dataOffset + compressedSize }
  }

  /// The file's name for messages.
  public let file: String
  private let bytes: [UInt8]
  private let members: [Member]
  private let indices: [String: Int]

  /// Opens the archive at `path`.
  public init(contentsOf path: String, limits: Limits = Limits()) throws {
    let file = try FileBytes(contentsOf: path)
    try self.init(bytes: file.bytes, file: path, limits: limits)
  }

  /// Opens an archive from its bytes.
  ///
  /// - Parameter file: the file's name for messages.
  /// - Throws: `InputError` naming the file, the member and what is wrong with it.
  public init(bytes: [UInt8], file: String, limits: Limits = Limits()) throws {
    do {
      members = try ZipDirectory(bytes[...], limits: limits).members
    } catch let error as InputError {
      throw error.inFile(file)
    }
    self.bytes = bytes
    self.file = file
    indices = Dictionary(members.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  /// The names of all members in the order of the archive; directories are not members.
  public var names: [String] { members.map(\.name) }

  public func contains(_ name: String) -> Bool { indices[name] != nil }

  /// The decompressed size of a member in bytes, nil where there is none of that name.
  public func size(of name: String) -> Int? { indices[name].map { members[$0].size } }

  /// The contents of a member. A stored member is a slice of the archive's own bytes, without a copy.
  ///
  /// - Throws: `InputError` where there is no such member, its data are damaged or its checksum is wrong.
  public func slice(named name: String) throws -> ArraySlice<UInt8> {
    guard let index = indices[name] else {
      throw InputError(file: file, "has no member '\(name)'", remedy: "check that it is the right file")
    }
    let member = members[index]
    let data = bytes[member.dataOffset..<member.dataEnd]
    let contents = member.isDeflated ? try inflated(data, of: member)[...] : data
    guard contents.withUnsafeBytes({ Inflate.checksum($0) }) == member.checksum else {
      throw damaged(member, "does not match its checksum")
    }
    return contents
  }

  /// The contents of a member as an array of its own.
  public func member(named name: String) throws -> [UInt8] { Array(try slice(named: name)) }

  private func inflated(_ data: ArraySlice<UInt8>, of member: Member) throws -> [UInt8] {
    do { try InputError.requireMemory(member.size) } catch let error as InputError {
      throw damaged(member, error.problem)
    }
    var status = Inflate.Status.damaged
    var consumed = 0
    var produced = 0
    var overflows = false
    let contents = [UInt8](unsafeUninitializedCapacity: member.size) { buffer, count in
      data.withUnsafeBytes { input in
        var inflate = Inflate()
        (status, consumed, produced) = inflate.step(input, into: UnsafeMutableRawBufferPointer(buffer))
        count = produced
        guard status == .unfinished, produced == member.size else { return }
        // All the room is used: either only the end mark is left, or there are more data than declared.
        withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { spare in
          let rest = UnsafeRawBufferPointer(rebasing: input.dropFirst(consumed))
          let (last, used, extra) = inflate.step(rest, into: spare)
          status = last
          consumed += used
          overflows = extra > 0
        }
      }
    }
    if overflows || (status == .finished && produced != member.size) {
      throw damaged(member, "decompresses to another size than the \(member.size) bytes declared")
    }
    switch status {
    case .finished where consumed == member.compressedSize: return contents
    case .finished: throw damaged(member, "has bytes after the end of its compressed data")
    case .unfinished: throw damaged(member, "ends inside its compressed data")
    case .damaged: throw damaged(member, "has damaged compressed data")
    case .outOfMemory: throw InputError(file: file, place: member.name, "cannot be decompressed: out of memory")
    }
  }

  private func damaged(_ member: Member, _ problem: String) -> InputError {
    InputError(file: file, place: member.name, problem, remedy: "copy or write the file again")
  }
}
