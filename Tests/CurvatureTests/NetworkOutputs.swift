import Autodiff
import Datasets
import Networks
import Tensors
import TestSupport

/// The outputs of a network, by the naive interpreter.
enum NetworkOutputs {
  /// One row for each sample.
  static func compute(_ network: Network, _ dataset: Dataset) throws -> [[Double]] {
    var graph = Graph()
    let instance = try network.instantiate(batch: dataset.count, in: &graph)
    var sources: [Source: [Double]] = [.data(.inputs): dataset.inputs(as: Double.self)]
    for (index, parameter) in network.parameters.enumerated() {
      sources[.parameter(index)] = parameter.values.values(as: Double.self)
    }
    let values = try NaiveInterpreter(graph, sources: sources).evaluate([instance.outputs])[0]
    let width = values.count / dataset.count
    return (0..<dataset.count).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }
}
