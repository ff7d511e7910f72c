import Tensors

extension Function {
  /// The function with nodes of the same primitive and the same operands merged into one.
  public func eliminatingCommonSubexpressions() throws(InputError) -> Function {
    struct Key: Hashable {
      var primitive: AnyHashable
      var operands: [Value]
      var type: TensorType
    }
    var known: [Key: Value] = [:]
    return try rewritten { (node, operands, graph) throws(InputError) -> Value? in
      let key = Key(primitive: AnyHashable(node.primitive), operands: operands, type: node.type)
      if let value = known[key] { return value }
      let value: Value
      if let source = node.primitive as? Source {
        value = graph.source(source, type: node.type)
      } else {
        value = try graph.append(node.primitive, operands)
      }
      known[key] = value
      return value
    }
  }
}
