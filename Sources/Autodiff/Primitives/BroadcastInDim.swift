import Tensors

/// The operand repeated: dimension i of the operand is dimension `dimensions[i]` of the result, the others repeat it.
public struct BroadcastInDim: Primitive {
  /// Ascending, one for each dimension of the operand.
  public let dimensions: [Int]
  public let shape: [Int]

  public var name: String { "broadcast_in_dim" }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 1, operands[0].rank == dimensions.count,
      zip(dimensions, operands[0].shape).allSatisfy({ $0 >= 0 && $0 < shape.count && shape[$0] == $1 }),
      zip(dimensions, dimensions.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw InputError("\(operands) cannot be repeated to \(shape) along dimensions \(dimensions)") }
    return TensorType(shape, operands[0].element)
  }

  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.broadcast(tangent, to: shape, dimensions: dimensions)
  }

  public func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    [try graph.reduce(.sum, cotangent, over: shape.indices.filter { !dimensions.contains($0) })]
  }

  public var lowering: Lowering { .broadcast(dimensions: dimensions) }
}

extension Graph {
  /// `value` repeated to `shape`; dimension i of `value` becomes dimension `dimensions[i]`.
  public mutating func broadcast(_ value: Value, to shape: [Int], dimensions: [Int]) throws(InputError) -> Value {
    if self.shape(of: value) == shape { return value }
    return try append(BroadcastInDim(dimensions: dimensions, shape: shape), [value])
  }

  /// `value` repeated to `shape` by the rule of NumPy: aligned at the last dimension, dimensions of size 1 stretched.
  public mutating func broadcast(_ value: Value, to shape: [Int]) throws(InputError) -> Value {
    let own = self.shape(of: value)
    if own == shape { return value }
    let offset = shape.count - own.count
    guard offset >= 0, own.indices.allSatisfy({ own[$0] == 1 || own[$0] == shape[$0 + offset] }) else {
      throw InputError("a value of shape \(own) cannot be broadcast to \(shape)")
    }
    let kept = own.indices.filter { own[$0] == shape[$0 + offset] }
    let squeezed = try reshape(value, to: kept.map { own[$0] })
    return try broadcast(squeezed, to: shape, dimensions: kept.map { $0 + offset })
  }

  /// Both values broadcast to their common shape by the rule of NumPy.
  public mutating func broadcastTogether(_ x: Value, _ y: Value) throws(InputError) -> (Value, Value) {
    let (a, b) = (shape(of: x), shape(of: y))
    let rank = max(a.count, b.count)
    var common: [Int] = []
    for i in 0..<rank {
      let m = i < rank - a.count ? 1 : a[i - (rank - a.count)]
      let n = i < rank - b.count ? 1 : b[i - (rank - b.count)]
      guard m == n || m == 1 || n == 1 else { throw InputError("shapes \(a) and \(b) do not fit together") }
      common.append(m == 1 ? n : m)
    }
    return (try broadcast(x, to: common), try broadcast(y, to: common))
  }
}
