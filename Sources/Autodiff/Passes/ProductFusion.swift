import Tensors

extension Function {
  /// The function with sums of two products that nothing else reads in one step, the second product added in place.
  public func fusingSumsOfProducts() throws(InputError) -> Function {
    var uses = [Int](repeating: 0, count: graph.nodes.count)
    let needed = graph.ancestors(of: outputs)
    for (index, node) in graph.nodes.enumerated() where needed[index] {
      for operand in node.operands { uses[operand.index] += 1 }
    }
    for output in outputs { uses[output.index] += 1 }
    var fused: [Value: (any Product, any Product)] = [:]
    for value in graph.values where needed[value.index] && graph[value].primitive as? ElementwiseBinary == .add {
      let operands = graph[value].operands
      guard operands.allSatisfy({ uses[$0.index] == 1 }),
        let first = graph[operands[0]].primitive as? any Product,
        let second = graph[operands[1]].primitive as? any Product
      else { continue }
      fused[value] = (first, second)
    }
    return try rewritten { (value, operands, result) throws(InputError) -> Value? in
      guard let (first, second) = fused[value] else { return nil }
      let products = operands.map { result[$0].operands }
      return try result.append(SumOfProducts(first: first, second: second), products[0] + products[1])
    }
  }
}
