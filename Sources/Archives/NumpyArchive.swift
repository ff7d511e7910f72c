import Tensors

/// Arrays by name in one file, as `numpy.savez` and `numpy.savez_compressed` write them (NPZ): a zip archive of NPY files.
///
///     let archive = try NumpyArchive(contentsOf: "data.npz")
///     let x = try archive.array(named: "x")
///
/// Opening checks the archive's directory; an array is decoded when asked for.
public struct NumpyArchive: Sendable {
  /// The file's name for messages.
  public let file: String
  /// The names of the arrays in the order of the file.
  public let names: [String]
  private let archive: ZipArchive

  private static let suffix = ".npy"

  public init(contentsOf path: String, limits: ZipArchive.Limits = ZipArchive.Limits()) throws {
    try self.init(ZipArchive(contentsOf: path, limits: limits))
  }

  public init(bytes: [UInt8], file: String, limits: ZipArchive.Limits = ZipArchive.Limits()) throws {
    try self.init(ZipArchive(bytes: bytes, file: file, limits: limits))
  }

  /// The arrays of an archive; members that are not NPY files are passed over.
  public init(_ archive: ZipArchive) throws {
    self.archive = archive
    file = archive.file
    names = archive.names.filter { $0.hasSuffix(Self.suffix) }.map { String($0.dropLast(Self.suffix.count)) }
    guard !names.isEmpty || archive.names.isEmpty else {
      throw InputError(
        file: file, "is a zip archive without a single array", remedy: "write it with numpy.savez")
    }
  }

  public func contains(_ name: String) -> Bool { archive.contains(name + Self.suffix) }

  /// Decodes one array.
  ///
  /// - Throws: `InputError` where there is no such array (naming those there are) or it is damaged.
  public func array(named name: String) throws -> NumpyArray {
    guard contains(name) else {
      let known = names.prefix(20).joined(separator: ", ")
      throw InputError(
        file: file, "has no array '\(name)'", remedy: "it has: \(known.isEmpty ? "none" : known)")
    }
    return try NumpyArray(npy: archive.slice(named: name + Self.suffix), file: file, place: name)
  }

  /// Decodes all arrays.
  public func arrays() throws -> [String: NumpyArray] {
    var arrays: [String: NumpyArray] = [:]
    for name in names { arrays[name] = try array(named: name) }
    return arrays
  }

  /// Writes arrays under their names, in the order of the names, to the file at `path`.
  public static func write(_ arrays: [String: NumpyArray], to path: String) throws {
    let writer = try NumpyArchiveWriter(path)
    for (name, array) in arrays.sorted(by: { $0.key < $1.key }) { try writer.add(name, array) }
    try writer.finish()
  }
}

/// Writes an NPZ file array by array; it appears under its name when finished.
///
/// Holds one array at a time, so results larger than a second copy of them can be written.
public final class NumpyArchiveWriter {
  private let writer: ZipWriter

  public init(_ path: String) throws { writer = try ZipWriter(path) }

  public func add(_ name: String, _ array: NumpyArray) throws {
    try array.elements.withUnsafeBytes { try writer.add(name + ".npy", array.npyHeader, $0) }
  }

  /// Appends floating-point numbers from where they lie; their number must be the product of `shape`.
  public func add<Scalar: Real>(_ name: String, shape: [Int], _ values: UnsafeBufferPointer<Scalar>) throws {
    precondition(shape.reduce(1, *) == values.count, "the shape does not fit the elements")
    let type: NumpyArray.ElementType = MemoryLayout<Scalar>.size == 4 ? .float32 : .float64
    let header = NumpyHeader.encoded(type: type, shape: shape)
    try writer.add(name + ".npy", header, UnsafeRawBufferPointer(values))
  }

  public func add<Scalar: Real>(_ name: String, shape: [Int]? = nil, _ values: [Scalar]) throws {
    try values.withUnsafeBufferPointer { try add(name, shape: shape ?? [values.count], $0) }
  }

  public func finish() throws { try writer.finish() }
}
