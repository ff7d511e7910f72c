import Tensors

/// A function applied to each element.
///
/// | case | value | derivative, with r the value |
/// |---|---|---|
/// | negate | −x | −1 |
/// | exponential | eˣ | r |
/// | exponentialMinusOne | eˣ − 1 | r + 1 |
/// | log | ln x | 1/x |
/// | logPlusOne | ln(1 + x) | 1/(1 + x) |
/// | tanh | tanh x | 1 − r² |
/// | logistic | 1/(1 + e⁻ˣ) | r(1 − r) |
/// | erf | 2/√π ∫₀ˣ e^(−t²) dt | 2/√π e^(−x²) |
/// | sqrt | √x | 1/(2r) |
/// | rsqrt | 1/√x | −r/(2x) |
/// | absolute | \|x\| | sign x |
/// | sign | −1, 0 or 1 | 0 |
public enum ElementwiseUnary: Primitive, CaseIterable {
  case negate, exponential, exponentialMinusOne, log, logPlusOne, tanh, logistic, erf, sqrt, rsqrt, absolute, sign

  public var name: String {
    switch self {
    case .exponentialMinusOne: "exponential_minus_one"
    case .logPlusOne: "log_plus_one"
    case .absolute: "abs"
    default: "\(self)"
    }
  }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 1, operands[0].element == .real else {
      throw InputError("\(name) takes one real operand, got \(operands)")
    }
    return operands[0]
  }

  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    guard let tangent = tangents[0] else { return nil }
    let x = operands[0]
    switch self {
    case .negate:
      return try graph.negate(tangent)
    case .exponential:
      return try graph.multiply(result, tangent)
    case .exponentialMinusOne:
      return try graph.multiply(graph.add(result, 1), tangent)
    case .log:
      return try graph.divide(tangent, x)
    case .logPlusOne:
      return try graph.divide(tangent, graph.add(x, 1))
    case .tanh:
      return try graph.multiply(graph.subtract(1, graph.multiply(result, result)), tangent)
    case .logistic:
      return try graph.multiply(graph.multiply(result, graph.subtract(1, result)), tangent)
    case .erf:
      let gaussian = try graph.apply(.exponential, graph.negate(graph.multiply(x, x)))
      return try graph.multiply(graph.multiply(gaussian, 2 / Double.pi.squareRoot()), tangent)
    case .sqrt:
      return try graph.divide(graph.multiply(tangent, 0.5), result)
    case .rsqrt:
      return try graph.multiply(graph.divide(graph.multiply(result, -0.5), x), tangent)
    case .absolute:
      return try graph.multiply(graph.apply(.sign, x), tangent)
    case .sign:
      return nil
    }
  }

  public func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    guard self == .negate else { throw InputError("\(name) is not linear: it has no transpose") }
    return [try graph.negate(cotangent)]
  }

  public var lowering: Lowering {
    switch self {
    case .negate: .elementwise(.negate)
    case .exponential: .elementwise(.exponential)
    case .exponentialMinusOne: .elementwise(.exponentialMinusOne)
    case .log: .elementwise(.log)
    case .logPlusOne: .elementwise(.logPlusOne)
    case .tanh: .elementwise(.tanh)
    case .logistic: .elementwise(.logistic)
    case .erf: .elementwise(.erf)
    case .sqrt: .elementwise(.squareRoot)
    case .rsqrt: .elementwise(.reciprocalSquareRoot)
    case .absolute: .elementwise(.absolute)
    case .sign: .elementwise(.sign)
    }
  }
}

extension Graph {
  /// `function` of each element.
  public mutating func apply(_ function: ElementwiseUnary, _ x: Value) throws(InputError) -> Value {
    try append(function, [x])
  }

  public mutating func negate(_ x: Value) throws(InputError) -> Value { try append(ElementwiseUnary.negate, [x]) }
}
