import Autodiff
import Networks
import Tensors

/// The graph of an objective on one microbatch: Σᵢ wᵢ ℓ(f(xᵢ; θ), yᵢ), the weights already divided by their sum.
struct ObjectiveGraph {
  var graph = Graph()
  /// What ``loss`` is the mean of.
  let definition: Loss
  /// z = f(x; θ)
  let outputs: Value
  /// y, one row a sample; the weights where the loss reads no targets.
  let targets: Value
  /// wᵢ / Σw
  let weights: Value
  /// ℓᵢ, one a row.
  let sampleLosses: Value
  /// The microbatch's part of the objective, a scalar.
  let loss: Value
  /// The selected parameters.
  let parameters: [Value]
  /// Directions, one for each selected parameter.
  let vectors: [Value]
  /// The network's batch normalisations.
  let normalizations: [BatchNormalizationSite]

  init(
    network: Network, loss: Loss, selection: ParameterSelection, targetType: TensorType?, rowsPerSample: Int,
    microbatch: Int, slices: Int = 1
  ) throws(InputError) {
    let instance = try network.instantiate(batch: microbatch, slices: slices, in: &graph)
    outputs = instance.outputs
    normalizations = instance.normalizations
    let rows = microbatch * rowsPerSample
    var targets: Value?
    if let targetType {
      targets = graph.source(.data(.targets), type: TensorType([rows] + targetType.shape, targetType.element))
    }
    definition = loss
    sampleLosses = try loss.perSample(outputs, targets: targets, in: &graph)
    weights = graph.source(.data(.weights), type: TensorType([rows]))
    self.targets = targets ?? weights
    self.loss = try graph.reduce(.sum, graph.multiply(sampleLosses, weights), over: [0])
    parameters = selection.indices.map { instance.parameters[$0] }
    var vectors: [Value] = []
    for (index, parameter) in parameters.enumerated() {
      vectors.append(graph.source(.vector(index), type: graph.type(of: parameter)))
    }
    self.vectors = vectors
  }

  /// θ-shaped values, one for each selected parameter, laid out one after the other from `offset` on.
  func destinations(_ values: [Value], from offset: Int, _ make: (Int) -> ResultDestination) -> [(
    Value, ResultDestination
  )] {
    var next = offset
    return values.map { value in
      defer { next += graph.type(of: value).count }
      return (value, make(next))
    }
  }

  mutating func lossAndGradient() throws(InputError) -> [(Value, ResultDestination)] {
    let gradient = try graph.gradient(of: loss, at: parameters)
    return [(loss, .primal(offset: 0))] + destinations(gradient, from: 1) { .primal(offset: $0) }
  }

  /// Plans a function of the objective at one microbatch size.
  static func plan(
    network: Network, loss: Loss, selection: ParameterSelection, targetType: TensorType?, rowsPerSample: Int,
    microbatch: Int, slices: Int = 1, kernels: KernelChoice,
    _ build: (inout ObjectiveGraph) throws(InputError) -> [(Value, ResultDestination)]
  ) throws(InputError) -> Plan {
    var objective = try ObjectiveGraph(
      network: network, loss: loss, selection: selection, targetType: targetType, rowsPerSample: rowsPerSample,
      microbatch: microbatch, slices: slices)
    let outputs = try build(&objective)
    return try Plan(
      Function(graph: objective.graph, outputs: outputs.map(\.0)), microbatch: microbatch,
      destinations: outputs.map(\.1), parameterOffsets: offsets(network.parameters.map(\.count)),
      vectorOffsets: offsets(selection.parameters(of: network).map(\.count)),
      literalOffsets: offsets(network.literals.map(\.values.count)), kernels: kernels)
  }

  static func offsets(_ counts: [Int]) -> [Int] {
    var next = 0
    return counts.map { count in
      defer { next += count }
      return next
    }
  }
}
