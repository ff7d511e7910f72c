import Autodiff
import Krylov
import Networks
import Tensors

extension LayerGraph {
  /// The part of this microbatch in E GGᵀ [groups, m, m] and E GᵀG [groups, n, n], G the gradient of a sample with
  /// respect to a weight and its bias.
  mutating func sampleGradientMoments<Scalar: Real>(
    of weight: Int, _ derivatives: [Value], _ rotations: RowRotations<Scalar>
  ) throws(InputError) -> (Value, Value) {
    if weights[weight].sites.count == 1, weights[weight].sites[0].positions == 1 {
      // δxᵀ(δxᵀ)ᵀ = ‖x‖² δδᵀ
      let (left, right) = try rotatedRows(of: weight, derivatives, rotations)[0]
      return (try scaledGram(left, byNormsOf: right), try scaledGram(right, byNormsOf: left))
    }
    let matrices = try sampleMatrices(of: weight, derivatives, rotations)
    let exchanged = try sampleMatrices(of: weight, derivatives, rotations, exchanged: true)
    return (try gram(exchanged, exchanged), try gram(matrices, matrices))
  }

  /// The same of the mean gradient of the microbatch's samples, weighted with the sum of their weights.
  mutating func batchGradientMoments<Scalar: Real>(
    of weight: Int, _ derivatives: [Value], _ rotations: RowRotations<Scalar>
  ) throws(InputError) -> (Value, Value) {
    let sum = try sampleMatrices(of: weight, derivatives, rotations, joined: true)
    let shape = objective.graph.shape(of: sum)
    let mass = try objective.graph.reduce(.sum, objective.weights, over: [0])
    // Without any weight the sum is 0, and so is the quotient; of other masses nothing changes in either precision.
    let positive = try objective.graph.add(mass, objective.graph.constant(1e-36, []))
    let root = try objective.graph.apply(.sqrt, positive)
    let matrix = try objective.graph.divide(sum, objective.graph.broadcast(root, to: shape, dimensions: []))
    let left = try objective.graph.append(
      DotGeneral(batch: 1, contracted: 1, leftContractsFirst: false, rightContractsFirst: false), [matrix, matrix])
    return (left, try gram(matrix, matrix))
  }

  /// Σ ‖b_r‖² a_r a_rᵀ over the rows.
  private mutating func scaledGram(_ rows: Value, byNormsOf other: Value) throws(InputError) -> Value {
    let squares = try objective.graph.reduce(.sum, objective.graph.multiply(other, other), over: [3])
    let shape = objective.graph.shape(of: rows)
    let scaled = try objective.graph.multiply(
      rows, objective.graph.broadcast(squares, to: shape, dimensions: [0, 1, 2]))
    return try gram(scaled, rows)
  }
}

extension Objective {
  /// Shampoo's two matrices of each layer, L = E GGᵀ of order m and R = E GᵀG of order n + 1 with a bias, G = ∂ℓ/∂[W b]
  /// [m, n + 1].
  ///
  /// Averages over samples, or over batches of consecutive samples with the mean gradient of each. They are not accumulated along
  /// training but taken at one point.
  ///
  /// Cost: a backward pass at the labels for each layer; layers with several rows a sample form every sample's gradient.
  ///
  /// - Parameter batch: samples of a batch; 1 for the gradients of single samples.
  /// - Throws: ``InputError`` where batch statistics couple the samples, and for models of a fixed batch size that is
  ///   not `batch`, if more than 1 is asked for, and for batches larger than the data.
  ///
  /// Source: V. Gupta, T. Koren, Y. Singer, "Shampoo: preconditioned stochastic tensor optimization", ICML 2018,
  /// arXiv:1802.09568.
  public func shampooMoments(
    of layers: [SharedLinearLayer], batch: Int = 1, interruption: () throws -> Void = {}
  ) throws -> [(left: DenseMatrix, right: DenseMatrix)] {
    try requireLayerProducts(.labels)
    guard (1...max(1, data.samples)).contains(batch) else {
      throw InputError(
        place: "--shampoo-batch \(batch)", "is no batch of \(data.samples) samples",
        remedy: "choose from 1 to as many as there are")
    }
    if batch > 1, case .fixed(let size) = network.batch, size != batch {
      throw InputError(
        place: "--shampoo-batch \(batch)", "the model was exported at the fixed batch size \(size)",
        remedy: "export the model with a dynamic batch dimension, or ask for batches of \(size)")
    }
    var result = layers.map { (left: DenseMatrix(zeros: $0.outputs, $0.outputs), right: DenseMatrix(zeros: 0, 0)) }
    let passes = try sampleMatrixPasses(of: layers) { $0.outputs * $0.outputs + $0.inputWidth * $0.inputWidth }
    for pass in passes {
      var rotations = RowRotations<Scalar>(behind: network)
      for own in pass.members {
        let layer = layers[own[0]]
        rotations.add(
          layer, inputs: own.map { _ in .identity(layer.inputWidth) },
          outputs: own.map { _ in .identity(layer.outputs) })
      }
      let chosen = pass.members.map { layers[$0[0]].weight }
      let sums: Vector<Double>
      if batch == 1 {
        sums = try pass.objective.sumOverDirections(.labels, rotations: rotations, interruption) {
          graph, directions throws(InputError) in
          let positions = try chosen.map { weight throws(InputError) in try graph.position(of: weight) }
          var outputs = DestinationList { .linear(offset: $0) }
          let derivatives = try graph.derivatives(of: positions, source: .labels, directions: directions)
          for (index, values) in zip(positions, derivatives) {
            let (left, right) = try graph.sampleGradientMoments(of: index, values, rotations)
            outputs.append([left, right], graph.objective.graph)
          }
          return outputs.items
        }
      } else {
        try interruption()
        var cut = self
        if case .dynamic = network.batch { cut = try self.cut(intoMicrobatchesOf: batch) }
        sums = try cut.layerExecutor(rotations) { graph throws(InputError) in
          let positions = try chosen.map { weight throws(InputError) in try graph.position(of: weight) }
          var outputs = DestinationList { .primal(offset: $0) }
          for (index, values) in zip(positions, try graph.joinedDerivatives(of: positions)) {
            let (left, right) = try graph.batchGradientMoments(of: index, values, rotations)
            outputs.append([left, right], graph.objective.graph)
          }
          return outputs.items
        }.evaluate().converted()
      }
      var offset = 0
      for own in pass.members {
        let (m, n) = (layers[own[0]].outputs, layers[own[0]].inputWidth)
        for (position, index) in own.enumerated() {
          let right = offset + own.count * m * m + position * n * n
          result[index] = (
            DenseMatrix(sums, from: offset + position * m * m, rows: m, columns: m).symmetrized(),
            DenseMatrix(sums, from: right, rows: n, columns: n).symmetrized()
          )
        }
        offset += own.count * (m * m + n * n)
      }
    }
    return result
  }
}
