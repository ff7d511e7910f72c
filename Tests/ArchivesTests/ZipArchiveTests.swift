import Foundation
import TestSupport
import Testing

@testable import Archives

@Suite struct ZipArchiveTests {
  private func open(_ builder: ZipBuilder, limits: ZipArchive.Limits = .init()) throws -> ZipArchive {
    try ZipArchive(bytes: builder.bytes, file: "a.zip", limits: limits)
  }

  private let hello = ZipBuilder.Entry("hello", Array("hello".utf8))

  @Test func readsStoredAndDeflatedMembers() throws {
    let archive = try ZipArchive(bytes: Fixtures.smallArchive, file: "a.zip")
    #expect(archive.names == ["one.txt", "two/zeros"])
    #expect(try archive.member(named: "one.txt") == Array("first".utf8))
    #expect(try archive.member(named: "two/zeros") == [UInt8](repeating: 0, count: 100_000))
    #expect(archive.size(of: "two/zeros") == 100_000)
    #expect(archive.contains("one.txt") && !archive.contains("three"))
    expectInputError("a.zip", "no member 'three'") { try archive.member(named: "three") }
  }

  @Test func readsDataDescriptorsCommentsDirectoriesAndEmptyMembers() throws {
    var streamed = hello
    streamed.flags = 8
    var builder = ZipBuilder(.init("folder/", []), streamed, .init("folder/empty", []))
    builder.comment = Array("PK\u{5}\u{6} in a comment of more than twenty-two bytes".utf8)
    let archive = try open(builder)
    #expect(archive.names == ["hello", "folder/empty"])
    #expect(try archive.member(named: "hello") == Array("hello".utf8))
    #expect(try archive.member(named: "folder/empty") == [])
    #expect(try open(ZipBuilder()).names == [])
  }

  @Test func refusesNamesThatLeadOutside() {
    for name in ["../evil", "a/../../evil", "/etc/passwd", "a\\..\\evil", "\\evil", "..", ""] {
      expectInputError("a.zip", "name") { try open(ZipBuilder(.init(name, [1]))) }
    }
    var entry = hello
    for bytes: [UInt8] in [[0xff, 0xfe], [0x61, 0x00], [0x61, 0x0a, 0x62], [0x1b, 0x5b]] {
      entry.name = bytes
      expectInputError("a.zip", "unreadable name") { try open(ZipBuilder(entry)) }
    }
  }

  @Test func refusesDuplicateNames() {
    expectInputError("a.zip: hello: occurs twice") { try open(ZipBuilder(hello, hello)) }
  }

  @Test func refusesEncryptionAndUnknownMethods() {
    for flags in [1, 0x40, 0x2000] {
      var entry = hello
      entry.flags = flags
      expectInputError("a.zip: hello: is encrypted", "password") { try open(ZipBuilder(entry)) }
    }
    var entry = hello
    entry.method = 12
    expectInputError("hello: is compressed with method 12") { try open(ZipBuilder(entry)) }
  }

  @Test func refusesHeadersThatDisagree() {
    var entry = hello
    entry.localName = Array("world".utf8)
    expectInputError("hello: has another name in its local header") { try open(ZipBuilder(entry)) }
    entry = hello
    entry.localMethod = 8
    expectInputError("hello: has another compression method") { try open(ZipBuilder(entry)) }
    entry = hello
    entry.localSize = 4
    expectInputError("hello: has another size or checksum") { try open(ZipBuilder(entry)) }
    entry = hello
    entry.claimedOffset = 7
    expectInputError("hello: has no local header") { try open(ZipBuilder(entry)) }
    entry.claimedOffset = 0x7fff_ffff
    expectInputError("hello: has no local header") { try open(ZipBuilder(entry)) }
  }

  @Test func refusesOverlappingMembers() {
    var inner = ZipBuilder(hello).bytes
    inner.removeLast(inner.count - 40)  // the local header and data alone
    let outer = ZipBuilder.Entry("outer", inner)
    var second = hello
    second.data = []
    second.claimedOffset = 35  // inside the first member's data
    // The second entry's own local header must not be in the way: it is written with no data, and never pointed to.
    expectInputError("overlaps member 'outer'") { try open(ZipBuilder(outer, second)) }
  }

  @Test func refusesSizesThatCannotBe() {
    var entry = ZipBuilder.Entry("zeros", deflated: Fixtures.deflatedZeros, of: [UInt8](repeating: 0, count: 100_000))
    entry.size = 1 << 30
    expectInputError("zeros: claims to decompress from 114 to 1073741824 bytes") { try open(ZipBuilder(entry)) }
    entry.size = 99_999
    expectInputError("zeros: decompresses to another size") {
      try open(ZipBuilder(entry)).member(named: "zeros")
    }
    entry.size = 100_001
    expectInputError("zeros: decompresses to another size") {
      try open(ZipBuilder(entry)).member(named: "zeros")
    }
    entry = hello
    entry.size = 6
    expectInputError("hello: is stored, but its two sizes differ") { try open(ZipBuilder(entry)) }
    entry = hello
    entry.size = 1000
    entry.compressedSize = 1000
    expectInputError("hello: reaches past the end") { try open(ZipBuilder(entry)) }
  }

  @Test func keepsItsLimits() {
    let zeros = ZipBuilder.Entry("zeros", deflated: Fixtures.deflatedZeros, of: [UInt8](repeating: 0, count: 100_000))
    var limits = ZipArchive.Limits()
    limits.member = 99_999
    expectInputError("zeros: decompresses to 100000 bytes, more than 99999") {
      try open(ZipBuilder(zeros), limits: limits)
    }
    limits = ZipArchive.Limits()
    limits.total = 100_004
    expectInputError("hello: brings the archive to more than 100004") {
      try open(ZipBuilder(zeros, hello), limits: limits)
    }
    limits = ZipArchive.Limits()
    limits.members = 1
    expectInputError("has 2 members, more than 1") { try open(ZipBuilder(zeros, hello), limits: limits) }
  }

  @Test func refusesDamagedData() {
    var entry = hello
    entry.checksum ^= 1
    expectInputError("a.zip: hello: does not match its checksum", "again") {
      try open(ZipBuilder(entry)).member(named: "hello")
    }
    var zeros = ZipBuilder.Entry("zeros", deflated: Fixtures.deflatedZeros, of: [UInt8](repeating: 0, count: 100_000))
    zeros.data.removeLast(2)
    zeros.compressedSize -= 2
    expectInputError("zeros: ends inside its compressed data") { try open(ZipBuilder(zeros)).member(named: "zeros") }
    zeros.data = Fixtures.deflatedZeros + [0, 0]
    zeros.compressedSize = zeros.data.count
    expectInputError("zeros: has bytes after the end") { try open(ZipBuilder(zeros)).member(named: "zeros") }
    zeros.data = [UInt8](repeating: 0xff, count: 114)
    zeros.compressedSize = 114
    expectInputError("zeros: has damaged compressed data") { try open(ZipBuilder(zeros)).member(named: "zeros") }
  }

  @Test func refusesDamagedDirectories() {
    var builder = ZipBuilder(hello)
    builder.extraCount = 1
    expectInputError("claims 2 members") { try open(builder) }
    builder = ZipBuilder(hello, .init("b", []))
    builder.extraCount = -1
    expectInputError("more than the 1 members") { try open(builder) }
    builder = ZipBuilder(hello)
    builder.disk = 1
    expectInputError("divided") { try open(builder) }
    var entry = hello
    entry.extra = [1, 0, 8, 0, 1]
    expectInputError("hello: has a damaged extra field") { try open(ZipBuilder(entry)) }
    entry.extra = [1, 0, 4, 0, 1, 2, 3, 4]
    entry.size = 0xffff_ffff
    expectInputError("hello: has a damaged zip64 field") { try open(ZipBuilder(entry)) }
  }

  @Test func everyTruncationIsAnError() {
    let bytes = Fixtures.smallArchive
    for count in bytes.indices {
      expectInputError("a.zip") { try ZipArchive(bytes: Array(bytes.prefix(count)), file: "a.zip") }
    }
    expectInputError("a.zip: is not a zip archive") { try ZipArchive(bytes: Array("hello".utf8), file: "a.zip") }
    expectInputError("cut short") { try ZipArchive(bytes: Array(bytes.dropLast(30)), file: "a.zip") }
  }

  @Test func writtenArchivesReadBack() throws {
    let directory = try TemporaryDirectory()
    for isWide in [false, true] {
      let path = directory.path("written.zip")
      let writer = try ZipWriter(path, alwaysWide: isWide)
      try writer.add("a", [1, 2, 3])
      try [UInt8](repeating: 7, count: 1000).withUnsafeBytes { try writer.add("größe/b", [9], $0) }
      try writer.add("empty", [])
      expectInputError("written.zip", "two members named 'a'") { try writer.add("a", []) }
      #expect(directory.contents.filter { !$0.hasPrefix(".") } == (isWide ? ["written.zip"] : []))
      try writer.finish()
      let archive = try ZipArchive(contentsOf: path)
      #expect(archive.names == ["a", "größe/b", "empty"])
      #expect(try archive.member(named: "a") == [1, 2, 3])
      #expect(try archive.member(named: "größe/b") == [9] + [UInt8](repeating: 7, count: 1000))
      #expect(directory.contents == ["written.zip"])
    }
  }

  @Test func damagedZip64EndIsAnError() throws {
    let directory = try TemporaryDirectory()
    let writer = try ZipWriter(directory.path("wide.zip"), alwaysWide: true)
    try writer.add("a", [1, 2, 3])
    try writer.finish()
    let bytes = try FileBytes(contentsOf: directory.path("wide.zip")).bytes
    let record = bytes.count - 22 - 20 - 56
    // Signature, size, disks, counts, directory size and offset; then the locator's fields.
    for offset in [0, 4, 16, 20, 24, 32, 40, 48, 56 + 4, 56 + 8, 56 + 16] {
      var damaged = bytes
      damaged[record + offset] ^= 0x10
      expectInputError("wide.zip: has a damaged zip", "end record") { try ZipArchive(bytes: damaged, file: "wide.zip") }
      damaged[record + offset + 3] = 0xff
      _ = inputError { try ZipArchive(bytes: damaged, file: "wide.zip") }
    }
  }

  @Test func unfinishedWritersLeaveNothing() throws {
    let directory = try TemporaryDirectory()
    do {
      let writer = try ZipWriter(directory.path("a.zip"))
      try writer.add("a", [1])
    }
    #expect(directory.contents == [])
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func mutationsNeverTrap(seed: UInt64) throws {
    var opened = 0
    Mutation.variants(of: Fixtures.smallArchive, count: 2000, seed: seed) { bytes in
      var limits = ZipArchive.Limits()
      limits.member = 1 << 20
      guard let archive = try? ZipArchive(bytes: bytes, file: "a.zip", limits: limits) else { return }
      opened += 1
      for name in archive.names { _ = try? archive.member(named: name) }
    }
    #expect(opened > 0)
  }
}
