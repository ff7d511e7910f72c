import Tensors

extension Function {
  /// The function with masks on the small side of maximum pooling, where only the chosen pixels count:
  ///
  ///     gather(mask(a, b), places) = mask(gather(a, places), gather(b, places)),
  ///     mask(a, scatter(u, places)) = scatter(mask(gather(a, places), u), places).
  ///
  /// Where a is the output of a relu that is pooled, gather(a, places) is the pooled value itself: a common subexpression.
  public func poolingBeforeMasks() throws(InputError) -> Function {
    try rewritten { (value, operands, graph) throws(InputError) -> Value? in
      switch self.graph[value].primitive {
      case let gather as PlaneGather:
        let masked = graph[operands[0]]
        guard masked.primitive is MaskPositive else { return nil }
        let chosen = try graph.append(gather, [masked.operands[0], operands[1]])
        return try graph.append(MaskPositive(), [chosen, graph.append(gather, [masked.operands[1], operands[1]])])
      case is MaskPositive:
        let scattered = graph[operands[1]]
        guard let scatter = scattered.primitive as? PlaneScatter else { return nil }
        let places = scattered.operands[1]
        let chosen = try graph.append(PlaneGather(layout: scatter.layout), [operands[0], places])
        return try graph.append(
          scatter, [graph.append(MaskPositive(), [chosen, scattered.operands[0]]), places])
      default: return nil
      }
    }
  }
}
