import Autodiff
import Tensors

/// One batch normalisation of a network in a graph.
public struct BatchNormalizationSite: Sendable, Hashable {
  /// What is normalised: [batch, channels, …].
  public let input: Value
  /// The literals that hold its mean and variance, [channels].
  public let mean: Value?
  public let variance: Value?
  /// Whether the model itself asks for the statistics of the batch: a layer in training mode.
  public let isTraining: Bool
  /// Graphs like this one that a group of samples is cut into.
  public let slices: Int
}

/// Writes the batch normalisations of a network into a graph in one mode, and keeps account of them.
public struct BatchNormalizationContext: Sendable {
  /// `nil`: each layer as the model has it.
  public let mode: BatchNormalizationMode?
  /// Samples of the graph.
  public let batch: Int
  /// Graphs like this one that a group of samples is cut into: statistics of the batch are those of the group.
  public let slices: Int
  /// In the order of the graph.
  public private(set) var sites: [BatchNormalizationSite] = []

  public init(mode: BatchNormalizationMode?, batch: Int, slices: Int = 1) {
    self.mode = mode
    self.batch = batch
    self.slices = slices
  }

  /// (x − mean) / √(variance + epsilon) · weight + bias, all four [channels], channels being dimension 1 of x.
  ///
  /// - Parameters:
  ///   - mean, variance: the stored statistics; `nil` where the model has none.
  ///   - isTraining: whether the model itself asks for the statistics of the batch.
  public mutating func normalize(
    _ x: Value, mean: Value?, variance: Value?, weight: Value?, bias: Value?, epsilon: Double, isTraining: Bool,
    in graph: inout Graph
  ) throws(InputError) -> Value {
    let shape = graph.shape(of: x)
    guard shape.count >= 2 else {
      throw InputError("batch normalisation takes [batch, channels, …], got a value of shape \(shape)")
    }
    for value in [mean, variance, weight, bias] {
      guard let value, graph.shape(of: value) != [shape[1]] else { continue }
      throw InputError(
        "batch normalisation of \(shape[1]) channels does not fit an array of shape \(graph.shape(of: value))")
    }
    guard epsilon.isFinite, epsilon >= 0 else {
      throw InputError("batch normalisation needs an epsilon from 0 on, got \(epsilon)")
    }
    // With the samples folded into the channels (how instance normalisation is exported) no sample sees another.
    let isPerSample = shape[0] == 1 && batch > 1
    let usesBatch = isPerSample ? isTraining : mode.map(\.couplesSamples) ?? isTraining
    if !isPerSample {
      sites.append(
        BatchNormalizationSite(input: x, mean: mean, variance: variance, isTraining: isTraining, slices: slices))
    }
    let standardized: Value
    if usesBatch {
      standardized = try graph.standardized(
        x, over: shape.indices.filter { $0 != 1 }, epsilon: epsilon, scale: weight, along: [1],
        slices: isPerSample ? 1 : slices)
    } else {
      guard let mean, let variance else {
        throw InputError(
          "batch normalisation without running statistics", remedy: "use --batch-norm batch, as PyTorch does for it")
      }
      let deviation = try graph.apply(.rsqrt, graph.add(variance, epsilon))
      let factor = if let weight { try graph.multiply(deviation, weight) } else { deviation }
      if let folded = try graph.foldedIntoFilters(x, mean: mean, factor: factor) {
        let shift = if let bias { try graph.add(folded.shift, bias) } else { folded.shift }
        return try graph.add(folded.image, graph.broadcast(shift, to: shape, dimensions: [1]))
      }
      let centred = try graph.subtract(x, graph.broadcast(mean, to: shape, dimensions: [1]))
      standardized = try graph.multiply(centred, graph.broadcast(factor, to: shape, dimensions: [1]))
    }
    guard let bias else { return standardized }
    return try graph.add(standardized, graph.broadcast(bias, to: shape, dimensions: [1]))
  }
}
