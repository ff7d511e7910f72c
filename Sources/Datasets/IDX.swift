import Archives
import Tensors

/// Reading of IDX files, the format MNIST is distributed in.
///
/// Two zero bytes, a type code, the number of axes, each length as a big-endian 32-bit integer, then the elements,
/// big-endian in C order. Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
public enum IDX {
  /// Reads the file at `path`, gzipped or not.
  public static func read(contentsOf path: String, limit: Int = FileBytes.defaultLimit) throws -> NumpyArray {
    let file = try FileBytes(contentsOf: path, limit: limit)
    guard Gzip.recognises(file.bytes[...]) else { return try decode(file.bytes[...], file: path) }
    return try decode(Gzip.decompress(file.bytes[...], file: path, limit: limit)[...], file: path)
  }

  /// Decodes the bytes of an IDX file.
  ///
  /// The size is checked against the bytes at hand before anything is allocated.
  public static func decode(_ bytes: ArraySlice<UInt8>, file: String) throws -> NumpyArray {
    let header = Array(bytes.prefix(4))
    guard header.count == 4, header[0] == 0, header[1] == 0, let type = elementType(code: header[2]) else {
      throw InputError(file: file, "is not an IDX file", remedy: "give the files as MNIST ships them")
    }
    let rank = Int(header[3])
    guard rank > 0, bytes.count >= 4 + 4 * rank else {
      throw InputError(file: file, "ends inside its IDX header", remedy: "copy the file again")
    }
    var shape: [Int] = []
    var count = 1
    for axis in 0..<rank {
      let length = bytes.dropFirst(4 + 4 * axis).prefix(4).reduce(0) { $0 << 8 | Int($1) }
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard !overflow, product <= Int.max / 8 else {
        throw InputError(file: file, "has impossible lengths in its IDX header", remedy: "copy the file again")
      }
      shape.append(length)
      count = product
    }
    let data = bytes.dropFirst(4 + 4 * rank)
    guard data.count == count * type.width else {
      throw InputError(
        file: file,
        "holds \(data.count) bytes of data, but \(type.rawValue) of shape \(shape) takes \(count * type.width)",
        remedy: "copy the file again")
    }
    return NumpyArray(shape: shape, elements: NumpyArray.Elements(type, decoding: data, isBigEndian: true))
  }

  private static func elementType(code: UInt8) -> NumpyArray.ElementType? {
    switch code {
    case 0x08: .uint8
    case 0x09: .int8
    case 0x0b: .int16
    case 0x0c: .int32
    case 0x0d: .float32
    case 0x0e: .float64
    default: nil
    }
  }
}
