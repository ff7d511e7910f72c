import Tensors

extension Function {
  /// The function with images held channels last, [n, spatial…, c], from convolution to convolution.
  ///
  /// Convolutions that have a kernel for that order ask for it, the library's in single precision; elementwise steps,
  /// pooling, repetition, sums and reshapes that keep the channels pass it on. Where something else reads an image it
  /// is put back. Parameters, data and outputs keep the order they have.
  public func movingImagesToChannelsLast(for kernels: KernelChoice) throws(InputError) -> Function {
    var rewriter = ChannelsLastRewriter(source: graph, kernels: kernels)
    let needed = graph.ancestors(of: outputs)
    for value in graph.values where needed[value.index] { try rewriter.rewrite(value) }
    var moved: [Value] = []
    for output in outputs { moved.append(try rewriter.first(output)) }
    return Function(graph: rewriter.graph, outputs: moved)
  }
}

private struct ChannelsLastRewriter {
  let source: Graph
  let kernels: KernelChoice
  var graph = Graph()
  /// The value in its own order, and channels last, where the new graph has it.
  private var firsts: [Value?]
  private var lasts: [Value?]
  /// Values that were computed channels last.
  private var isMoved: [Bool]

  init(source: Graph, kernels: KernelChoice) {
    self.source = source
    self.kernels = kernels
    firsts = Array(repeating: nil, count: source.nodes.count)
    lasts = firsts
    isMoved = Array(repeating: false, count: source.nodes.count)
  }

  // MARK: - Orders

  /// Dimension i of a value channels last is dimension `order[i]` of the value.
  private func order(_ rank: Int) -> [Int] { [0] + Array(2..<rank) + [1] }

  /// Where a dimension of a value is channels last.
  private func position(_ dimension: Int, rank: Int) -> Int {
    dimension == 0 ? 0 : dimension == 1 ? rank - 1 : dimension - 1
  }

  private func moved(_ shape: [Int]) -> [Int] { order(shape.count).map { shape[$0] } }

  /// Whether both orders hold the elements in the same sequence.
  private func isIndifferent(_ shape: [Int]) -> Bool { shape[1] == 1 || shape[2...].allSatisfy { $0 == 1 } }

  /// The value in its own order.
  mutating func first(_ value: Value) throws(InputError) -> Value {
    if let known = firsts[value.index] { return known }
    guard let last = lasts[value.index] else { throw InputError("%\(value.index) is read before it is computed") }
    let shape = source.shape(of: value)
    var inverse = [Int](repeating: 0, count: shape.count)
    for (i, dimension) in order(shape.count).enumerated() { inverse[dimension] = i }
    let result =
      isIndifferent(shape) ? try graph.reshape(last, to: shape) : try graph.transpose(last, permutation: inverse)
    firsts[value.index] = result
    return result
  }

  /// The value channels last.
  private mutating func last(_ value: Value) throws(InputError) -> Value {
    if let known = lasts[value.index] { return known }
    let first = try first(value)
    let shape = source.shape(of: value)
    let result: Value
    if let number = graph.splat(first) {
      result = try graph.constant(number, moved(shape), graph.type(of: first).element)
    } else if let repeated = graph[first].primitive as? BroadcastInDim {
      let places = repeated.dimensions.map { position($0, rank: shape.count) }
      let sorted = places.indices.sorted { places[$0] < places[$1] }
      let operand = try graph.transpose(graph[first].operands[0], permutation: sorted)
      result = try graph.broadcast(operand, to: moved(shape), dimensions: places.sorted())
    } else if isIndifferent(shape) {
      result = try graph.reshape(first, to: moved(shape))
    } else {
      result = try graph.transpose(first, permutation: order(shape.count))
    }
    lasts[value.index] = result
    return result
  }

  // MARK: - Nodes

  mutating func rewrite(_ value: Value) throws(InputError) {
    let node = source[value]
    if let primitive = node.primitive as? Source {
      firsts[value.index] = graph.source(primitive, type: node.type)
    } else if try !moves(value, node) {
      var operands: [Value] = []
      for operand in node.operands { operands.append(try first(operand)) }
      firsts[value.index] = try graph.append(node.primitive, operands)
    }
  }

  /// Computes the value from images channels last where there is a way; false where there is none.
  private mutating func moves(_ value: Value, _ node: Graph.Node) throws(InputError) -> Bool {
    if var convolution = node.primitive as? Convolution { return try moves(value, node, &convolution) }
    guard let image = node.operands.first(where: { isMoved[$0.index] }) else { return false }
    let shape = source.shape(of: image)
    switch node.primitive {
    case var pooling as WindowArgmax:
      pooling.windows.layout = .channelsLast
      try keep(value, pooling, node)
    case var pooling as WindowSum:
      pooling.windows.layout = .channelsLast
      try keep(value, pooling, node)
    case var pooling as WindowSpread:
      pooling.windows.layout = .channelsLast
      try keep(value, pooling, node)
    case var pooling as PlaneGather:
      pooling.layout = .channelsLast
      try keep(value, pooling, node)
    case var pooling as PlaneScatter:
      pooling.layout = .channelsLast
      try keep(value, pooling, node)
    case is StopGradient:
      try keep(value, node.primitive, node)
    case is Reshape:
      guard node.type.rank >= 3, node.type.shape[..<2] == shape[..<2] else {
        guard isIndifferent(shape) else { return false }
        firsts[value.index] = try graph.reshape(last(image), to: node.type.shape)
        return true
      }
      set(value, try graph.reshape(last(image), to: moved(node.type.shape)))
    case let reduce as Reduce:
      let kept = shape.indices.filter { !reduce.dimensions.contains($0) }
      let places = kept.map { position($0, rank: shape.count) }
      let dimensions = reduce.dimensions.map { position($0, rank: shape.count) }.sorted()
      let result = try graph.reduce(reduce.reduction, last(image), over: dimensions)
      // The kept dimensions come out in the order of their places.
      let sorted = places.sorted()
      firsts[value.index] = try graph.transpose(
        result, permutation: places.map { sorted.firstIndex(of: $0) ?? 0 })
    default:
      guard case .elementwise = node.primitive.lowering else { return false }
      try keep(value, node.primitive, node)
    }
    return true
  }

  private mutating func moves(
    _ value: Value, _ node: Graph.Node, _ convolution: inout Convolution
  ) throws(InputError) -> Bool {
    let geometry = convolution.geometry(source.shape(of: node.operands[0]), source.shape(of: node.operands[1]))
    convolution.usesLibrary =
      kernels.isSinglePrecision && PackedConvolutionKernel(role: convolution.role, geometry: geometry) != nil
    guard convolution.usesLibrary || PixelConvolution(role: convolution.role, geometry: geometry) != nil else {
      return false
    }
    convolution.layout = .channelsLast
    if convolution.role == .filterGradient {
      firsts[value.index] = try graph.append(convolution, [last(node.operands[0]), last(node.operands[1])])
    } else {
      set(value, try graph.append(convolution, [last(node.operands[0]), first(node.operands[1])]))
    }
    return true
  }

  /// Appends the node with all operands channels last.
  private mutating func keep(_ value: Value, _ primitive: any Primitive, _ node: Graph.Node) throws(InputError) {
    var operands: [Value] = []
    for operand in node.operands { operands.append(try last(operand)) }
    set(value, try graph.append(primitive, operands))
  }

  private mutating func set(_ value: Value, _ last: Value) {
    lasts[value.index] = last
    isMoved[value.index] = true
  }
}
