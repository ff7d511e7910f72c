import Autodiff
import Networks
import Tensors

extension Objective {
  /// Samples of the dataset dealt into groups that do not see each other, so that the objective is the mean of those of
  /// the groups; `nil` where there are none.
  ///
  /// Groups whose statistics batch normalisation takes are the groups, where there are `count` of them.
  public func independentGroups(_ count: Int) -> [[Int]]? {
    guard count > 0, let mode = network.batchNormalization, mode != .running else {
      return (0..<count).map { group in stride(from: group, to: sampleCount, by: count).map { $0 } }
    }
    guard mode == .batch, let order, let size = options.batchNormGroup, order.count == count * size else { return nil }
    return (0..<count).map { Array(order[$0 * size..<($0 + 1) * size]) }
  }

  /// Makes sure that the outputs for a sample are a function of that sample, or of the statistics of its group.
  ///
  /// Everything here cuts the samples into microbatches, which changes no number only where samples do not see each
  /// other. A file may mix them without saying so: a mean over the batch written by hand, a softmax along it. The
  /// outputs for the first sample are therefore taken twice, beside another sample and beside a copy of itself; where
  /// batch normalisation takes the statistics of a group that is cut into slices, twice as well: in a batch of four,
  /// and in two of two.
  ///
  /// Cost: two forward passes over one batch of two to four samples, or of the size the model was exported at.
  /// - Throws: ``InputError`` where the outputs differ by more than rounding.
  func requireIndependentSamples() throws {
    let (first, second): ([Scalar], [Scalar])
    if network.batchNormalization?.couplesSamples == true {
      guard schedule.slices != nil, data.samples >= 4 else { return }
      let samples = Array(0..<4)
      first = try outputs(of: samples, microbatch: 4)
      second = try outputs(of: samples, microbatch: 2)
    } else {
      var batch = 2
      if case .fixed(let size) = network.batch { batch = size }
      guard batch > 1, let other = (1..<data.samples).first(where: differsFromFirst) else { return }
      let others = batch - 1
      first = try outputs(of: [Int](repeating: 0, count: batch), microbatch: batch)
      second = try outputs(of: [0] + [Int](repeating: other, count: others), microbatch: batch)
    }
    let scale = first.reduce(0) { max($0, abs(Double($1))) }
    let difference = zip(first, second).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
    // Not a number is neither more nor less; the loss will say so.
    guard difference > 1000 * Double(Scalar.ulpOfOne) * scale else { return }
    throw InputError(
      file: network.source,
      "mixes the samples of a batch: the outputs for one change by \(difference) with the samples beside it, where the largest is \(scale)",
      remedy:
        "export it so that samples are independent; statistics of a batch are supported in BatchNorm layers (--batch-norm batch)"
    )
  }

  private func differsFromFirst(_ sample: Int) -> Bool {
    let inputs = data.inputs.pointer
    return (0..<data.inputSize).contains { inputs[$0] != inputs[sample * data.inputSize + $0] }
  }

  /// The outputs for the first of some samples, which are one group cut into microbatches.
  private func outputs(of samples: [Int], microbatch: Int) throws -> [Scalar] {
    let batch = samples.count
    let inputs = AlignedStorage<Scalar>(count: batch * data.inputSize, zeroed: false)
    for (row, sample) in samples.enumerated() {
      (inputs.pointer + row * data.inputSize).update(
        from: data.inputs.pointer + sample * data.inputSize, count: data.inputSize)
    }
    let rows = batch * data.rowsPerSample
    let bound = BoundData<Scalar>(
      samples: batch, inputSize: data.inputSize, targetSize: data.targetSize, rowsPerSample: data.rowsPerSample,
      inputs: inputs, targets: AlignedStorage(count: rows * data.targetSize), weights: AlignedStorage(count: rows))
    let slices = batch / microbatch
    let plan = try plan(microbatch, slices: slices) { graph throws(InputError) in [(graph.outputs, .primalRows)] }
    let executor = try Executor(
      plans: [microbatch: plan],
      schedule: Schedule(
        samples: batch, microbatch: microbatch, tasks: slices, slices: slices > 1 ? slices : nil),
      parameters: parameters, literals: literals, data: bound, pool: pool, residualBytes: 0)
    return Array(executor.evaluateRows().elements.prefix(outputsPerSample))
  }
}
