import TestSupport
import Testing

@testable import Archives

@Suite struct GzipTests {
  private let text = Array(String(repeating: "curvature ", count: 20).utf8)
  private let gzip = Fixtures.gzip

  private func decompress(_ bytes: [UInt8], limit: Int = Gzip.defaultLimit) throws -> [UInt8] {
    try Gzip.decompress(bytes[...], file: "a.gz", limit: limit)
  }

  @Test func decompressesMembersOneAfterTheOther() throws {
    #expect(try decompress(gzip) == text)
    #expect(try decompress(gzip + gzip) == text + text)
    #expect(try decompress(gzip + [0, 0, 0]) == text)
    #expect(try Gzip.decompress(([1, 2] + gzip)[2...], file: "a.gz") == text)
  }

  @Test func readsOptionalHeaderFields() throws {
    var bytes = gzip
    bytes[3] = 4 | 8 | 16
    bytes.insert(contentsOf: [2, 0, 7, 7] + Array("name\0comment\0".utf8), at: 10)
    #expect(try decompress(bytes) == text)
    bytes[3] |= 2
    let header = bytes[..<27]
    let checksum = Inflated.checksum(Array(header)) & 0xffff
    bytes.insert(contentsOf: [UInt8(checksum & 0xff), UInt8(checksum >> 8)], at: 27)
    #expect(try decompress(bytes) == text)
    bytes[27] ^= 1
    expectInputError("a.gz", "not a gzip file") { try decompress(bytes) }
  }

  @Test func refusesDamage() {
    for count in gzip.indices { expectInputError("a.gz") { try decompress(Array(gzip.prefix(count))) } }
    var bytes = gzip
    bytes[bytes.count - 6] ^= 1
    expectInputError("does not match its checksum") { try decompress(bytes) }
    bytes = gzip
    bytes[bytes.count - 1] ^= 1
    expectInputError("does not match its checksum") { try decompress(bytes) }
    expectInputError("a.gz: byte 33", "after a gzip member") { try decompress(gzip + [1]) }
    bytes = gzip
    bytes[3] = 0x80
    expectInputError("not a gzip file") { try decompress(bytes) }
    bytes = gzip
    bytes[10] = 0xff
    expectInputError("damaged compressed data") { try decompress(bytes) }
  }

  @Test func keepsItsLimit() throws {
    #expect(try decompress(gzip, limit: 200) == text)
    expectInputError("decompresses to more than 199 bytes") { try decompress(gzip, limit: 199) }
    expectInputError("decompresses to more than 0 bytes") { try decompress(gzip, limit: 0) }
    let bomb =
      [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0] + Fixtures.deflatedZeros + [0x7d, 0x95, 0x11, 0xd4, 0xa0, 0x86, 1, 0]
    #expect(inputError { try decompress(bomb, limit: 50_000) }?.contains("more than 50000") == true)
  }

  @Test func mutationsNeverTrap() {
    Mutation.variants(of: gzip + gzip, count: 3000, seed: 4) { _ = try? decompress($0, limit: 1 << 16) }
  }
}
