import Tensors

/// A truth value for each pair of elements.
public enum Compare: Primitive, CaseIterable {
  case equal, notEqual, less, lessEqual, greater, greaterEqual

  public var name: String { "compare[\(self)]" }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 2, operands[0].shape == operands[1].shape else {
      throw InputError("\(name) takes two operands of one shape, got \(operands)")
    }
    return TensorType(operands[0].shape, .bool)
  }

  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? { nil }

  public var lowering: Lowering {
    switch self {
    case .equal: .elementwise(.equal)
    case .notEqual: .elementwise(.notEqual)
    case .less: .elementwise(.less)
    case .lessEqual: .elementwise(.lessEqual)
    case .greater: .elementwise(.greater)
    case .greaterEqual: .elementwise(.greaterEqual)
    }
  }
}

/// The second operand where the first is true, else the third.
public struct Select: Primitive {
  public init() {}

  public var name: String { "select" }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 3, operands[0].element == .bool, operands[1] == operands[2],
      operands[0].shape == operands[1].shape
    else { throw InputError("select takes a condition and two operands of one shape, got \(operands)") }
    return operands[1]
  }

  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    guard tangents[1] != nil || tangents[2] != nil else { return nil }
    let zero = try graph.constant(0, graph.shape(of: result))
    return try graph.select(operands[0], tangents[1] ?? zero, tangents[2] ?? zero)
  }

  public func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    let zero = try graph.constant(0, graph.shape(of: result))
    return [
      nil,
      linear[1] ? try graph.select(operands[0], cotangent, zero) : nil,
      linear[2] ? try graph.select(operands[0], zero, cotangent) : nil,
    ]
  }

  public var lowering: Lowering { .elementwise(.select) }
}

extension Graph {
  public mutating func compare(_ x: Value, _ direction: Compare, _ y: Value) throws(InputError) -> Value {
    try append(direction, [x, y])
  }

  public mutating func select(_ condition: Value, _ x: Value, _ y: Value) throws(InputError) -> Value {
    try append(Select(), [condition, x, y])
  }
}
