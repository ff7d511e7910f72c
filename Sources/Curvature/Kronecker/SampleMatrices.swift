import Autodiff
import Krylov
import Networks
import Tensors

/// Square matrices that the rows of a layer are multiplied by, read as literals behind the network's own: for every
/// group of a weight one for x, of order n + 1 with a bias, and one for δ.
struct RowRotations<Scalar: Real>: Sendable {
  /// Of one weight: where its matrices begin among all.
  struct Entry: Sendable {
    var groups: Int
    var inputWidth: Int
    var outputs: Int
    var hasBias: Bool
    /// The first literal of the weight's: x's weights, x's part of the bias, δ's.
    var literal: Int
  }

  private(set) var entries: [Int: Entry] = [:]
  /// Numbers of elements of the literals.
  private(set) var counts: [Int] = []
  private(set) var elements: [Scalar] = []
  private let first: Int

  init(behind network: Network) { first = network.literals.count }

  /// - Parameters: a row of each matrix is a vector that x or δ is multiplied by; for each group one.
  mutating func add(_ layer: SharedLinearLayer, inputs: [DenseMatrix], outputs: [DenseMatrix]) {
    entries[layer.weight] = Entry(
      groups: layer.groups, inputWidth: layer.inputWidth, outputs: layer.outputs, hasBias: layer.bias != nil,
      literal: first + counts.count)
    let own = inputs.flatMap { matrix in (0..<matrix.rows).flatMap { matrix.row($0).prefix(layer.inputs) } }
    let bias = layer.bias == nil ? [] : inputs.flatMap { matrix in (0..<matrix.rows).map { matrix[$0, layer.inputs] } }
    for part in [own, bias, outputs.flatMap(\.elements)] {
      counts.append(part.count)
      elements += part.map { Scalar($0) }
    }
  }
}

extension LayerGraph {
  /// For each sample the gradient Σ_r δ_r x_rᵀ of one weight and its bias in rotated coordinates: [groups, samples, m, n], or
  /// with the last two exchanged.
  ///
  /// - Parameter joined: whether the samples of the microbatch are summed: [groups, m, n].
  mutating func sampleMatrices<Scalar: Real>(
    of weight: Int, _ derivatives: [Value], _ rotations: RowRotations<Scalar>, exchanged: Bool = false,
    joined: Bool = false
  ) throws(InputError) -> Value {
    var total: Value?
    for (left, right) in try rotatedRows(of: weight, derivatives, rotations) {
      let product = DotGeneral(
        batch: joined ? 1 : 2, contracted: joined ? 2 : 1, leftContractsFirst: true, rightContractsFirst: true)
      total = try sum(total, objective.graph.append(product, exchanged ? [right, left] : [left, right]))
    }
    guard let total else { throw InputError("a layer without a place in the network") }
    return total
  }

  /// Σ over the samples of the squares of the elements of each sample's matrix: [groups, m, n].
  mutating func sampleMatrixSquares<Scalar: Real>(
    of weight: Int, _ derivatives: [Value], _ rotations: RowRotations<Scalar>
  ) throws(InputError) -> Value {
    if let site = weights[weight].sites.first, weights[weight].sites.count == 1, site.positions == 1 {
      // One row a sample: the squares of a product are the product of the squares.
      let (left, right) = try rotatedRows(of: weight, derivatives, rotations)[0]
      return try objective.graph.append(
        DotGeneral(batch: 1, contracted: 2, leftContractsFirst: true, rightContractsFirst: true),
        [objective.graph.multiply(left, left), objective.graph.multiply(right, right)])
    }
    let matrices = try sampleMatrices(of: weight, derivatives, rotations)
    return try objective.graph.reduce(.sum, objective.graph.multiply(matrices, matrices), over: [1])
  }

  /// The rows δ and x of each place, rotated.
  mutating func rotatedRows<Scalar: Real>(
    of weight: Int, _ derivatives: [Value], _ rotations: RowRotations<Scalar>
  ) throws(InputError) -> [(Value, Value)] {
    guard let entry = rotations.entries[weights[weight].parameter] else {
      throw InputError("a layer without matrices for its rows")
    }
    let (groups, width, m) = (entry.groups, entry.inputWidth, entry.outputs)
    let columns = width - (entry.hasBias ? 1 : 0)
    let inputs = objective.graph.source(.literal(entry.literal), type: TensorType([groups, width, columns]))
    let outputs = objective.graph.source(.literal(entry.literal + 2), type: TensorType([groups, m, m]))
    let product = DotGeneral(batch: 1, contracted: 1, leftContractsFirst: false, rightContractsFirst: false)
    var result: [(Value, Value)] = []
    for (site, derivative) in zip(weights[weight].sites, derivatives) {
      let left = try objective.graph.append(product, [derivativeRows(derivative, site), outputs])
      var right = try objective.graph.append(product, [inputRows(site), inputs])
      if entry.hasBias {
        let one = objective.graph.source(.literal(entry.literal + 1), type: TensorType([groups, width]))
        let shape = objective.graph.shape(of: right)
        right = try objective.graph.add(right, objective.graph.broadcast(one, to: shape, dimensions: [0, 3]))
      }
      result.append((left, right))
    }
    return result
  }
}

extension Objective {
  /// The exact diagonal of each layer's block in the basis of the products of given vectors: λ_ij = E Σ_c (u_iᵀ G_c
  /// v_j)², with G_c a sample's gradient Σ_r δ_r x_rᵀ in direction c of `source`.
  ///
  /// It is the diagonal of the Gauss-Newton matrix for ``DerivativeSource/outputs``, of the second moment of the gradients for
  /// ``DerivativeSource/labels``, with the cross terms of rows that share the weight.
  ///
  /// Cost: for each direction a backward pass and, for every row, m² + mn multiplications. Memory: layers with several
  /// rows a sample hold a matrix of the weight's size for each sample of a microbatch.
  ///
  /// - Parameter bases: for each layer the matrices with the v_j, of order n + 1 with a bias, and the u_i as rows.
  /// - Returns: for each layer [m, n + 1], by rows.
  public func kroneckerDiagonals(
    of layers: [SharedLinearLayer], bases: [(inputs: DenseMatrix, outputs: DenseMatrix)],
    source: DerivativeSource = .outputs, interruption: () throws -> Void = {}
  ) throws -> [DenseMatrix] {
    precondition(layers.count == bases.count)
    try requireLayerProducts(source)
    var result = layers.map { DenseMatrix(zeros: $0.outputs, $0.inputWidth) }
    for pass in try sampleMatrixPasses(of: layers, sums: { $0.dimension }) {
      var rotations = RowRotations<Scalar>(behind: network)
      for own in pass.members {
        rotations.add(layers[own[0]], inputs: own.map { bases[$0].inputs }, outputs: own.map { bases[$0].outputs })
      }
      let sums = try pass.objective.sumOverDirections(source, rotations: rotations, interruption) {
        graph, directions throws(InputError) in
        let chosen = try pass.members.map { own throws(InputError) in try graph.position(of: layers[own[0]].weight) }
        var outputs = DestinationList { .linear(offset: $0) }
        let derivatives = try graph.derivatives(of: chosen, source: source, directions: directions)
        for (index, values) in zip(chosen, derivatives) {
          let squares = try graph.sampleMatrixSquares(of: index, values, rotations)
          outputs.append([squares], graph.objective.graph)
        }
        return outputs.items
      }
      var offset = 0
      for index in pass.members.joined() {
        let layer = layers[index]
        result[index] = DenseMatrix(sums, from: offset, rows: layer.outputs, columns: layer.inputWidth)
        offset += layer.dimension
      }
    }
    return result
  }

  /// Layers that go through the data together, in microbatches for which the matrices of all samples are no more than
  /// some tens of megabytes.
  struct SampleMatrixPass {
    var objective: Objective
    /// For each weight its groups' positions among the layers, all of them and in their order.
    var members: [[Int]]
  }

  /// - Parameter sums: elements that a layer adds up.
  /// - Throws: ``InputError`` where a group of a weight is missing.
  func sampleMatrixPasses(
    of layers: [SharedLinearLayer], sums: (SharedLinearLayer) -> Int
  ) throws(InputError) -> [SampleMatrixPass] {
    var bySize: [Int: [[Int]]] = [:]
    let byWeight = Dictionary(grouping: layers.indices, by: { layers[$0].weight }).sorted { $0.key < $1.key }
    for (_, indices) in byWeight {
      let own = indices.sorted { layers[$0].group < layers[$1].group }
      let first = layers[own[0]]
      guard own.map({ layers[$0].group }) == Array(0..<first.groups) else {
        throw InputError("\(first.name) is asked for without all of its \(first.groups) groups")
      }
      var size = schedule.microbatch
      if first.positions > 1, case .dynamic = network.batch {
        let most = max(1, (1 << 22) / (first.groups * first.dimension))
        while size > most { size = (size + 1) / 2 }
      }
      bySize[size, default: []].append(own)
    }
    var passes: [SampleMatrixPass] = []
    for (size, members) in bySize.sorted(by: { $0.key > $1.key }) {
      let objective = size == schedule.microbatch ? self : try cut(intoMicrobatchesOf: size)
      var filled = Self.elementsPerPass
      for own in members {
        let count = own.reduce(0) { $0 + sums(layers[$1]) }
        if filled + count > Self.elementsPerPass {
          passes.append(SampleMatrixPass(objective: objective, members: []))
          filled = 0
        }
        passes[passes.count - 1].members.append(own)
        filled += count
      }
    }
    return passes
  }
}
