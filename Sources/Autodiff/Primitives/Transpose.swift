import Tensors

/// The operand with its dimensions permuted: dimension i of the result is dimension `permutation[i]` of the operand.
public struct Transpose: Primitive {
  public let permutation: [Int]

  public var name: String { "transpose" }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 1, permutation.sorted() == Array(0..<operands[0].rank) else {
      throw InputError("\(permutation) is not a permutation of the dimensions of \(operands)")
    }
    return TensorType(permutation.map { operands[0].shape[$0] }, operands[0].element)
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
    var inverse = [Int](repeating: 0, count: permutation.count)
    for (i, p) in permutation.enumerated() { inverse[p] = i }
    return [try graph.append(Transpose(permutation: inverse), [cotangent])]
  }

  public var lowering: Lowering { .permutation(permutation) }
}

extension Graph {
  public mutating func transpose(_ value: Value, permutation: [Int]) throws(InputError) -> Value {
    if permutation == Array(permutation.indices) { return value }
    return try append(Transpose(permutation: permutation), [value])
  }
}
