import Tensors

extension Function {
  /// The function with nodes of the same primitive and the same operands merged into one; the operands of sums and
  /// elementwise products in either order.
  public func eliminatingCommonSubexpressions() throws(InputError) -> Function {
    struct Key: Hashable {
      var primitive: AnyHashable
      var operands: [Value]
      var type: TensorType
    }
    var known: [Key: Value] = [:]
    return try rewritten { (value, operands, graph) throws(InputError) -> Value? in
      let node = self.graph[value]
      var sorted = operands
      switch node.primitive as? ElementwiseBinary {
      case .add, .multiply: sorted.sort { $0.index < $1.index }
      default: break
      }
      let key = Key(primitive: AnyHashable(node.primitive), operands: sorted, type: node.type)
      if let copy = known[key] { return copy }
      let copy: Value
      if let source = node.primitive as? Source {
        copy = graph.source(source, type: node.type)
      } else {
        copy = try graph.append(node.primitive, operands)
      }
      known[key] = copy
      return copy
    }
  }
}
