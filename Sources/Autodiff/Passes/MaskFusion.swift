import Tensors

extension Function {
  /// The function with select(a > 0, b, 0) in one step; a comparison that nothing else reads is gone after
  /// ``eliminatingDeadCode()``.
  public func fusingMasks() throws(InputError) -> Function {
    try rewritten { (value, operands, graph) throws(InputError) -> Value? in
      let node = self.graph[value]
      guard node.primitive is Select, graph.splat(operands[2]) == 0 else { return nil }
      let condition = graph[operands[0]]
      guard condition.primitive as? Compare == .greater, graph.splat(condition.operands[1]) == 0 else { return nil }
      return try graph.append(MaskPositive(), [condition.operands[0], operands[1]])
    }
  }
}
