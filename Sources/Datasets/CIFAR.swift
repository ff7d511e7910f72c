import Archives
import Tensors

/// Reading of CIFAR-10 in its binary form: records of a label, 0 to 9, and an image of 3 × 32 × 32 bytes, plane by
/// plane (red, green, blue), rows first.
///
/// A directory holds `data_batch_1.bin` to `data_batch_5.bin` for training and `test_batch.bin` for testing, each gzipped or not;
/// of the training files those are read that are there.
/// Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
public enum CIFAR {
  public static let imageShape = [3, 32, 32]
  static let imageSize = 3 * 32 * 32
  static let recordSize = 1 + imageSize
  static let classes = 10
  /// The limit for one decompressed file; as distributed, a file has 10,000 records.
  static let largestFile = recordSize * 1_000_000

  /// The paths of a split's files in a directory, in the order of their numbers; empty where it is not of this form.
  static func files(in directory: String, split: DatasetOptions.Split) -> [String] {
    let base = directory.hasSuffix("/") ? directory : directory + "/"
    let names = split == .train ? (1...5).map { "data_batch_\($0).bin" } : ["test_batch.bin"]
    return names.compactMap { name in
      [base + name, base + name + ".gz"].first(where: FileBytes.exists)
    }
  }

  /// The images [records, 3, 32, 32] and labels [records] of files, one after the other.
  public static func read(_ paths: [String]) throws -> (images: NumpyArray, labels: NumpyArray) {
    var images: [UInt8] = []
    var labels: [UInt8] = []
    for path in paths {
      let file = try FileBytes(contentsOf: path)
      let bytes =
        Gzip.recognises(file.bytes[...])
        ? try Gzip.decompress(file.bytes[...], file: path, limit: largestFile) : file.bytes
      try append(bytes, file: path, &images, &labels)
    }
    return (
      NumpyArray(images, shape: [labels.count] + imageShape), NumpyArray(labels, shape: [labels.count])
    )
  }

  private static func append(
    _ bytes: [UInt8], file: String, _ images: inout [UInt8], _ labels: inout [UInt8]
  ) throws {
    guard !bytes.isEmpty, bytes.count % recordSize == 0 else {
      throw InputError(
        file: file, "is \(bytes.count) bytes long, no whole number of CIFAR-10's records of \(recordSize) bytes",
        remedy: "give the files of the binary version, cifar-10-binary.tar.gz, unpacked")
    }
    let count = bytes.count / recordSize
    images.reserveCapacity(images.count + count * imageSize)
    labels.reserveCapacity(labels.count + count)
    for record in 0..<count {
      let start = record * recordSize
      guard bytes[start] < classes else {
        throw InputError(
          file: file, place: "record \(record)", "has label \(bytes[start]), CIFAR-10 has 0 to \(classes - 1)",
          remedy: "give the files of the binary version of CIFAR-10, not of CIFAR-100")
      }
      labels.append(bytes[start])
      images.append(contentsOf: bytes[start + 1..<start + recordSize])
    }
  }
}
