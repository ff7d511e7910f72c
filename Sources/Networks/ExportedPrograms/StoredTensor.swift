import Foundation
import Tensors

/// An array of the archive: where its bytes are and how its elements lie in them, checked against the bytes there are.
struct StoredTensor: Sendable {
  let elementType: TorchElementType
  let shape: [Int]
  let strides: [Int]
  let offset: Int
  /// The position after the last element that belongs to the array.
  let end: Int

  /// - Parameters:
  ///   - description: as the file has it.
  ///   - byteCount: the size of the storage it lies in.
  init(_ description: TensorDescription, byteCount: Int) throws(InputError) {
    guard let elementType = TorchElementType(rawValue: description.elementType) else {
      throw InputError(
        "has element type number \(description.elementType), which is not read here",
        remedy: "convert the model with .float() or .double() before the export")
    }
    guard description.layout ?? 7 == 7 else {
      throw InputError("is not a strided array", remedy: "convert it with .to_dense() before the export")
    }
    shape = try Self.numbers(description.sizes, "sizes", from: 1)
    strides = try Self.numbers(description.strides, "strides", from: 0)
    guard shape.count == strides.count else {
      throw InputError("has \(shape.count) sizes and \(strides.count) strides")
    }
    guard shape.count <= Self.largestRank else {
      throw InputError("has \(shape.count) dimensions, more than \(Self.largestRank)")
    }
    offset = try Self.numbers([description.offset], "storage offset", from: 0)[0]
    let available = byteCount / elementType.width
    // Sizes, strides and offset are below 2³¹ and ranks bounded, so only products can be too large.
    var count = 1
    var last = offset
    for (size, stride) in zip(shape, strides) {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      count = overflow ? Int.max : product
      last += (size - 1) * stride < Self.largestSize * 64 ? (size - 1) * stride : Self.largestSize * 64
    }
    guard last < available, count <= available else {
      throw InputError(
        "has shape \(shape), strides \(strides) and offset \(offset), which reach beyond the \(available) elements stored",
        remedy: "export the model again")
    }
    end = last + 1
    self.elementType = elementType
  }

  private static let largestRank = 16
  private static let largestSize = 1 << 31

  private static func numbers(
    _ sizes: [TensorDescription.Size], _ what: String, from least: Int
  ) throws(InputError) -> [Int] {
    var numbers: [Int] = []
    for size in sizes {
      guard case .number(let number) = size, (least..<largestSize).contains(number) else {
        throw InputError("has \(what) that are no numbers from \(least) to \(largestSize - 1)")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// The elements in row-major order.
  func values(in storage: ArraySlice<UInt8>, isBigEndian: Bool) -> StoredValues {
    storage.withUnsafeBytes { bytes in
      func bits<Bits: FixedWidthInteger>(_ index: Int, _ type: Bits.Type) -> Bits {
        let stored = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
        return isBigEndian ? Bits(bigEndian: stored) : Bits(littleEndian: stored)
      }
      switch elementType {
      case .float64: return .double(gather { Double(bitPattern: bits($0, UInt64.self)) })
      case .float32: return .single(gather { Float(bitPattern: bits($0, UInt32.self)) })
      case .bfloat16: return .single(gather { Float(bitPattern: UInt32(bits($0, UInt16.self)) << 16) })
      case .float16: return .single(gather { Float(halfPrecision: bits($0, UInt16.self)) })
      case .uint8, .bool: return .double(gather { Double(bytes[$0]) })
      case .int8: return .double(gather { Double(Int8(bitPattern: bytes[$0])) })
      case .int16: return .double(gather { Double(bits($0, Int16.self)) })
      case .int32: return .double(gather { Double(bits($0, Int32.self)) })
      case .int64: return .double(gather { Double(bits($0, Int64.self)) })
      }
    }
  }

  private func gather<Element>(_ element: (Int) -> Element) -> [Element] {
    var result: [Element] = []
    result.reserveCapacity(shape.reduce(1, *))
    func collect(_ dimension: Int, _ index: Int) {
      guard dimension < shape.count else {
        result.append(element(index))
        return
      }
      for i in 0..<shape[dimension] { collect(dimension + 1, index + i * strides[dimension]) }
    }
    collect(0, offset)
    return result
  }
}

extension Float {
  /// The number with these bits in IEEE 754 half precision, exactly.
  init(halfPrecision bits: UInt16) {
    let magnitude = Int(bits & 0x7fff)
    let (exponent, fraction) = (magnitude >> 10, magnitude & 0x3ff)
    let value: Float =
      switch exponent {
      case 0: Float(fraction) * 0x1p-24
      case 31: fraction == 0 ? .infinity : .nan
      default: Float(sign: .plus, exponent: exponent - 25, significand: Float(fraction + 1024))
      }
    self = bits >> 15 == 0 ? value : -value
  }
}
