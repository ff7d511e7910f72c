import Tensors

/// Arrays by name in the safetensors format: a JSON header with every array's type, shape and place, then their bytes.
///
///     let file = try SafetensorsFile(contentsOf: "model.safetensors")
///     let weight = try file.array(named: "fc.weight")
///     try SafetensorsFile.write([("fc.weight", weight)], to: "copy.safetensors")
///
/// Elements of bfloat16 are read as float32, exactly; types of fewer than 8 bits and of complex numbers are refused. A file is
/// believed only where its arrays cover the data without gap or overlap, as the format demands.
/// Source: the format description of huggingface/safetensors.
public struct SafetensorsFile: Sendable {
  /// The path as the user gave it; it begins every error about the file.
  public let path: String
  /// Texts that the file holds beside its arrays.
  public let metadata: [String: String]
  private let bytes: [UInt8]
  private let dataOffset: Int
  private let entries: [SafetensorsHeader.Entry]
  private let positions: [String: Int]

  /// Reads a file as a whole.
  ///
  /// - Throws: `InputError` where it cannot be read or is not of the format.
  public init(contentsOf path: String) throws {
    try self.init(bytes: FileBytes(contentsOf: path).bytes, file: path)
  }

  /// - Parameter file: the file's name for messages.
  /// - Throws: `InputError` where the bytes are not of the format.
  public init(bytes: [UInt8], file: String) throws(InputError) {
    let header: SafetensorsHeader
    do { header = try SafetensorsHeader(bytes[...]) } catch { throw error.inFile(file) }
    path = file
    metadata = header.metadata
    self.bytes = bytes
    dataOffset = header.dataOffset
    entries = header.entries
    positions = Dictionary(header.entries.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  /// The arrays' names, in the order of their data.
  public var names: [String] { entries.map(\.name) }

  public func contains(_ name: String) -> Bool { positions[name] != nil }

  /// The shape of an array; `nil` where there is none of this name.
  public func shape(of name: String) -> [Int]? { positions[name].map { entries[$0].shape } }

  /// An array. Cost: one copy.
  ///
  /// - Throws: `InputError` where there is none of this name.
  public func array(named name: String) throws(InputError) -> NumpyArray {
    guard let entry = positions[name].map({ entries[$0] }) else {
      throw InputError(
        file: path, place: name, "is not there",
        remedy: names.isEmpty ? "the file holds no arrays" : "it holds " + names.prefix(40).joined(separator: ", "))
    }
    do { try InputError.requireMemory(entry.range.count) } catch {
      throw InputError(file: path, place: name, "does not fit into memory", remedy: "use a smaller file")
    }
    let data = bytes[dataOffset + entry.range.lowerBound..<dataOffset + entry.range.upperBound]
    let elements = NumpyArray.Elements(entry.type.storage, decoding: data, isBigEndian: false)
    if entry.type == .bfloat16, case .uint16(let bits) = elements {
      return NumpyArray(bits.map { Float(bitPattern: UInt32($0) << 16) }, shape: entry.shape)
    }
    return NumpyArray(shape: entry.shape, elements: elements)
  }

  /// Writes arrays beside `path`, renamed when complete. Arrays of wider elements come first, so that all are aligned; others
  /// keep their order.
  ///
  /// - Throws: `InputError` where two arrays have one name, or the file cannot be written.
  public static func write(
    _ arrays: [(name: String, array: NumpyArray)], metadata: [String: String] = [:], to path: String
  ) throws {
    let widths = Set(arrays.map(\.array.elementType.width)).sorted(by: >)
    let ordered = widths.flatMap { width in arrays.filter { $0.array.elementType.width == width } }
    let file = try AtomicFile(path)
    do {
      try file.write(SafetensorsHeader.encoded(ordered, metadata: metadata))
    } catch let error as InputError {
      throw error.inFile(path)
    }
    for (_, array) in ordered { try array.elements.withUnsafeBytes { try file.write($0) } }
    try file.commit()
  }
}
