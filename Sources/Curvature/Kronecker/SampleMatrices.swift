import Autodiff
import Krylov
import Networks
import Tensors

/// Square matrices that the rows of a layer are multiplied by, read as literals behind the network's own: for every group of a weight
/// one for x, of order n + 1 with a bias, and one for δ.
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
  /// The exact diagonal of each layer's block in the basis of the products of given vectors: λ_ij = E Σ_c (u_iᵀ G_c v_j)², with G_c a sample's
  /// gradient Σ_r δ_r x_rᵀ in direction c of `source`.
  ///
  /// It is the diagonal of the Gauss-Newton matrix for ``DerivativeSource/outputs``, of the second moment of the gradients for
  /// ``DerivativeSource/labels``, with the cross terms of rows that share the weight.
  ///
  /// Cost: for each direction a backward pass and, for every row, m² + mn multiplications. Memory: layers with several rows a sample hold a
  /// matrix of the weight's size for each sample of a microbatch.
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
    // A pass for each weight: their matrices need microbatches of different sizes.
    for members in Dictionary(grouping: layers.indices, by: { layers[$0].weight }).sorted(by: { $0.key < $1.key }) {
      let own = members.value.sorted { layers[$0].group < layers[$1].group }
      guard let first = own.first.map({ layers[$0] }) else { continue }
      var rotations = RowRotations<Scalar>(behind: network)
      rotations.add(first, inputs: own.map { bases[$0].inputs }, outputs: own.map { bases[$0].outputs })
      guard own.count == first.groups else {
        throw InputError("the diagonal of \(first.name) needs all its \(first.groups) groups")
      }
      let sums = try cutForSampleMatrices(first).sumOverDirections(source, rotations: rotations, interruption) {
        graph, directions throws(InputError) in
        let index = try graph.position(of: first.weight)
        let derivatives = try graph.derivatives(of: [index], source: source, directions: directions)[0]
        return [(try graph.sampleMatrixSquares(of: index, derivatives, rotations), .linear(offset: 0))]
      }
      let count = first.outputs * first.inputWidth
      for (position, index) in own.enumerated() {
        result[index] = DenseMatrix(
          sums, from: position * count, rows: first.outputs, columns: first.inputWidth)
      }
    }
    return result
  }

  /// The same objective in microbatches for which the matrices of all samples are no more than some tens of megabytes.
  func cutForSampleMatrices(_ layer: SharedLinearLayer) throws(InputError) -> Objective {
    guard layer.positions > 1, case .dynamic = network.batch else { return self }
    let most = max(1, (1 << 22) / (layer.groups * layer.dimension))
    return most < schedule.microbatch ? try cut(intoMicrobatchesOf: most) : self
  }
}
