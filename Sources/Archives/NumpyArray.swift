import Tensors

/// An array as NumPy stores it: a shape and elements in C order (the last index varies fastest).
///
///     let array = try NumpyArray(contentsOf: "weights.npy")
///     let values = try array.doubles()        // any element type, exactly
///     try NumpyArray(values, shape: [2, 3]).write(to: "copy.npy")
///
/// Reads NPY versions 1.0, 2.0 and 3.0 of either byte order and of either memory order; writes version 1.0, little-endian, in C
/// order. Python objects (pickles) and structured types are refused. Source: the NPY format description of NumPy (NEP 1).
public struct NumpyArray: Sendable, Hashable {
  /// The length of each axis; empty for a scalar.
  public let shape: [Int]
  /// The elements in C order.
  public let elements: Elements

  /// The elements by type. `float16` holds the bit patterns of IEEE binary16, because not every platform has the type.
  public enum Elements: Sendable, Hashable {
    case bool([Bool])
    case int8([Int8])
    case int16([Int16])
    case int32([Int32])
    case int64([Int64])
    case uint8([UInt8])
    case uint16([UInt16])
    case uint32([UInt32])
    case uint64([UInt64])
    case float16([UInt16])
    case float32([Float])
    case float64([Double])
  }

  /// The type of an element; the raw value is NumPy's name of it.
  public enum ElementType: String, Sendable, Hashable, CaseIterable, Codable {
    case bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, float32, float64

    /// Bytes an element takes in a file.
    public var width: Int {
      switch self {
      case .bool, .int8, .uint8: 1
      case .int16, .uint16, .float16: 2
      case .int32, .uint32, .float32: 4
      case .int64, .uint64, .float64: 8
      }
    }

    public var isFloatingPoint: Bool { self == .float16 || self == .float32 || self == .float64 }

    /// NumPy's type code without the byte order: kind and width, such as `f8`.
    var code: String {
      let kind =
        switch self {
        case .bool: "b"
        case .int8, .int16, .int32, .int64: "i"
        case .uint8, .uint16, .uint32, .uint64: "u"
        case .float16, .float32, .float64: "f"
        }
      return "\(kind)\(width)"
    }

    /// The type code with its byte order, as a little-endian file has it.
    var descriptor: String { (width == 1 ? "|" : "<") + code }
  }

  /// An array of `elements` in C order; their number must be the product of `shape`.
  public init(shape: [Int], elements: Elements) {
    precondition(
      shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == elements.count, "the shape does not fit the elements")
    self.shape = shape
    self.elements = elements
  }

  public init(_ values: [Double], shape: [Int]? = nil) {
    self.init(shape: shape ?? [values.count], elements: .float64(values))
  }

  public init(_ values: [Float], shape: [Int]? = nil) {
    self.init(shape: shape ?? [values.count], elements: .float32(values))
  }

  public init(_ values: [Int32], shape: [Int]? = nil) {
    self.init(shape: shape ?? [values.count], elements: .int32(values))
  }

  public init(_ values: [Int64], shape: [Int]? = nil) {
    self.init(shape: shape ?? [values.count], elements: .int64(values))
  }

  public init(_ values: [UInt8], shape: [Int]? = nil) {
    self.init(shape: shape ?? [values.count], elements: .uint8(values))
  }

  /// A scalar: an array without axes.
  public init(scalar: Double) { self.init(shape: [], elements: .float64([scalar])) }

  /// The number of elements, the product of the shape.
  public var count: Int { elements.count }
  public var rank: Int { shape.count }
  public var elementType: ElementType { elements.type }

  /// The same elements under another shape of the same element count.
  public func reshaped(_ shape: [Int]) -> NumpyArray { NumpyArray(shape: shape, elements: elements) }
}

extension NumpyArray.Elements {
  public var count: Int {
    switch self {
    case .bool(let values): values.count
    case .int8(let values): values.count
    case .int16(let values): values.count
    case .int32(let values): values.count
    case .int64(let values): values.count
    case .uint8(let values): values.count
    case .uint16(let values): values.count
    case .uint32(let values): values.count
    case .uint64(let values): values.count
    case .float16(let values): values.count
    case .float32(let values): values.count
    case .float64(let values): values.count
    }
  }

  public var type: NumpyArray.ElementType {
    switch self {
    case .bool: .bool
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .uint8: .uint8
    case .uint16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .float16: .float16
    case .float32: .float32
    case .float64: .float64
    }
  }

  /// The elements as they lie in memory, in the byte order of the machine.
  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    switch self {
    case .bool(let values): try values.withUnsafeBytes(body)
    case .int8(let values): try values.withUnsafeBytes(body)
    case .int16(let values): try values.withUnsafeBytes(body)
    case .int32(let values): try values.withUnsafeBytes(body)
    case .int64(let values): try values.withUnsafeBytes(body)
    case .uint8(let values): try values.withUnsafeBytes(body)
    case .uint16(let values): try values.withUnsafeBytes(body)
    case .uint32(let values): try values.withUnsafeBytes(body)
    case .uint64(let values): try values.withUnsafeBytes(body)
    case .float16(let values): try values.withUnsafeBytes(body)
    case .float32(let values): try values.withUnsafeBytes(body)
    case .float64(let values): try values.withUnsafeBytes(body)
    }
  }
}
