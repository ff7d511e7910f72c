import Autodiff
import Networks
import Tensors

/// The rows of a weighted Jacobian, made block by block from what each parameter's gradient is made of; never held as a whole.
struct SampleJacobian: Sendable {
  /// Cut so that the samples' parts can be told apart.
  let objective: Objective<Double>
  let factor: OutputFactor
  let plan: SampleProductPlan
  /// What columns are multiplied by, over the selected parameters; all are then formed.
  let scales: Vector<Double>?

  /// n, the samples.
  var samples: Int { factor.samples }
  /// n·r, the rows.
  var rows: Int { factor.samples * factor.slots }

  /// δ and x of a layer for all samples.
  struct LayerRows {
    /// δ of sample i in direction s at element i·width of the s-th.
    var derivatives: [Vector<Double>]
    var derivativeWidth: Int
    /// x of sample i at i·width: the activations, and the root of the number of parameters with x = 1.
    var activations: AlignedStorage<Double>
    var activationWidth: Int
  }

  /// Numbers that the rows of a layer take.
  func elementCount(_ layer: SampleProductPlan.Layer) -> Int {
    samples * (2 * layer.activationWidth + (factor.slots + 1) * layer.derivativeWidth)
  }

  func rows(of layer: SampleProductPlan.Layer) throws -> LayerRows {
    let n = samples
    let derivatives = try apply(objective) { graph, size throws(InputError) in
      try graph.derivativeRows(of: layer.parameters[0], size)
    }
    let width = layer.activationWidth
    let activations = AlignedStorage<Double>(count: n * width)
    var offset = 0
    for (parameter, count) in layer.activations {
      let executor = try objective.rowExecutor { graph, size throws(InputError) in
        try graph.activationRows(of: parameter, size)
      }
      let values = executor.evaluateRows()
      values.withUnsafePointer { values in
        for sample in 0..<n {
          (activations.pointer + sample * width + offset).update(from: values + sample * count, count: count)
        }
      }
      offset += count
    }
    if layer.units > 0 {
      // Parameters with x = 1 and one δ add the same to every inner product: one column stands for all of them.
      let root = Double(layer.units).squareRoot()
      for sample in 0..<n {
        for unit in offset..<width { activations.pointer[sample * width + unit] = unit == offset ? root : 0 }
      }
    }
    return LayerRows(
      derivatives: derivatives, derivativeWidth: layer.derivativeWidth, activations: activations,
      activationWidth: width)
  }

  /// A parameter's part of the rows of some samples: for each direction a matrix with a row for each sample.
  func rows(of parameter: SampleProductPlan.Explicit, samples range: Range<Int>) throws -> [Vector<Double>] {
    let part = try objective.restricted(
      to: range, microbatch: parameter.hasRows ? objective.schedule.microbatch : 1)
    let rows = try apply(part, range) { graph, size throws(InputError) in
      try parameter.hasRows
        ? graph.derivativeRows(of: parameter.parameter, size) : graph.gradientRow(of: parameter.parameter)
    }
    guard let scales else { return rows }
    let offset = objective.selection.parameters(of: objective.network)[..<parameter.parameter].reduce(0) {
      $0 + $1.count
    }
    return rows.map { rows in
      var scaled = rows
      scaled.withUnsafeMutablePointer { target in
        for row in 0..<range.count {
          for column in 0..<parameter.width { target[row * parameter.width + column] *= scales[offset + column] }
        }
      }
      return scaled
    }
  }

  /// Sample blocks whose ends do not cut a microbatch, of at most `count` samples where a microbatch has no more.
  func sampleBlocks(of count: Int) -> [Range<Int>] {
    let microbatch = plan.explicit.contains(where: \.hasRows) ? objective.schedule.microbatch : 1
    let size = max(1, count / microbatch) * microbatch
    return stride(from: 0, to: samples, by: size).map { $0..<min(samples, $0 + size) }
  }

  private func apply(
    _ objective: Objective<Double>, _ range: Range<Int>? = nil,
    _ build: (inout ObjectiveGraph, Int) throws(InputError) -> [(Value, ResultDestination)]
  ) throws -> [Vector<Double>] {
    let executor = try objective.rowExecutor(build)
    let range = range ?? 0..<samples
    let directions = (0..<factor.slots).map {
      factor.direction($0, samples: range, padded: objective.schedule.samples)
    }
    return executor.applyRows(directions)
  }
}

extension Objective where Scalar == Double {
  /// The rows of the weighted Jacobian; `nil` where no sample's derivatives are its own, or where they are not at hand:
  /// statistics over a batch couple samples, and a model exported at a fixed batch size cannot be cut into single ones.
  func sampleJacobian(_ factor: OutputFactor, scales: Vector<Double>? = nil) throws -> SampleJacobian? {
    if network.batchNormalization?.couplesSamples == true { return nil }
    guard let suited = try cutForSampleSquares() else { return nil }
    let size = suited.schedule.microbatch
    var graph = try ObjectiveGraph(
      network: network, loss: loss, selection: selection, targetType: targetType, rowsPerSample: data.rowsPerSample,
      microbatch: size)
    let plan =
      scales == nil
      ? try SampleProductPlan(graph: &graph, microbatch: size)
      : SampleProductPlan(forming: selection.parameters(of: network).map(\.count))
    if plan.explicit.contains(where: { !$0.hasRows }), case .fixed(let batch) = network.batch, batch > 1 { return nil }
    return SampleJacobian(objective: suited, factor: factor, plan: plan, scales: scales)
  }

  /// An executor of a function with rows, which is given the microbatch's size. It keeps nothing between calls.
  func rowExecutor(
    _ build: (inout ObjectiveGraph, Int) throws(InputError) -> [(Value, ResultDestination)]
  ) throws(InputError) -> Executor<Double> {
    var plans: [Int: Plan] = [:]
    for size in schedule.sizes {
      plans[size] = try plan(size) { graph throws(InputError) in try build(&graph, size) }
    }
    return try Executor(
      plans: plans, schedule: schedule, parameters: parameters, literals: literals, data: data, pool: pool,
      residualBytes: 0)
  }

  /// The same objective on some of its samples, their weights unchanged, for functions with a row for each sample.
  func restricted(to range: Range<Int>, microbatch: Int) throws(InputError) -> Objective {
    var part = data
    part.samples = range.count
    func cut(_ storage: AlignedStorage<Double>, _ width: Int) -> AlignedStorage<Double> {
      let copy = AlignedStorage<Double>(count: range.count * width, zeroed: false)
      copy.pointer.update(from: storage.pointer + range.lowerBound * width, count: range.count * width)
      return copy
    }
    part.inputs = cut(data.inputs, data.inputSize)
    part.targets = cut(data.targets, data.rowsPerSample * data.targetSize)
    part.weights = cut(data.weights, data.rowsPerSample)
    var other = try Objective(self, data: part)
    other.schedule = Schedule(samples: range.count, microbatch: microbatch, tasks: 64)
    return other
  }
}
