import Autodiff
import Networks
import Tensors

/// The graph of an objective with a zero added to the result of every product with a shared linear layer's weight:
/// derivatives by these zeros are δ, those by the results.
struct LayerGraph {
  /// The places of one weight, in this graph.
  struct Weight {
    /// The position among the selected parameters.
    var parameter: Int
    var bias: Int?
    var sites: [LinearSite]
  }

  var objective: ObjectiveGraph
  let weights: [Weight]
  /// The zeros of each weight's places.
  let zeros: [[Value]]
  let microbatch: Int

  init(_ given: ObjectiveGraph, microbatch: Int) throws(InputError) {
    self.microbatch = microbatch
    let finder = LinearSites(graph: given.graph, outputs: given.outputs, samples: microbatch)
    var found: [Weight] = []
    for (index, parameter) in given.parameters.enumerated() {
      guard let sites = finder.sites(of: parameter) else { continue }
      let bias = finder.bias(of: sites).flatMap { given.parameters.firstIndex(of: $0) }
      found.append(Weight(parameter: index, bias: bias, sites: sites))
    }
    var siteOf: [Value: LinearSite] = [:]
    for site in found.flatMap(\.sites) { siteOf[site.product] = site }
    var graph = Graph()
    var renamed: [Value] = []
    /// Each site's result with its zero added, and the zero.
    var results: [Value: (product: Value, zero: Value)] = [:]
    for (value, node) in zip(given.graph.values, given.graph.nodes) {
      guard let site = siteOf[value] else {
        if let source = node.primitive as? Source {
          renamed.append(graph.source(source, type: node.type))
        } else {
          renamed.append(try graph.append(node.primitive, node.operands.map { renamed[$0.index] }))
        }
        continue
      }
      let zero = try graph.constant(0, node.type.shape)
      let weight = site.scaling?.weight
      let operands = node.operands.map { renamed[$0 == site.input ? $0.index : (weight ?? $0).index] }
      let product = try graph.add(graph.append(node.primitive, operands), zero)
      results[value] = (product, zero)
      // A scale of the filters is one of the channels: so both are at hand for each sample.
      let scaled = try site.scaling.map { scaling throws(InputError) in
        try graph.multiply(
          product, graph.broadcast(renamed[scaling.scale.index], to: node.type.shape, dimensions: [1]))
      }
      renamed.append(scaled ?? product)
    }
    objective = ObjectiveGraph(given, graph: graph) { renamed[$0.index] }
    zeros = found.map { $0.sites.compactMap { results[$0.product]?.zero } }
    weights = found.map { weight in
      var moved = weight
      for (index, site) in weight.sites.enumerated() {
        moved.sites[index].product = results[site.product]?.product ?? site.product
        moved.sites[index].input = renamed[site.input.index]
        moved.sites[index].scaling = nil
        moved.sites[index].bias = nil
      }
      return moved
    }
  }

  /// The rows x of a place: [groups, samples, positions, inputs].
  mutating func inputRows(_ site: LinearSite) throws(InputError) -> Value {
    switch site.form {
    case .product:
      let rows = try samplesFirst(site.input, site)
      return try objective.graph.reshape(rows, to: [1, microbatch, site.positions, site.inputs])
    case .convolution(let convolution):
      return try grouped(patches(site.input, convolution), site, width: site.inputs)
    case .transposedConvolution: return try grouped(pixels(site.input), site, width: site.inputs)
    }
  }

  /// The rows δ of a place for given derivatives by its results: [groups, samples, positions, outputs].
  mutating func derivativeRows(_ derivative: Value, _ site: LinearSite) throws(InputError) -> Value {
    switch site.form {
    case .product(_, let weightIsLeft):
      var rows = derivative
      if weightIsLeft {
        rows = try objective.graph.reshape(derivative, to: [site.outputs, microbatch * site.positions])
        rows = try objective.graph.transpose(rows, permutation: [1, 0])
      } else {
        rows = try samplesFirst(derivative, site)
      }
      return try objective.graph.reshape(rows, to: [1, microbatch, site.positions, site.outputs])
    case .convolution: return try grouped(pixels(derivative), site, width: site.outputs)
    case .transposedConvolution(let convolution):
      return try grouped(patches(derivative, convolution), site, width: site.outputs)
    }
  }

  /// A value of a dense product with the samples in its first dimension.
  private mutating func samplesFirst(_ value: Value, _ site: LinearSite) throws(InputError) -> Value {
    let (shape, axis) = (objective.graph.shape(of: value), site.sampleAxis)
    let inner = shape[axis] / (site.outer * microbatch)
    let apart = Array(shape[..<axis]) + [site.outer, microbatch, inner] + shape[(axis + 1)...]
    let split = try objective.graph.reshape(value, to: apart)
    let others = apart.indices.filter { $0 != axis + 1 }
    // Samples that come first already stay where they are.
    if apart[...axis].allSatisfy({ $0 == 1 }) { return split }
    return try objective.graph.transpose(split, permutation: [axis + 1] + others)
  }

  /// [samples, positions, groups · width] as [groups, samples, positions, width].
  private mutating func grouped(_ rows: Value, _ site: LinearSite, width: Int) throws(InputError) -> Value {
    if site.groups == 1 { return try objective.graph.reshape(rows, to: [1, microbatch, site.positions, width]) }
    let grouped = try objective.graph.reshape(rows, to: [microbatch, site.positions, site.groups, width])
    return try objective.graph.transpose(grouped, permutation: [2, 0, 1, 3])
  }

  /// The pixels of images, channels last: [samples, pixels, channels].
  private mutating func pixels(_ image: Value) throws(InputError) -> Value {
    let shape = objective.graph.shape(of: image)
    let last = try objective.graph.transpose(image, permutation: [0, 2, 3, 1])
    return try objective.graph.reshape(last, to: [shape[0], shape[2] * shape[3], shape[1]])
  }

  /// The pixels that each filter position sees, channels and taps in the order of a filter's elements.
  private mutating func patches(_ image: Value, _ convolution: Convolution) throws(InputError) -> Value {
    let isPointwise = [convolution.rows, convolution.columns].allSatisfy {
      $0.filter == 1 && $0.stride == 1 && $0.paddingLow == 0 && $0.paddingHigh == 0
    }
    return try isPointwise ? pixels(image) : objective.graph.patches(image, of: convolution)
  }
}

extension ObjectiveGraph {
  /// The same objective with its values in another graph.
  init(_ other: ObjectiveGraph, graph: Graph, _ renamed: (Value) -> Value) {
    self.graph = graph
    definition = other.definition
    outputs = renamed(other.outputs)
    targets = renamed(other.targets)
    weights = renamed(other.weights)
    sampleLosses = renamed(other.sampleLosses)
    loss = renamed(other.loss)
    parameters = other.parameters.map(renamed)
    vectors = other.vectors.map(renamed)
    // Batch normalisations are of no concern once samples are independent.
    normalizations = []
  }
}
