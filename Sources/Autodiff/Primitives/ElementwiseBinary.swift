import Tensors

/// An operation on pairs of elements of two values of the same shape.
///
/// `maximum` and `minimum` have the derivative of the active operand; where both are equal the second is active, so that
/// relu(x) = maximum(x, 0) has relu′(0) = 0.
public enum ElementwiseBinary: Primitive, CaseIterable {
  case add, subtract, multiply, divide, maximum, minimum

  public var name: String { "\(self)" }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 2, operands[0] == operands[1], operands[0].element == .real else {
      throw InputError("\(name) takes two real operands of one shape, got \(operands)")
    }
    return operands[0]
  }

  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    let (x, y) = (operands[0], operands[1])
    switch self {
    case .add:
      guard let dx = tangents[0], let dy = tangents[1] else { return tangents[0] ?? tangents[1] }
      return try graph.add(dx, dy)
    case .subtract:
      switch (tangents[0], tangents[1]) {
      case (let dx?, let dy?): return try graph.subtract(dx, dy)
      case (let dx?, nil): return dx
      case (nil, let dy?): return try graph.negate(dy)
      case (nil, nil): return nil
      }
    case .multiply:
      switch (tangents[0], tangents[1]) {
      case (let dx?, let dy?): return try graph.add(graph.multiply(dx, y), graph.multiply(x, dy))
      case (let dx?, nil): return try graph.multiply(dx, y)
      case (nil, let dy?): return try graph.multiply(x, dy)
      case (nil, nil): return nil
      }
    case .divide:
      switch (tangents[0], tangents[1]) {
      case (let dx?, let dy?): return try graph.divide(graph.subtract(dx, graph.multiply(result, dy)), y)
      case (let dx?, nil): return try graph.divide(dx, y)
      case (nil, let dy?): return try graph.negate(graph.multiply(graph.divide(result, y), dy))
      case (nil, nil): return nil
      }
    case .maximum, .minimum:
      guard tangents[0] != nil || tangents[1] != nil else { return nil }
      // Against a constant the result tells which operand is active, so the operand need not be kept.
      let tested = graph.splat(y) == nil ? x : result
      let active = try graph.compare(tested, self == .maximum ? .greater : .less, y)
      let zero = try graph.constant(0, graph.shape(of: result))
      return try graph.select(active, tangents[0] ?? zero, tangents[1] ?? zero)
    }
  }

  public func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    switch (self, linear[0], linear[1]) {
    case (.add, _, _):
      return [linear[0] ? cotangent : nil, linear[1] ? cotangent : nil]
    case (.subtract, _, _):
      return [linear[0] ? cotangent : nil, linear[1] ? try graph.negate(cotangent) : nil]
    case (.multiply, true, false):
      return [try graph.multiply(cotangent, operands[1]), nil]
    case (.multiply, false, true):
      return [nil, try graph.multiply(cotangent, operands[0])]
    case (.divide, true, false):
      return [try graph.divide(cotangent, operands[1]), nil]
    default:
      throw InputError("\(name) is not linear in these operands: it has no transpose")
    }
  }

  public var lowering: Lowering {
    switch self {
    case .add: .elementwise(.add)
    case .subtract: .elementwise(.subtract)
    case .multiply: .elementwise(.multiply)
    case .divide: .elementwise(.divide)
    case .maximum: .elementwise(.maximum)
    case .minimum: .elementwise(.minimum)
    }
  }
}

extension Graph {
  public mutating func add(_ x: Value, _ y: Value) throws(InputError) -> Value {
    try append(ElementwiseBinary.add, [x, y])
  }
  public mutating func subtract(_ x: Value, _ y: Value) throws(InputError) -> Value {
    try append(ElementwiseBinary.subtract, [x, y])
  }
  public mutating func multiply(_ x: Value, _ y: Value) throws(InputError) -> Value {
    try append(ElementwiseBinary.multiply, [x, y])
  }
  public mutating func divide(_ x: Value, _ y: Value) throws(InputError) -> Value {
    try append(ElementwiseBinary.divide, [x, y])
  }
  public mutating func maximum(_ x: Value, _ y: Value) throws(InputError) -> Value {
    try append(ElementwiseBinary.maximum, [x, y])
  }

  public mutating func add(_ x: Value, _ number: Double) throws(InputError) -> Value {
    try add(x, constant(number, shape(of: x)))
  }
  public mutating func subtract(_ number: Double, _ x: Value) throws(InputError) -> Value {
    try subtract(constant(number, shape(of: x)), x)
  }
  public mutating func multiply(_ x: Value, _ number: Double) throws(InputError) -> Value {
    try multiply(x, constant(number, shape(of: x)))
  }
  public mutating func maximum(_ x: Value, _ number: Double) throws(InputError) -> Value {
    try maximum(x, constant(number, shape(of: x)))
  }
}
