import Archives
import Foundation
import Networks

extension FuzzTarget {
  /// Small valid files, from which mutation starts.
  func seeds() throws -> [[UInt8]] {
    let matrix = NumpyArray([1, 2, 3, 4, 5, 6] as [Double], shape: [2, 3])
    let labels = NumpyArray([0, 1] as [Int64])
    switch self {
    case .zip: return [Seeds.compressedArchive, try archive(["x": matrix, "y": labels])]
    case .npy:
      let integers = NumpyArray([1, 2, 3] as [UInt8]).npy()
      let text = String(decoding: integers.dropFirst(6), as: UTF8.self)
      let reversed = text.replacingOccurrences(of: "False", with: "True ").replacingOccurrences(of: "|u1", with: ">b1")
      let columns = Array(integers.prefix(6)) + Array(reversed.utf8)
      return [matrix.npy(), labels.npy(), integers, columns, NumpyArray(scalar: 1).npy()]
    case .gzip: return [Seeds.gzippedIDX, Seeds.gzippedIDX + Seeds.gzippedIDX]
    case .idx:
      return [
        try Gzip.decompress(Seeds.gzippedIDX[...], file: "seed"), [0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2],
        [0, 0, 0xd, 1, 0, 0, 0, 1, 0x3f, 0x80, 0, 0],
      ]
    case .pt2:
      let archives = [try ExportedSeed.dense(), try ExportedSeed.images()]
      // A seed that is refused would start the search at the wrong place.
      for archive in archives { _ = try Network(exportedProgram: archive.zip, file: "seed.pt2") }
      return archives.map(\.bytes)
    }
  }

  /// The bytes of an archive as the product writes it.
  private func archive(_ arrays: [String: NumpyArray]) throws -> [UInt8] {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("ritz-seed-\(UUID().uuidString)").path
    try NumpyArchive.write(arrays, to: path)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try FileBytes(contentsOf: path).bytes
  }
}

/// Files the product reads but does not write.
private enum Seeds {
  /// `numpy.savez_compressed(f, x=arange(6.).reshape(2, 3), y=array([0, 1]))`.
  static let compressedArchive = decoded(
    """
    UEsDBC0AAAAIAAAAIQDwzTtG//////////8FABQAeC5ucHkBABAAsAAAAAAAAABXAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqGuo6Ce\
    ll9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgYU8MEeynCAUBxQWgBKizgAAFBLAwQtAAAACAAAACEAfmr7yf//////////\
    BQAUAHkubnB5AQAQAJAAAAAAAAAASQAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mhrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC\
    +RpGOpo6CrUKFAAuBihghNIAUEsBAi0DLQAAAAgAAAAhAPDNO0ZXAAAAsAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsBAi0DLQAAAAgAAAAh\
    AH5q+8lJAAAAkAAAAAUAAAAAAAAAAAAAAIABjgAAAHkubnB5UEsFBgAAAAACAAIAZgAAAA4BAAAAAA==
    """)

  /// Two images of 3×4 bytes as IDX, through Python's gzip.
  static let gzippedIDX = decoded(
    """
    H4sIAAAAAAACA2Ng4GBmYGBgAmIQzcLAyMTMwsrGzsHJxc3Dy8cvICgkLCIqJg4AgJToFigAAAA=
    """)

  private static func decoded(_ base64: String) -> [UInt8] { Data(base64Encoded: base64).map { [UInt8]($0) } ?? [] }
}
