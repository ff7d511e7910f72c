import Tensors

/// The sum of a value over the slices of a group of samples, the same in each of them.
///
/// A group whose samples depend on each other, as in batch normalisation, is cut into slices of equally many samples
/// that run the same graph at the same time; only here do they see each other. A function of the group is the sum of
/// those of its slices, so the transpose of the sum is the sum of the cotangents.
public struct AllReduce: Primitive {
  /// Slices of a group.
  public let slices: Int

  public var name: String { "all_reduce" }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 1, operands[0].element == .real, slices > 0 else {
      throw InputError("\(name) over \(slices) slices does not fit \(operands)")
    }
    return operands[0]
  }

  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.append(self, [tangent])
  }

  public func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    [try graph.append(self, [cotangent])]
  }

  public var lowering: Lowering { .allReduce(slices: slices) }
}

/// What every slice of a group has alike, summed over the slices.
struct RepeatedSum: OpaqueKernel {
  let slices: Int
  let count: Int

  var canAccumulate: Bool { false }
  var operationCount: Double { Double(count) }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    for index in 0..<count { result[index] = Scalar(slices) * operands[0][index] }
  }
}

extension Graph {
  /// The sum of `value` over the slices of a group.
  public mutating func allReduce(_ value: Value, slices: Int) throws(InputError) -> Value {
    slices == 1 ? value : try append(AllReduce(slices: slices), [value])
  }
}
