import Tensors

/// The second operand where the first is positive, else 0: select(a > 0, b, 0) in one step.
///
/// Derivatives of relu are made of it. Linear in the second operand; made by the pass ``Function/fusingMasks()``.
struct MaskPositive: Primitive {
  var name: String { "mask_positive" }

  func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 2, operands[0].shape == operands[1].shape, operands[1].element == .real else {
      throw InputError("mask_positive takes two operands of one shape, got \(operands)")
    }
    return operands[1]
  }

  func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    guard let tangent = tangents[1] else { return nil }
    return try graph.append(self, [operands[0], tangent])
  }

  func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    [nil, try graph.append(self, [operands[0], cotangent])]
  }

  var lowering: Lowering { .elementwise(.maskPositive) }
}
