import Archives
import Foundation
import Tensors

/// The 1,797 handwritten digits embedded in the product: images of 8×8 counts from 0 to 16, and their classes 0 to 9.
public enum Digits {
  /// Who made the data, and the licence under which they are passed on.
  public static let attribution = """
    Optical Recognition of Handwritten Digits, UCI Machine Learning Repository; E. Alpaydin, C. Kaynak; \
    doi:10.24432/C50P49; CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)
    """

  public static let count = 1797
  /// The largest count of a pixel.
  public static let largestCount = 16
  /// The first samples, four fifths, are the training split; the source itself has none.
  static let trainingCount = 1437

  /// The images, [1797, 8, 8], and labels, [1797]. Cost: decompressing 117 kB.
  public static func load() throws -> (images: NumpyArray, labels: NumpyArray) {
    let pixels = 64
    let compressed = Data(base64Encoded: encoded).map { [UInt8]($0) } ?? []
    let planes = try Gzip.decompress(compressed[...], file: "digits", limit: (pixels + 1) * count)
    guard planes.count == (pixels + 1) * count else { throw InputError(file: "digits", "is damaged") }
    let images = (0..<count * pixels).map { planes[$0 % pixels * count + $0 / pixels] }
    return (
      NumpyArray(images, shape: [count, 8, 8]), NumpyArray(Array(planes[(pixels * count)...]), shape: [count])
    )
  }
}
