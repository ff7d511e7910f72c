import Autodiff
import Tensors

/// One place in a graph where a weight enters as a dense product or a convolution.
struct LinearSite {
  enum Form: Hashable {
    /// x Wᵀ or x W with the rows of x first; W x where the weight is the left operand.
    case product(DotGeneral, weightIsLeft: Bool)
    case convolution(Convolution)
    /// A transposed convolution: the rows are the pixels of its input.
    case transposedConvolution(Convolution)
  }

  /// s ⊙ w, one number for each filter.
  struct Scaling {
    var weight: Value
    /// [m · groups]
    var scale: Value
  }

  let form: Form
  /// The result h, or what the rows of h are folded to.
  var product: Value
  /// The operand that is not the weight.
  var input: Value
  /// The dimension of the input that counts the samples, and what it counts before them; see ``SampleAxes``.
  var sampleAxis = 0
  var outer = 1
  /// What the filters are multiplied by before the convolution, as where a normalisation is folded into them.
  var scaling: Scaling?
  let outputs: Int
  let inputs: Int
  let groups: Int
  /// Rows a sample.
  let positions: Int
  let isTransposed: Bool
  /// The only consumer of the product, if it adds a parameter to each of its rows: that parameter.
  var bias: Value?
}

/// The places of all weights, found in the graph of a network.
struct LinearSites {
  private let graph: Graph
  private let values: [Value]
  private let samples: Int
  private let axes: SampleAxes
  private var consumers: [[Int]]

  /// - Parameter outputs: what is computed; nodes that it does not need do not count.
  init(graph: Graph, outputs: Value, samples: Int) {
    self.graph = graph
    self.samples = samples
    axes = SampleAxes(graph: graph, samples: samples)
    values = Array(graph.values)
    consumers = [[Int]](repeating: [], count: graph.nodes.count)
    let needed = graph.ancestors(of: [outputs])
    for (index, node) in graph.nodes.enumerated() where needed[index] {
      for operand in Set(node.operands) { consumers[operand.index].append(index) }
    }
  }

  /// All places where a parameter enters; `nil` where one of them is of another kind, or there is none.
  func sites(of parameter: Value) -> [LinearSite]? {
    var sites: [LinearSite] = []
    for (value, index) in uses(of: parameter) {
      let node = graph.nodes[index]
      if node.primitive as? ElementwiseBinary == .multiply, let scale = channelScale(node, of: value) {
        for (scaled, user) in uses(of: values[index]) {
          guard var site = site(at: user, weight: scaled), case .convolution = site.form else { return nil }
          site.scaling = LinearSite.Scaling(weight: value, scale: scale)
          site.bias = foldedParameter(of: site.product, scale: scale)
          sites.append(site)
        }
      } else {
        guard let site = site(at: index, weight: value) else { return nil }
        sites.append(site)
      }
    }
    guard let first = sites.first else { return nil }
    let isAlike = sites.allSatisfy {
      $0.outputs == first.outputs && $0.inputs == first.inputs && $0.groups == first.groups
        && $0.isTransposed == first.isTransposed
    }
    return isAlike ? sites.sorted { $0.product.index < $1.product.index } : nil
  }

  /// The parameter that is added to the rows of all these places and is used nowhere else.
  func bias(of sites: [LinearSite]) -> Value? {
    guard let first = sites.first, let bias = first.bias, sites.allSatisfy({ $0.bias == bias }),
      graph.type(of: bias).count == first.outputs * first.groups
    else { return nil }
    return uses(of: bias).count == sites.count ? bias : nil
  }

  /// The nodes that use a value, seen through reshapes: each with the reshaped value it uses.
  private func uses(of value: Value) -> [(Value, Int)] {
    consumers[value.index].flatMap { index in
      graph.nodes[index].primitive is Reshape ? uses(of: values[index]) : [(value, index)]
    }
  }

  /// s of w · s with one number for each filter.
  private func channelScale(_ node: Graph.Node, of weight: Value) -> Value? {
    guard let other = node.operands.first(where: { $0 != weight }),
      let repeated = graph[other].primitive as? BroadcastInDim, repeated.dimensions == [0]
    else { return nil }
    return graph[other].operands[0]
  }

  private func site(at index: Int, weight: Value) -> LinearSite? {
    let node = graph.nodes[index]
    guard node.operands.count == 2, node.operands[0] != node.operands[1] else { return nil }
    if let product = node.primitive as? DotGeneral { return dense(product, index, node, weight) }
    guard let convolution = node.primitive as? Convolution, node.operands[1] == weight else { return nil }
    let shape = graph.shape(of: weight)
    let taps = shape[2] * shape[3]
    let groups = convolution.groups
    let image = convolution.role == .forward ? node.type.shape : graph.shape(of: node.operands[0])
    guard convolution.layout == .channelsFirst, axes[node.operands[0]] == .dimension(0, outer: 1), image[0] == samples
    else {
      return nil
    }
    let result = values[index]
    switch convolution.role {
    case .forward:
      return LinearSite(
        form: .convolution(convolution), product: result, input: node.operands[0], outputs: shape[0] / groups,
        inputs: shape[1] * taps, groups: groups, positions: image[2] * image[3], isTransposed: false,
        bias: addedParameter(to: result, axisFromStart: 1))
    case .inputGradient:
      return LinearSite(
        form: .transposedConvolution(convolution), product: result, input: node.operands[0],
        outputs: shape[1] * taps, inputs: shape[0] / groups, groups: groups, positions: image[2] * image[3],
        isTransposed: true)
    case .filterGradient: return nil
    }
  }

  private func dense(_ product: DotGeneral, _ index: Int, _ node: Graph.Node, _ weight: Value) -> LinearSite? {
    let weightIsLeft = node.operands[0] == weight
    let input = node.operands[weightIsLeft ? 1 : 0]
    let weightContractsFirst = weightIsLeft ? product.leftContractsFirst : product.rightContractsFirst
    let inputContractsFirst = weightIsLeft ? product.rightContractsFirst : product.leftContractsFirst
    let (rows, own) = (graph.shape(of: input), graph.shape(of: weight))
    guard product.batch == 0, !inputContractsFirst, rows.count > product.contracted, own.count > product.contracted
    else { return nil }
    let free = rows.dropLast(product.contracted)
    guard case .dimension(let axis, let outer) = axes[input], axis < free.count, free[axis] > 0,
      free[axis] % (outer * samples) == 0, axis == 0 && outer == 1 || !weightIsLeft
    else { return nil }
    let contracted = rows.suffix(product.contracted).reduce(1, *)
    let result = values[index]
    return LinearSite(
      form: .product(product, weightIsLeft: weightIsLeft), product: result, input: input, sampleAxis: axis,
      outer: outer,
      outputs: graph.type(of: weight).count / max(1, contracted), inputs: contracted, groups: 1,
      positions: free.reduce(1, *) / samples, isTransposed: weightContractsFirst,
      bias: weightIsLeft ? nil : addedParameter(to: result, axisFromStart: nil))
  }

  /// The parameter that the only consumer of a value adds along one axis: the given one, or the last.
  private func addedParameter(to value: Value, axisFromStart: Int?) -> Value? {
    let found = uses(of: value)
    guard consumers[value.index].count == 1, found.count == 1, let (summand, index) = found.first else { return nil }
    let node = graph.nodes[index]
    guard node.primitive as? ElementwiseBinary == .add, let other = node.operands.first(where: { $0 != summand }),
      let repeated = graph[other].primitive as? BroadcastInDim,
      repeated.dimensions == [axisFromStart ?? node.type.shape.count - 1]
    else { return nil }
    return self.parameter(graph[other].operands[0])
  }

  /// The parameter b of (s ⊙ w) ∗ x + (b − mean) ⊙ s + shift, the only use of a product with scaled filters.
  private func foldedParameter(of product: Value, scale: Value) -> Value? {
    let found = uses(of: product)
    guard found.count == 1, let (summand, index) = found.first,
      graph.nodes[index].primitive as? ElementwiseBinary == .add,
      let other = graph.nodes[index].operands.first(where: { $0 != summand }),
      (graph[other].primitive as? BroadcastInDim)?.dimensions == [1]
    else { return nil }
    var shift = graph[other].operands[0]
    if graph[shift].primitive as? ElementwiseBinary == .add { shift = graph[shift].operands[0] }
    guard graph[shift].primitive as? ElementwiseBinary == .multiply, graph[shift].operands[1] == scale else {
      return nil
    }
    let centred = graph[graph[shift].operands[0]]
    guard centred.primitive as? ElementwiseBinary == .subtract else { return nil }
    return parameter(centred.operands[0])
  }

  /// The parameter that a value is, under whatever shape.
  private func parameter(_ value: Value) -> Value? {
    var value = value
    while graph[value].primitive is Reshape { value = graph[value].operands[0] }
    guard case .parameter? = graph[value].primitive as? Source else { return nil }
    return value
  }
}
