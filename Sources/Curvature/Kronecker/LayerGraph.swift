import Autodiff
import Networks
import Tensors

/// The graph of an objective with a zero added to the result of every product with a shared linear layer's weight: derivatives by these
/// zeros are δ, those by the results.
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
      return try objective.graph.reshape(site.input, to: [1, microbatch, site.positions, site.inputs])
    case .convolution(let convolution):
      return try rows(patches(site.input, convolution), site, width: site.inputs)
    case .transposedConvolution: return try rows(site.input, site, width: site.inputs)
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
      }
      return try objective.graph.reshape(rows, to: [1, microbatch, site.positions, site.outputs])
    case .convolution: return try rows(derivative, site, width: site.outputs)
    case .transposedConvolution(let convolution):
      return try rows(patches(derivative, convolution), site, width: site.outputs)
    }
  }

  /// [samples, groups · width, rows, columns] as [groups, samples, positions, width].
  private mutating func rows(_ image: Value, _ site: LinearSite, width: Int) throws(InputError) -> Value {
    let last = try objective.graph.transpose(image, permutation: [0, 2, 3, 1])
    if site.groups == 1 { return try objective.graph.reshape(last, to: [1, microbatch, site.positions, width]) }
    let grouped = try objective.graph.reshape(last, to: [microbatch, site.positions, site.groups, width])
    return try objective.graph.transpose(grouped, permutation: [2, 0, 1, 3])
  }

  /// The pixels that each filter position sees, channels and taps in the order of a filter's elements: a convolution whose filters
  /// are unit vectors, each channel in a group of its own.
  private mutating func patches(_ image: Value, _ convolution: Convolution) throws(InputError) -> Value {
    let taps = convolution.rows.filter * convolution.columns.filter
    let isPointwise = [convolution.rows, convolution.columns].allSatisfy {
      $0.filter == 1 && $0.stride == 1 && $0.paddingLow == 0 && $0.paddingHigh == 0
    }
    if isPointwise { return image }
    let channels = objective.graph.shape(of: image)[1]
    let numbers = try objective.graph.append(Iota(count: taps), [])
    let isOwn = try objective.graph.compare(
      objective.graph.broadcast(numbers, to: [taps, taps], dimensions: [0]), .equal,
      objective.graph.broadcast(numbers, to: [taps, taps], dimensions: [1]))
    let unit = try objective.graph.select(
      isOwn, objective.graph.constant(1, [taps, taps]), objective.graph.constant(0, [taps, taps]))
    let repeated = try objective.graph.broadcast(unit, to: [channels, taps, taps], dimensions: [1, 2])
    let filters = try objective.graph.reshape(
      repeated, to: [channels * taps, 1, convolution.rows.filter, convolution.columns.filter])
    let single = Convolution(rows: convolution.rows, columns: convolution.columns, groups: channels)
    return try objective.graph.append(single, [image, filters])
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
