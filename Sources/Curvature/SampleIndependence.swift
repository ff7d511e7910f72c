import Autodiff
import Networks
import Tensors

extension Objective {
  /// Makes sure that the outputs for a sample are a function of that sample.
  ///
  /// Everything here cuts the samples into microbatches, which changes no number only where samples do not see each other. A file
  /// may mix them without saying so: a mean over the batch written by hand, a softmax along it. The outputs for the first sample are
  /// therefore taken twice, beside another sample and beside a copy of itself. Batch normalisation by statistics of a group
  /// declares what it does, and is exempt.
  ///
  /// Cost: two forward passes over one batch of two samples, or of the size the model was exported at.
  /// - Throws: ``InputError`` where the outputs differ by more than rounding.
  func requireIndependentSamples() throws {
    if network.batchNormalization?.couplesSamples == true { return }
    var batch = 2
    if case .fixed(let size) = network.batch { batch = size }
    guard batch > 1, let other = (1..<data.samples).first(where: differsFromFirst) else { return }
    let beside = try firstOutputs(batch: batch, beside: other)
    let alone = try firstOutputs(batch: batch, beside: 0)
    let scale = alone.reduce(0) { max($0, abs(Double($1))) }
    let difference = zip(alone, beside).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
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

  /// The outputs for the first sample in a batch filled up with another.
  private func firstOutputs(batch: Int, beside other: Int) throws -> [Scalar] {
    let samples = [0] + [Int](repeating: other, count: batch - 1)
    let inputs = AlignedStorage<Scalar>(count: batch * data.inputSize, zeroed: false)
    for (row, sample) in samples.enumerated() {
      (inputs.pointer + row * data.inputSize).update(
        from: data.inputs.pointer + sample * data.inputSize, count: data.inputSize)
    }
    let rows = batch * data.rowsPerSample
    let bound = BoundData<Scalar>(
      samples: batch, inputSize: data.inputSize, targetSize: data.targetSize, rowsPerSample: data.rowsPerSample,
      inputs: inputs, targets: AlignedStorage(count: rows * data.targetSize), weights: AlignedStorage(count: rows))
    let executor = try Executor(
      plans: [batch: plan(batch) { graph throws(InputError) in [(graph.outputs, .primalRows)] }],
      schedule: Schedule(samples: batch, microbatch: batch, tasks: 1), parameters: parameters, literals: literals,
      data: bound, pool: pool, residualBytes: 0)
    return Array(executor.evaluateRows().elements.prefix(outputsPerSample))
  }
}
