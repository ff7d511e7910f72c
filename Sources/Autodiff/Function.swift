import Tensors

/// A graph with the values that are asked of it.
public struct Function: Sendable {
  public var graph: Graph
  public var outputs: [Value]

  public init(graph: Graph, outputs: [Value]) {
    self.graph = graph
    self.outputs = outputs
  }

  /// The same function rebuilt node by node; what no output needs is dropped on the way.
  ///
  /// `rule` gets a value and the operands of its node in the new graph and may return another value of the new graph
  /// for it; `nil` copies the node.
  func rewritten(
    _ rule: (Value, [Value], inout Graph) throws(InputError) -> Value?
  ) throws(InputError) -> Function {
    let needed = graph.ancestors(of: outputs)
    var result = Graph()
    var renamed = [Value?](repeating: nil, count: graph.nodes.count)
    for (index, node) in graph.nodes.enumerated() where needed[index] {
      var operands: [Value] = []
      for operand in node.operands { if let value = renamed[operand.index] { operands.append(value) } }
      if let replacement = try rule(Value(index), operands, &result) {
        renamed[index] = replacement
      } else if let source = node.primitive as? Source {
        renamed[index] = result.source(source, type: node.type)
      } else {
        renamed[index] = try result.append(node.primitive, operands)
      }
    }
    return Function(graph: result, outputs: outputs.compactMap { renamed[$0.index] })
  }

  /// The function after all passes that keep its meaning, ready for the kernels named.
  public func optimized(for kernels: KernelChoice = .portable) throws(InputError) -> Function {
    let folded = try foldingConstants().eliminatingCommonSubexpressions().foldingConstants().fusingMasks()
      .poolingBeforeMasks().eliminatingCommonSubexpressions()
    return try folded.movingImagesToChannelsLast(for: kernels).eliminatingDeadCode().fusingSumsOfProducts()
      .eliminatingDeadCode()
  }
}
