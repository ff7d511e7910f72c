import Tensors

extension Function {
  /// The function with what is known from constants alone worked out: c ∘ c, x + 0, x · 1, x · 0, x − x, select of a
  /// known condition, repeated and summed constants. A value repeated or reshaped twice is repeated or reshaped once.
  /// What was a constant only for derivatives is the value it was made from.
  ///
  /// x · 0 and x − x become 0 also where x could be infinite: structural zeros come from derivatives that vanish identically.
  public func foldingConstants() throws(InputError) -> Function {
    try rewritten { (value, operands, graph) throws(InputError) -> Value? in
      let node = self.graph[value]
      let known = operands.map { graph.splat($0) }
      let shape = node.type.shape
      switch node.primitive {
      case is Constant, is Source:
        return nil
      case let primitive as ElementwiseBinary:
        if let x = known[0], let y = known[1], case .elementwise(let operation) = primitive.lowering {
          return try graph.constant(evaluate(operation, x, y), shape)
        }
        switch (primitive, known[0], known[1]) {
        case (.add, _, 0), (.subtract, _, 0), (.multiply, _, 1), (.divide, _, 1): return operands[0]
        case (.add, 0, _), (.multiply, 1, _): return operands[1]
        case (.multiply, 0, _), (.multiply, _, 0), (.divide, 0, _): return try graph.constant(0, shape)
        case (.subtract, 0, _): return try graph.negate(operands[1])
        case (.subtract, _, _) where operands[0] == operands[1]: return try graph.constant(0, shape)
        case (.multiply, _, -1): return try graph.negate(operands[0])
        case (.multiply, -1, _): return try graph.negate(operands[1])
        default: return nil
        }
      case let primitive as ElementwiseUnary:
        if let x = known[0], case .elementwise(let operation) = primitive.lowering {
          return try graph.constant(evaluate(operation, x, 0), shape)
        }
        if primitive == .negate, graph[operands[0]].primitive as? ElementwiseUnary == .negate {
          return graph[operands[0]].operands[0]
        }
        return nil
      case is StopGradient:
        return operands[0]
      case is Select:
        if let condition = known[0] { return condition != 0 ? operands[1] : operands[2] }
        if let x = known[1], let y = known[2], x == y { return operands[1] }
        return nil
      case let primitive as BroadcastInDim:
        if let x = known[0] { return try graph.constant(x, shape, node.type.element) }
        let operand = graph[operands[0]]
        guard let inner = operand.primitive as? BroadcastInDim else { return nil }
        return try graph.broadcast(
          operand.operands[0], to: shape, dimensions: inner.dimensions.map { primitive.dimensions[$0] })
      case is Reshape:
        if let x = known[0] { return try graph.constant(x, shape, node.type.element) }
        let operand = graph[operands[0]]
        return operand.primitive is Reshape ? try graph.reshape(operand.operands[0], to: shape) : nil
      case let primitive as Reduce:
        guard let x = known[0] else { return nil }
        let count = primitive.dimensions.reduce(1) { $0 * graph.shape(of: operands[0])[$1] }
        return try graph.constant(primitive.reduction == .sum ? x * Double(count) : x, shape)
      case let primitive as AllReduce:
        return try known[0].map { x throws(InputError) in try graph.constant(x * Double(primitive.slices), shape) }
      case is any Product:
        return known[0] == 0 || known[1] == 0 ? try graph.constant(0, shape) : nil
      default:
        return nil
      }
    }
  }

  private func evaluate(_ operation: ElementwiseOperation, _ x: Double, _ y: Double) -> Double {
    var result = 0.0
    withUnsafePointer(to: x) { x in
      withUnsafePointer(to: y) { y in Double.run(Double.step(operation), &result, x, y, nil, count: 1) }
    }
    return result
  }
}
