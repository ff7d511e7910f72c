import Autodiff
import Tensors

/// What a network's outputs are held against their targets with. The objective is the mean of it over samples.
///
/// A sample is one row of outputs: of [n, C], or of [n, T, C] with the class axis last, where a sample is one position.
public enum Loss: String, CaseIterable, Sendable, Hashable {
  /// −ln softmax(z)[y] for a label y; −Σ_c y_c ln softmax(z)_c for soft targets. Labels −100 have loss and weight zero.
  case crossEntropy = "cross-entropy"
  /// ½‖z − y‖², summed over outputs, so that its second derivative is the identity.
  case squaredError = "squared-error"
  /// ‖z − y‖²/C, the mean over outputs, as PyTorch's MSELoss.
  case meanSquaredError = "mse"
  /// Σ_c ln(1 + e^(z_c)) − y_c z_c: binary cross-entropy with logits, summed over outputs.
  case binaryCrossEntropy = "bce"
  /// The network itself returns each sample's loss.
  case output

  /// The label of rows that do not count.
  public static let ignoredLabel = -100

  /// The loss of a name on the command line.
  public init(named name: String) throws(InputError) {
    guard let loss = Loss(rawValue: name) else {
      throw InputError(
        place: "--loss", "there is no loss '\(name)'",
        remedy: "choose one of " + Loss.allCases.map(\.rawValue).joined(separator: ", "))
    }
    self = loss
  }

  /// The definition, as printed with every result.
  public var convention: String {
    switch self {
    case .crossEntropy: "cross-entropy: -log softmax(z)[y], mean over samples whose label is not -100"
    case .squaredError: "squared-error: 1/2 |z - y|^2 summed over outputs, mean over samples"
    case .meanSquaredError: "mse: |z - y|^2 / C, mean over outputs as torch.nn.MSELoss, mean over samples"
    case .binaryCrossEntropy: "bce: binary cross-entropy with logits, summed over outputs, mean over samples"
    case .output: "output: the network's own per-sample losses, mean over samples"
    }
  }

  /// What to know about this loss on a network that ends in probabilities; `nil` where there is nothing.
  public func remark(on ending: OutputEnding) -> String? {
    switch (self, ending) {
    case (_, .linear), (.output, _): nil
    case (.crossEntropy, .logSoftmax):
      "the network ends in log-softmax: cross-entropy is unchanged by it, but the Gauss-Newton matrix is split after it"
    case (.crossEntropy, .softmax), (.crossEntropy, .sigmoid), (.binaryCrossEntropy, _):
      "the network ends in \(ending.rawValue), and \(rawValue) takes its outputs as logits: probabilities are normalised twice"
    case (.squaredError, _), (.meanSquaredError, _):
      "the network ends in \(ending.rawValue): the Gauss-Newton matrix is split after it"
    }
  }

  /// Whether targets may be class labels.
  public var takesLabels: Bool { self == .crossEntropy }

  /// The number of samples in outputs of `shape`: all dimensions but the class axis.
  public func rows(ofOutputs shape: [Int]) throws(InputError) -> Int {
    let isRowPerSample =
      switch self {
      case .output: shape.count == 1 || (shape.count == 2 && shape[1] == 1)
      case .crossEntropy: shape.count == 2 || shape.count == 3
      case .squaredError, .meanSquaredError, .binaryCrossEntropy: (1...3).contains(shape.count)
      }
    if isRowPerSample { return shape.count == 1 ? shape[0] : shape.dropLast().reduce(1, *) }
    let expected = self == .output ? "one loss a sample, [n]" : "[n, C] or [n, T, C]"
    throw InputError("the network's outputs have shape \(shape), the loss \(rawValue) needs \(expected)")
  }

  /// Each row's loss, [rows], appended to `graph`.
  ///
  /// - Parameters:
  ///   - outputs: [n, C], or [n, T, C] with rows n·T. A single output may come as [n], except for cross-entropy.
  ///   - targets: int32 labels with one element a row, or real targets with the outputs' number of elements; not read by
  ///     ``output``.
  public func perSample(
    _ outputs: Value, targets: Value?, in graph: inout Graph
  ) throws(InputError) -> Value {
    let shape = graph.shape(of: outputs)
    let rows = try rows(ofOutputs: shape)
    if self == .output { return try graph.reshape(outputs, to: [rows]) }
    guard let targets else { throw InputError("the loss \(rawValue) needs targets") }
    let classes = shape.count == 1 ? 1 : shape[shape.count - 1]
    let scores = try graph.reshape(outputs, to: [rows, classes])
    let target = graph.type(of: targets)
    if target.element == .int32, takesLabels {
      guard [[rows], [rows, 1], Array(shape.dropLast())].contains(target.shape) else {
        throw InputError(
          "labels of shape \(target.shape) do not fit outputs of shape \(shape): expected \(rows) labels")
      }
      return try labelCrossEntropy(scores, labels: graph.reshape(targets, to: [rows]), in: &graph)
    }
    guard target.element == .real else {
      throw InputError("the loss \(rawValue) takes real targets of shape \(shape), got \(target)")
    }
    guard [shape, [rows, classes]].contains(target.shape) || (classes == 1 && target.shape == [rows]) else {
      throw InputError("targets of shape \(target.shape) do not fit outputs of shape \(shape)")
    }
    let goals = try graph.reshape(targets, to: [rows, classes])
    switch self {
    case .crossEntropy:
      let terms = try graph.multiply(goals, graph.logSoftmax(scores, dimension: 1))
      return try graph.negate(graph.reduce(.sum, terms, over: [1]))
    case .squaredError, .meanSquaredError:
      let difference = try graph.subtract(scores, goals)
      let sum = try graph.reduce(.sum, graph.multiply(difference, difference), over: [1])
      return try graph.multiply(sum, self == .squaredError ? 0.5 : 1 / Double(classes))
    case .binaryCrossEntropy:
      return try graph.reduce(.sum, binaryCrossEntropy(scores, goals, in: &graph), over: [1])
    case .output:
      return outputs
    }
  }

  /// (1 − y) z for z > 0 and −y z for others, plus ln(1 + e^(−|z|)), which is ln(1 + eᶻ) − y z.
  ///
  /// The linear part vanishes where the network is sure of its answer: ln(1 + eᶻ) − z would leave the rounding of z there.
  private func binaryCrossEntropy(
    _ scores: Value, _ goals: Value, in graph: inout Graph
  ) throws(InputError) -> Value {
    let positive = try graph.compare(scores, .greater, graph.constant(0, graph.shape(of: scores)))
    let slope = try graph.select(positive, graph.subtract(1, goals), graph.negate(goals))
    let exponential = try graph.apply(.exponential, graph.select(positive, graph.negate(scores), scores))
    return try graph.add(graph.multiply(slope, scores), graph.apply(.logPlusOne, exponential))
  }

  /// m + ln(1 + Σ_{c≠y} e^(d_c − m) + (e^(−m) − 1)) with d_c = z_c − z_y and m = max d, which is −ln softmax(z)[y]; 0
  /// where the label is ``ignoredLabel``.
  ///
  /// The label's own term has no derivative, so ∂ℓ/∂z_y comes out as −Σ_{c≠y} p_c and not as p_y − 1, which would
  /// cancel wherever the network is sure of its answer: at p_y = 0.999 the difference has a relative error of 1000 ε,
  /// and with it the gradient of a trained network and its products. For the same reason the loss is ln(1 + …) of a
  /// small number there.
  ///
  /// The label's entry is picked by comparing the label with every class number: elementwise steps and a row sum, which the
  /// planner fuses with the exponentials.
  private func labelCrossEntropy(
    _ scores: Value, labels: Value, in graph: inout Graph
  ) throws(InputError) -> Value {
    let shape = graph.shape(of: scores)
    let zero = try graph.constant(0, shape)
    let classes = try graph.broadcast(graph.append(Iota(count: shape[1]), []), to: shape, dimensions: [1])
    let isLabel = try graph.compare(classes, .equal, graph.broadcast(labels, to: shape, dimensions: [0]))
    let picked = try graph.reduce(.sum, graph.select(isLabel, scores, zero), over: [1])
    let difference = try graph.subtract(scores, graph.repeated(picked, over: 1, to: shape))
    let maximum = try graph.stopGradient(graph.reduce(.maximum, difference, over: [1]))
    let shifted = try graph.subtract(difference, graph.repeated(maximum, over: 1, to: shape))
    let others = try graph.reduce(.sum, graph.select(isLabel, zero, graph.apply(.exponential, shifted)), over: [1])
    let own = try graph.apply(.exponentialMinusOne, graph.negate(maximum))
    let loss = try graph.add(maximum, graph.apply(.logPlusOne, graph.add(others, own)))
    let ignored = try graph.constant(Double(Self.ignoredLabel), [shape[0]], .int32)
    return try graph.select(
      graph.compare(labels, .equal, ignored), graph.constant(0, [shape[0]]), loss)
  }
}
