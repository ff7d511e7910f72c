import Foundation
import Tensors
import Testing

@testable import Archives

/// Bytes other programs wrote.
enum Fixtures {
  static func decoded(_ base64: String) -> [UInt8] { Data(base64Encoded: base64).map { [UInt8]($0) } ?? [] }

  /// `numpy.savez_compressed(f, a=arange(6, dtype='>i4').reshape(2, 3), f=asfortranarray(arange(24.).reshape(2, 3, 4)),
  /// h=array([1.5, -2, 65504, 6e-8], dtype='f2'), s=array(2.5))`, NumPy 2.4.
  static let numpyArchive = decoded(
    """
    UEsDBC0AAAAIAAAAIQDR1dQ8//////////8FABQAYS5ucHkBABAAmAAAAAAAAABUAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6XaaKuo6Ce\
    ll9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgYIYARiJiBmBmIWIGYFAFBLAwQtAAAACAAAACEAuB5Y6///////////BQAU\
    AGYubnB5AQAQAEABAAAAAAAAiQAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5SSChIPKSpNBQoXZyQWpAK5GkY6\
    CsY6CiaaOgq1CmQCLgYUoOEAoQWgtAGUVoDSJlD6gz2E1oLyRaC0IZRWgtKmUJoBSutAaQkobQSlVaC0GZTmgNJ6UFoGShtDaTUobe4AAFBLAwQt\
    AAAACAAAACEAcV8CRf//////////BQAUAGgubnB5AQAQAIgAAAAAAAAATAAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2akrqOgnpZfVFKU\
    mBefX5SSChJ3S8wpTgWKF2ckFqQC+RomOpo6CrUKFAAuBjuGA/+rGRkAUEsDBC0AAAAIAAAAIQA1tDqT//////////8FABQAcy5ucHkBABAAiAAA\
    AAAAAABHAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5Gpo6CrUKFAEuBjBgcQAA\
    UEsBAi0DLQAAAAgAAAAhANHV1DxUAAAAmAAAAAUAAAAAAAAAAAAAAIABAAAAAGEubnB5UEsBAi0DLQAAAAgAAAAhALgeWOuJAAAAQAEAAAUAAAAA\
    AAAAAAAAAIABiwAAAGYubnB5UEsBAi0DLQAAAAgAAAAhAHFfAkVMAAAAiAAAAAUAAAAAAAAAAAAAAIABSwEAAGgubnB5UEsBAi0DLQAAAAgAAAAh\
    ADW0OpNHAAAAiAAAAAUAAAAAAAAAAAAAAIABzgEAAHMubnB5UEsFBgAAAAAEAAQAzAAAAEwCAAAAAA==
    """)

  /// 100,000 zeros through zlib at its highest level: 114 bytes.
  static let deflatedZeros = decoded(
    "7cExAQAAAMKg9U9tDQ+gAAAA" + String(repeating: "A", count: 124) + "gFcD")

  /// "curvature " twenty times through Python's gzip.
  static let gzip = decoded("H4sIAAAAAAACA0suLSpLLCktSlVIHtIsAHqvQKXIAAAA")

  /// A small archive of one stored and one deflated member.
  static var smallArchive: [UInt8] {
    ZipBuilder(
      .init("one.txt", Array("first".utf8)),
      .init("two/zeros", deflated: deflatedZeros, of: [UInt8](repeating: 0, count: 100_000))
    ).bytes
  }
}

/// The text of the `InputError` that `body` throws; nil, and a failed test, where it throws none.
func inputError(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> some Any
) -> String? {
  let error = #expect(throws: InputError.self, sourceLocation: sourceLocation) { _ = try body() }
  return error?.description
}

/// Expects an `InputError` whose one line of text contains all of `parts`.
func expectInputError(
  _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> some Any
) {
  guard let text = inputError(sourceLocation: sourceLocation, body) else { return }
  for part in parts { #expect(text.contains(part), "\(text)", sourceLocation: sourceLocation) }
  #expect(!text.contains("\n"), sourceLocation: sourceLocation)
}

/// The checksum of an array, for building files by hand.
enum Inflated {
  static func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { Inflate.checksum($0) } }
}
