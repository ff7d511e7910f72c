import Tensors

/// How ``Reduce`` combines elements.
public enum Reduction: Hashable, Sendable {
  case sum
  case maximum
}

/// The sum or maximum over `dimensions`, which disappear from the shape.
///
/// The derivative of a maximum is shared evenly between the elements that attain it.
public struct Reduce: Primitive {
  public let reduction: Reduction
  /// Ascending.
  public let dimensions: [Int]

  public var name: String { "reduce[\(reduction)]" }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 1, operands[0].element == .real,
      dimensions.allSatisfy({ $0 >= 0 && $0 < operands[0].rank }),
      zip(dimensions, dimensions.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw InputError("\(name) over dimensions \(dimensions) does not fit \(operands)") }
    guard reduction == .sum || dimensions.allSatisfy({ operands[0].shape[$0] > 0 }) else {
      throw InputError("the maximum over no elements is not defined: \(operands)")
    }
    return TensorType(operands[0].shape.indices.filter { !dimensions.contains($0) }.map { operands[0].shape[$0] })
  }

  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    guard let tangent = tangents[0] else { return nil }
    guard reduction == .maximum else { return try graph.reduce(.sum, tangent, over: dimensions) }
    let shape = graph.shape(of: operands[0])
    let attained = try graph.compare(operands[0], .equal, repeated(result, to: shape, in: &graph))
    let zero = try graph.constant(0, shape)
    let chosen = try graph.reduce(.sum, graph.select(attained, tangent, zero), over: dimensions)
    let ties = try graph.reduce(.sum, graph.select(attained, graph.constant(1, shape), zero), over: dimensions)
    return try graph.divide(chosen, ties)
  }

  public func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    guard reduction == .sum else { throw InputError("\(name) is not linear: it has no transpose") }
    return [try repeated(cotangent, to: graph.shape(of: operands[0]), in: &graph)]
  }

  private func repeated(_ value: Value, to shape: [Int], in graph: inout Graph) throws(InputError) -> Value {
    try graph.broadcast(value, to: shape, dimensions: shape.indices.filter { !dimensions.contains($0) })
  }

  public var lowering: Lowering { .reduction(reduction) }
}

extension Graph {
  public mutating func reduce(_ reduction: Reduction, _ value: Value, over dimensions: [Int]) throws(InputError)
    -> Value
  {
    if dimensions.isEmpty { return value }
    return try append(Reduce(reduction: reduction, dimensions: dimensions), [value])
  }
}
