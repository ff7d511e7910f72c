import Networks
import Tensors

/// The network that a cell's settings describe, freshly drawn.
enum StudyNetwork {
  /// - Throws: ``InputError`` where the settings do not fit the data or each other.
  static func make(_ settings: CellSettings, input: [Int], outputs: Int, seed: Int) throws -> Network {
    let kind = settings.text("kind")
    let network =
      kind == "convolution"
      ? try convolutional(settings, image: input, outputs: outputs, seed: seed)
      : try dense(settings, inputs: input.reduce(1, *), outputs: outputs, seed: seed)
    let fraction = settings.number("prune")
    return fraction > 0 ? try network.pruned(fraction) : network
  }

  private static func dense(_ settings: CellSettings, inputs: Int, outputs: Int, seed: Int) throws -> Network {
    let depth = settings.integer("depth")
    let width = settings.integer("width")
    let skip = settings.number("skip")
    let initializer = try initializer(settings)
    let sizes = [inputs] + Array(repeating: width, count: depth - 1) + [outputs]
    let pairs = Array(zip(sizes, sizes.dropFirst()))
    if skip != 0, !pairs.contains(where: { $0 == $1 }) {
      throw InputError(
        place: "skip", "acts on square layers, and of \(sizes.map(String.init).joined(separator: "-")) none is square",
        remedy: "make the width that of the data, \(inputs)")
    }
    var layers: [any Layer] = []
    for (index, (from, to)) in pairs.enumerated() {
      layers.append(
        Dense(from, to, bias: settings.flag("bias"), initializer: initializer, skip: from == to ? skip : 0))
      guard index < pairs.count - 1 else { break }
      if settings.flag("batch-norm") { layers.append(BatchNormalization(to, affine: false)) }
      if let activation = activation(settings) { layers.append(activation) }
    }
    let network = try Network(
      input: [inputs], seed: UInt64(seed), source: "\(settings.text("kind")) network", layers: Sequential(layers))
    return settings.flag("batch-norm") && depth > 1 ? try network.withBatchNormalization(.batch) : network
  }

  private static func convolutional(
    _ settings: CellSettings, image: [Int], outputs: Int, seed: Int
  ) throws -> Network {
    guard (2...3).contains(image.count), let rows = image.dropLast().last, let columns = image.last else {
      throw InputError(
        place: "kind: convolution", "reads images, and the samples have shape \(image)",
        remedy: "leave 'whiten: pca' out, or use zca, which keeps images")
    }
    let channels = image.count == 3 ? image[0] : 1
    let kernel = settings.integer("kernel")
    let filters = settings.integer("filters")
    guard kernel <= min(rows, columns) else {
      throw InputError(
        place: "kernel", "is \(kernel), larger than the images of \(rows)×\(columns)",
        remedy: "use at most \(min(rows, columns))")
    }
    let initializer = try initializer(settings)
    let bias = settings.flag("bias")
    let features = filters * (rows - kernel + 1) * (columns - kernel + 1)
    var layers: [any Layer] = [
      Convolution2D(channels, filters, filter: [kernel, kernel], bias: bias, initializer: initializer)
    ]
    if let activation = activation(settings) { layers.append(activation) }
    layers += [Flatten(), Dense(features, outputs, bias: bias, initializer: initializer)]
    return try Network(
      input: [channels, rows, columns], seed: UInt64(seed), source: "convolutional network", layers: Sequential(layers))
  }

  private static func initializer(_ settings: CellSettings) throws -> Initializer {
    guard let initializer = Initializer(named: settings.text("init")) else {
      throw InputError(place: "init", "there is no initialiser '\(settings.text("init"))'")
    }
    return initializer
  }

  /// nil for the identity.
  private static func activation(_ settings: CellSettings) -> (any Layer)? {
    switch settings.text("activation") {
    case "relu": ReLU()
    case "leaky-relu": LeakyReLU(slope: settings.number("slope"))
    case "elu": ELU()
    case "gelu": GELU(.erf)
    case "silu": SiLU()
    case "tanh": Tanh()
    case "sigmoid": Sigmoid()
    case "softplus": Softplus()
    default: nil
    }
  }
}
