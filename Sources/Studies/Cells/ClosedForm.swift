import Analyses
import Networks
import Tensors

/// κ of the networks whose Gauss-Newton matrix has a closed form, with the bounds that belong to it.
struct ClosedForm {
  let condition: ConditionNumber
  let bounds: [ConditioningBound]
  /// How κ was found.
  let route: String

  /// nil where there is no closed form: for other networks than linear ones, other operators and losses, biases, batch
  /// normalisation, and what is pruned.
  init?(_ settings: CellSettings, _ network: Network, _ data: StudyData) throws {
    let isLinear = settings.text("kind") == "linear" || settings.text("activation") == "identity"
    guard isLinear, settings.text("operator") == "ggn", settings.text("loss") == "squared-error",
      settings.number("prune") == 0, !settings.flag("bias"),
      !settings.flag("batch-norm") || settings.integer("depth") == 1
    else { return nil }
    if settings.text("kind") == "convolution" {
      let linear = try Self.convolutional(network, data)
      condition = try linear.conditionNumber()
      bounds = try linear.bounds()
      route = "closed form"
      return
    }
    let weights = network.parameters.map(\.matrix)
    let skip = settings.number("skip")
    if skip != 0 {
      let residual = try ResidualLinearConditioning(weights: weights, skip: skip, moment: data.moment)
      condition = try residual.conditionNumber()
      bounds = residual.bounds
    } else {
      let linear = try DeepLinearConditioning(weights: weights, moment: data.moment)
      condition = try linear.conditionNumber()
      bounds = linear.bounds + Self.prediction(settings, data)
    }
    route = "closed form"
  }

  /// A convolution and a dense layer, the former as the Toeplitz matrix it is.
  private static func convolutional(_ network: Network, _ data: StudyData) throws -> ConvolutionConditioning {
    let (filter, output) = (network.parameters[0], network.parameters[1])
    let image = network.input.sampleShape
    let map = try ToeplitzMap(
      channels: image[0], height: image[1], width: image[2], filters: filter.shape[0], kernelHeight: filter.shape[2],
      kernelWidth: filter.shape[3])
    return try ConvolutionConditioning(
      layers: [.convolution(map, weights: filter.values.values(as: Double.self)), .dense(output.matrix)],
      moment: data.moment)
  }

  /// The large-width prediction, which is for one hidden layer, white data, and weights whose variance goes with 1/fan_in.
  private static func prediction(_ settings: CellSettings, _ data: StudyData) -> [ConditioningBound] {
    // Weights have the variance of all inputs, so directions that the data do not span would count in one place only.
    guard settings.integer("depth") == 2, data.moment.conditionNumber - 1 < 1e-10,
      data.moment.rank == data.moment.dimension,
      ["kaiming-normal", "kaiming-uniform", "torch"].contains(settings.text("init"))
    else { return [] }
    return [
      LargeWidthPrediction.twoLayerWhite(
        inputs: data.moment.rank, width: settings.integer("width"), outputs: data.outputs)
    ]
  }

  /// The bounds of a network with one hidden layer of (leaky) ReLU; none for others.
  static func boundsOfRectifier(
    _ settings: CellSettings, _ network: Network, _ data: StudyData
  ) throws -> [ConditioningBound] {
    guard settings.text("kind") == "mlp", settings.integer("depth") == 2, !settings.flag("bias"),
      !settings.flag("batch-norm"), settings.number("prune") == 0, settings.text("operator") == "ggn",
      settings.text("loss") == "squared-error"
    else { return [] }
    let slope: Double
    switch settings.text("activation") {
    case "relu": slope = 0
    case "leaky-relu": slope = settings.number("slope")
    case "identity": slope = 1
    default: return []
    }
    guard (0...1).contains(slope) else { return [] }
    let weights = network.parameters.map(\.matrix)
    return try TwoLayerRectifierConditioning(
      hidden: weights[0], output: weights[1], inputs: data.dataset.inputMatrix, slope: slope
    ).bounds()
  }
}

extension Network.Parameter {
  /// The array as a matrix of its first dimension by the others.
  var matrix: DenseMatrix {
    let rows = shape.first ?? 1
    return DenseMatrix(rows: rows, columns: count / max(1, rows), elements: values.values(as: Double.self))
  }
}
