import Tensors

/// The operand's elements, in row-major order, under another shape.
public struct Reshape: Primitive {
  public let shape: [Int]

  public var name: String { "reshape" }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 1, shape.allSatisfy({ $0 >= 0 }), operands[0].count == TensorType(shape).count else {
      throw InputError("\(operands) cannot be reshaped to \(shape): the number of elements differs")
    }
    return TensorType(shape, operands[0].element)
  }

  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.reshape(tangent, to: shape)
  }

  public func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    [try graph.reshape(cotangent, to: graph.shape(of: operands[0]))]
  }

  public var lowering: Lowering { .alias }
}

/// The operand as a constant: the same value, derivative zero.
public struct StopGradient: Primitive {
  public init() {}
  public var name: String { "stop_gradient" }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 1 else { throw InputError("stop_gradient takes one operand, got \(operands)") }
    return operands[0]
  }

  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? { nil }

  public var lowering: Lowering { .alias }
}

extension Graph {
  public mutating func reshape(_ value: Value, to shape: [Int]) throws(InputError) -> Value {
    if self.shape(of: value) == shape { return value }
    return try append(Reshape(shape: shape), [value])
  }

  public mutating func stopGradient(_ value: Value) throws(InputError) -> Value { try append(StopGradient(), [value]) }
}
