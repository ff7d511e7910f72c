import Autodiff
import Datasets
import Networks
import Tensors

/// What a network gives out, found by building its graph once.
struct OutputProbe {
  /// Of one sample, without the batch dimension.
  let outputShape: [Int]
  /// Rows of the loss for each sample of the inputs: positions of token models.
  let rowsPerSample: Int
  /// The length of the class axis.
  let classes: Int

  init(network: Network, loss: Loss) throws(InputError) {
    var batch = 1
    if case .fixed(let size) = network.batch { batch = size }
    var graph = Graph()
    let instance = try network.instantiate(batch: batch, in: &graph)
    let shape = graph.shape(of: instance.outputs)
    let rows = try loss.rows(ofOutputs: shape)
    guard rows > 0, rows % batch == 0 else {
      throw InputError("outputs of shape \(shape) for a batch of \(batch): the first dimension must be the samples")
    }
    outputShape = Array(shape.dropFirst())
    rowsPerSample = rows / batch
    classes = graph.type(of: instance.outputs).count / rows
  }
}

extension Objective {
  /// The data in the shape the network reads, after checking that everything fits.
  static func fit(_ dataset: Dataset, to network: Network, loss: Loss, probe: OutputProbe) throws -> Dataset {
    let fitted =
      dataset.sampleShape == network.input.sampleShape
      ? dataset : try dataset.reshaped(toSample: network.input.sampleShape)
    guard fitted.count > 0 else { throw InputError(file: dataset.description.source, "holds no samples") }
    guard loss != .output else { return fitted }
    guard fitted.targetsPerSample > 0 else {
      throw InputError(
        file: dataset.description.source, "has no array 'y'",
        remedy: "give the targets that the loss \(loss.rawValue) compares with")
    }
    guard fitted.targetsPerSample == probe.rowsPerSample else {
      throw InputError(
        file: dataset.description.source, place: "y",
        "has \(fitted.targetsPerSample) rows for each sample, the network has \(probe.rowsPerSample) outputs for it")
    }
    switch fitted.targets {
    case .none:
      throw InputError(
        file: dataset.description.source, "has no targets, but the loss \(loss.rawValue) needs them",
        remedy: "add an array y")
    case .labels:
      guard loss.takesLabels else {
        throw InputError(
          file: dataset.description.source, place: "y",
          "holds class labels, but the loss \(loss.rawValue) takes real targets",
          remedy: "use --loss cross-entropy, or give y as one row of real numbers for each sample")
      }
      try fitted.validateLabels(classes: probe.classes, ignoreIndex: Loss.ignoredLabel)
    case .values(_, let width):
      guard width == probe.classes else {
        throw InputError(
          file: dataset.description.source, place: "y",
          "has \(width) numbers for each sample, the network has \(probe.classes) outputs",
          remedy: loss.takesLabels ? "give integer labels, or one probability for each class" : nil)
      }
      // Soft targets of cross-entropy are weights of the classes, which may sum to any mass.
      if loss == .crossEntropy {
        try fitted.requireTargets(in: 0...Double.greatestFiniteMagnitude, as: "weights of classes, none negative")
      } else if loss == .binaryCrossEntropy {
        try fitted.requireTargets(in: 0...1, as: "probabilities")
      }
    }
    return fitted
  }

  /// The type of one row of the targets.
  static func targetType(_ dataset: Dataset, loss: Loss) throws -> TensorType? {
    guard loss != .output else { return nil }
    switch dataset.targets {
    case .none: return nil
    case .labels: return TensorType([], .int32)
    case .values(_, let width): return TensorType([width])
    }
  }

  /// Copies the data into the precision of the computation, with weights that sum to one.
  ///
  /// For a network exported at a fixed batch size the last microbatch is filled up with its last real sample at weight zero.
  ///
  /// - Parameter order: the samples in the order in which they are cut; that of the data where nil.
  static func bind(
    _ given: Dataset, network: Network, loss: Loss, order: [Int]? = nil
  ) throws -> (data: BoundData<Scalar>, effectiveSamples: Int) {
    let dataset = if let order { given.reordered(order) } else { given }
    let count = dataset.count
    let rows = loss == .output ? 1 : dataset.targetsPerSample
    var padded = count
    if case .fixed(let size) = network.batch { padded = (count + size - 1) / size * size }
    let width = loss == .output ? 0 : dataset.targetWidth
    let inputs = AlignedStorage<Scalar>(count: padded * dataset.sampleSize, zeroed: false)
    let targets = AlignedStorage<Scalar>(count: padded * rows * width)
    let weights = AlignedStorage<Scalar>(count: padded * rows)
    dataset.copyInputs(0..<count, into: inputs.pointer)
    if width > 0 { dataset.copyTargets(0..<count, into: targets.pointer) }
    for sample in count..<max(count, padded) {
      let size = dataset.sampleSize
      (inputs.pointer + sample * size).update(from: inputs.pointer + (count - 1) * size, count: size)
      let targetSize = rows * width
      (targets.pointer + sample * targetSize).update(
        from: targets.pointer + (count - 1) * targetSize, count: targetSize)
    }
    var isCounted = [Bool](repeating: true, count: count * rows)
    if loss == .crossEntropy, case .labels(let labels) = dataset.targets {
      for (row, label) in labels.enumerated() where Int(label) == Loss.ignoredLabel { isCounted[row] = false }
    }
    let effective = isCounted.reduce(0) { $0 + ($1 ? 1 : 0) }
    guard effective > 0 else {
      throw InputError(
        file: dataset.description.source, place: "y", "every label is \(Loss.ignoredLabel), so no sample counts")
    }
    for (row, counted) in isCounted.enumerated() { weights.pointer[row] = counted ? 1 / Scalar(effective) : 0 }
    let data = BoundData(
      samples: padded, inputSize: dataset.sampleSize, targetSize: width, rowsPerSample: rows, inputs: inputs,
      targets: targets, weights: weights)
    return (data, effective)
  }
}
