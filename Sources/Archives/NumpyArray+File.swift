import Tensors

extension NumpyArray {
  /// Reads the NPY file at `path`.
  ///
  /// - Throws: `InputError` where the file cannot be read or is not a complete NPY file of a type this reads.
  public init(contentsOf path: String, limit: Int = FileBytes.defaultLimit) throws {
    let file = try FileBytes(contentsOf: path, limit: limit)
    try self.init(npy: file.bytes[...], file: path)
  }

  /// Reads an array from the bytes of an NPY file.
  ///
  /// The size is checked against the bytes at hand before anything is allocated. Cost: one copy.
  ///
  /// - Parameters:
  ///   - file: the file's name for messages.
  ///   - place: the place inside it for messages, such as an archive member.
  public init(npy bytes: ArraySlice<UInt8>, file: String? = nil, place: String? = nil) throws {
    do {
      let header = try NumpyHeader(bytes)
      let expected = header.count * header.type.width
      let found = bytes.count - header.dataOffset
      guard found == expected else {
        throw InputError(
          "holds \(found) bytes of data, but \(header.type.rawValue) of shape \(header.shape) takes \(expected)",
          remedy: "copy or write the file again")
      }
      try InputError.requireMemory(expected)
      let data = bytes.dropFirst(header.dataOffset)
      var elements = Elements(header.type, decoding: data, isBigEndian: header.isBigEndian)
      if header.isFortranOrder && header.shape.count > 1 {
        elements = elements.permuted(from: ColumnMajorOrder(shape: header.shape))
      }
      self.init(shape: header.shape, elements: elements)
    } catch let error as InputError {
      throw InputError(
        file: error.file ?? file, place: error.place ?? place, error.problem, remedy: error.remedy)
    }
  }

  /// The array as the bytes of an NPY file.
  public func npy() -> [UInt8] {
    var bytes = npyHeader
    elements.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Writes the array as an NPY file, beside `path` and renamed when complete.
  public func write(to path: String) throws {
    let file = try AtomicFile(path)
    try npyHeader.withUnsafeBytes { try file.write($0) }
    try elements.withUnsafeBytes { try file.write($0) }
    try file.commit()
  }

  var npyHeader: [UInt8] { NumpyHeader.encoded(type: elementType, shape: shape) }
}

extension NumpyArray.Elements {
  /// Decodes elements of `type`; bytes short of a whole element at the end are left out.
  public init(_ type: NumpyArray.ElementType, decoding data: ArraySlice<UInt8>, isBigEndian: Bool) {
    func integers<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type = Value.self) -> [Value] {
      let values: [Value] = copied(data)
      let isSwapped = Value(littleEndian: 1) != 1
      return isBigEndian == isSwapped ? values : values.map(\.byteSwapped)
    }
    switch type {
    case .bool: self = .bool(data.map { $0 != 0 })
    case .int8: self = .int8(integers())
    case .int16: self = .int16(integers())
    case .int32: self = .int32(integers())
    case .int64: self = .int64(integers())
    case .uint8: self = .uint8(Array(data))
    case .uint16: self = .uint16(integers())
    case .uint32: self = .uint32(integers())
    case .uint64: self = .uint64(integers())
    case .float16: self = .float16(integers())
    case .float32:
      self = .float32(isBigEndian ? integers(UInt32.self).map(Float.init(bitPattern:)) : copied(data))
    case .float64:
      self = .float64(isBigEndian ? integers(UInt64.self).map(Double.init(bitPattern:)) : copied(data))
    }
  }

  /// The elements reordered from column-major to C order.
  func permuted(from order: ColumnMajorOrder) -> NumpyArray.Elements {
    switch self {
    case .bool(let values): .bool(order.reordered(values))
    case .int8(let values): .int8(order.reordered(values))
    case .int16(let values): .int16(order.reordered(values))
    case .int32(let values): .int32(order.reordered(values))
    case .int64(let values): .int64(order.reordered(values))
    case .uint8(let values): .uint8(order.reordered(values))
    case .uint16(let values): .uint16(order.reordered(values))
    case .uint32(let values): .uint32(order.reordered(values))
    case .uint64(let values): .uint64(order.reordered(values))
    case .float16(let values): .float16(order.reordered(values))
    case .float32(let values): .float32(order.reordered(values))
    case .float64(let values): .float64(order.reordered(values))
    }
  }
}

/// The bytes taken as values in the machine's byte order; bytes short of a whole value at the end are left out.
private func copied<Value: BitwiseCopyable>(_ data: ArraySlice<UInt8>) -> [Value] {
  let count = data.count / MemoryLayout<Value>.stride
  return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
    data.withUnsafeBytes {
      UnsafeMutableRawBufferPointer(buffer).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: $0.prefix(count * MemoryLayout<Value>.stride)))
    }
    initialized = count
  }
}

/// The order of a Fortran array: the first index varies fastest.
struct ColumnMajorOrder {
  let shape: [Int]

  /// `values`, stored in this order, in C order.
  func reordered<Value>(_ values: [Value]) -> [Value] {
    var strides: [Int] = []
    var stride = 1
    for length in shape {
      strides.append(stride)
      stride *= length
    }
    var index = [Int](repeating: 0, count: shape.count)
    var source = 0
    var result: [Value] = []
    result.reserveCapacity(values.count)
    for _ in values.indices {
      result.append(values[source])
      for axis in shape.indices.reversed() {
        index[axis] += 1
        source += strides[axis]
        if index[axis] < shape[axis] { break }
        source -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
    return result
  }
}
