import Tensors

/// Conversions to the types the rest of the project computes in. Each keeps the values: what cannot be represented is an error
/// naming the first such element, never a silent change (except that `floats()` rounds).
extension NumpyArray {
  /// The elements as doubles, exactly.
  ///
  /// - Throws: `InputError` where a 64-bit integer has no exact double.
  public func doubles() throws -> [Double] {
    switch elements {
    case .float64(let values): values
    case .float32(let values): values.map(Double.init)
    case .float16(let values): values.map { Double(binary16: $0) }
    case .bool(let values): values.map { $0 ? 1 : 0 }
    case .int8(let values): values.map(Double.init)
    case .int16(let values): values.map(Double.init)
    case .int32(let values): values.map(Double.init)
    case .uint8(let values): values.map(Double.init)
    case .uint16(let values): values.map(Double.init)
    case .uint32(let values): values.map(Double.init)
    case .int64(let values): try exactly(values, "a double") { Double(exactly: $0) }
    case .uint64(let values): try exactly(values, "a double") { Double(exactly: $0) }
    }
  }

  /// The elements rounded to single precision.
  ///
  /// - Throws: `InputError` where a finite value overflows.
  public func floats() throws -> [Float] {
    switch elements {
    case .float32(let values): values
    case .uint8(let values): values.map(Float.init)
    default:
      try exactly(doubles(), "a finite single-precision number") {
        let rounded = Float($0)
        return rounded.isInfinite && $0.isFinite ? nil : rounded
      }
    }
  }

  /// The elements as integers.
  ///
  /// - Throws: `InputError` where an element is not a whole number or does not fit into 64 bits.
  public func integers() throws -> [Int] {
    switch elements {
    case .bool(let values): values.map { $0 ? 1 : 0 }
    case .int8(let values): values.map(Int.init)
    case .int16(let values): values.map(Int.init)
    case .int32(let values): values.map(Int.init)
    case .int64(let values): values.map(Int.init)
    case .uint8(let values): values.map(Int.init)
    case .uint16(let values): values.map(Int.init)
    case .uint32(let values): values.map(Int.init)
    case .uint64(let values): try exactly(values, "an integer of 64 bits") { Int(exactly: $0) }
    case .float16, .float32, .float64: try exactly(doubles(), "a whole number") { Int(exactly: $0) }
    }
  }

  /// The elements as doubles or rounded to single precision, by the type asked for.
  public func values<Scalar: Real>(as type: Scalar.Type = Scalar.self) throws -> [Scalar] {
    if let values = try (Scalar.self == Double.self ? doubles() as Any : floats() as Any) as? [Scalar] { return values }
    return try doubles().map { Scalar($0) }
  }

  /// The place of element `offset` for messages, such as `[3, 17]`; empty for a scalar.
  public func place(ofElement offset: Int) -> String {
    var rest = offset
    var indices: [Int] = []
    for length in shape.reversed() where length > 0 {
      indices.append(rest % length)
      rest /= length
    }
    return indices.isEmpty ? "" : "[" + indices.reversed().map(String.init).joined(separator: ", ") + "]"
  }

  private func exactly<Source, Target>(
    _ values: [Source], _ wanted: String, _ convert: (Source) -> Target?
  ) throws -> [Target] {
    var converted: [Target] = []
    converted.reserveCapacity(values.count)
    for (offset, value) in values.enumerated() {
      guard let target = convert(value) else {
        throw InputError("element \(place(ofElement: offset)) is \(value), which is not \(wanted)")
      }
      converted.append(target)
    }
    return converted
  }
}

extension Double {
  /// The value of an IEEE binary16 bit pattern; exact.
  init(binary16 bits: UInt16) {
    let exponent = Int(bits >> 10 & 0x1f)
    let fraction = Double(bits & 0x3ff)
    let magnitude =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 31: fraction == 0 ? Double.infinity : Double.nan
      default: Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction * 0x1p-10)
      }
    self = bits >> 15 == 0 ? magnitude : -magnitude
  }
}
