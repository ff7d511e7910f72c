import Autodiff
import Networks
import Tensors

extension Objective {
  /// The fraction of samples of non-zero weight whose largest output is their label; of several equal ones, a sample counts
  /// as right if its label is among them. `nil` for losses without labels.
  public func accuracy() throws -> Double? {
    guard loss == .crossEntropy, targetType?.element == .int32 else { return nil }
    let sums = try executor { objective throws(InputError) in
      var graph = objective.graph
      let shape = graph.shape(of: objective.outputs)
      let classes = shape[shape.count - 1]
      let rows = shape.dropLast().reduce(1, *)
      let scores = try graph.reshape(objective.outputs, to: [rows, classes])
      let highest = try graph.broadcast(
        graph.reduce(.maximum, scores, over: [1]), to: [rows, classes], dimensions: [0])
      let numbers = try graph.broadcast(graph.append(Iota(count: classes), []), to: [rows, classes], dimensions: [1])
      let labels = try graph.broadcast(objective.targets, to: [rows, classes], dimensions: [0])
      let one = try graph.constant(1, [rows, classes])
      let zero = try graph.constant(0, [rows, classes])
      let isLabel = try graph.select(graph.compare(numbers, .equal, labels), one, zero)
      let isHighest = try graph.select(graph.compare(scores, .equal, highest), one, zero)
      let right = try graph.reduce(.sum, graph.multiply(isLabel, isHighest), over: [1])
      let mean = try graph.reduce(.sum, graph.multiply(right, objective.weights), over: [0])
      objective.graph = graph
      return [(mean, .primal(offset: 0))]
    }.evaluate()
    return Double(sums[0])
  }
}
