import Autodiff
import Krylov
import Networks
import Tensors

extension Objective {
  /// Passes that a source takes for each draw.
  func directions(of source: DerivativeSource) -> Int {
    source == .outputs ? outputsPerSample : data.rowsPerSample
  }

  /// The sum of a function's results over all directions of a source, the mean over its draws.
  func sumOverDirections(
    _ source: DerivativeSource, rotations: RowRotations<Scalar>? = nil, _ interruption: () throws -> Void,
    _ build: (inout LayerGraph, _ directions: Int) throws(InputError) -> [(Value, ResultDestination)]
  ) throws -> Vector<Double> {
    let directions = directions(of: source)
    let draws = if case .draws(let draws, _) = source { draws } else { 1 }
    var sum: Vector<Double>?
    for draw in 0..<draws {
      var objective = self
      if case .draws(_, let seed) = source {
        objective = try drawingLabels(OperatorOptions(fisherDraws: 1, seed: seed), from: draw)
      }
      let executor = try objective.layerExecutor(rotations) { graph throws(InputError) in try build(&graph, directions)
      }
      for start in stride(from: 0, to: directions, by: 4) {
        try interruption()
        let units = (start..<min(start + 4, directions)).map { index in
          var unit = Vector<Scalar>(zeros: directions)
          unit[index] = 1
          return unit
        }
        for part in executor.apply(units) {
          let wide: Vector<Double> = part.converted()
          let sumSpace = DenseVectorSpace<Double>(dimension: wide.count, pool: pool)
          var total = sum ?? sumSpace.zero()
          sum = nil
          sumSpace.axpy(1 / Double(draws), wide, &total)
          sum = total
        }
      }
    }
    return sum ?? Vector(zeros: 0)
  }

  /// An executor of a function of the graph with zeros at the layers' results.
  func layerExecutor(
    _ rotations: RowRotations<Scalar>? = nil,
    _ build: (inout LayerGraph) throws(InputError) -> [(Value, ResultDestination)]
  ) throws(InputError) -> Executor<Scalar> {
    var plans: [Int: Plan] = [:]
    let counts = network.literals.map(\.values.count) + (rotations?.counts ?? [])
    for size in schedule.sizes {
      var layers = try layerGraph(microbatch: size)
      let outputs = try build(&layers)
      plans[size] = try Plan(
        Function(graph: layers.objective.graph, outputs: outputs.map(\.0)), microbatch: size,
        destinations: outputs.map(\.1), parameterOffsets: ObjectiveGraph.offsets(network.parameters.map(\.count)),
        vectorOffsets: ObjectiveGraph.offsets(selection.parameters(of: network).map(\.count)),
        literalOffsets: ObjectiveGraph.offsets(counts), kernels: schedule.kernels(for: Scalar.self, microbatch: size))
    }
    return try Executor(
      plans: plans, schedule: schedule, parameters: parameters,
      literals: rotations.map { Vector(literals.elements + $0.elements) } ?? literals, data: data, pool: pool,
      residualBytes: options.residualBytes)
  }
}

/// Values with destinations one after the other.
struct DestinationList {
  private(set) var items: [(Value, ResultDestination)] = []
  private var offset = 0
  private let make: (Int) -> ResultDestination

  init(_ make: @escaping (Int) -> ResultDestination) { self.make = make }

  mutating func append(_ values: [Value], _ graph: Graph) {
    for value in values {
      items.append((value, make(offset)))
      offset += graph.type(of: value).count
    }
  }
}
