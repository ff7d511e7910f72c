import Autodiff
import Krylov
import Networks
import Tensors

/// The two Kronecker factors of a shared linear layer over all samples: E xxᵀ and E M.
///
/// The layer's block of the Gauss-Newton matrix is E Σ_{r,s} M_rs ⊗ x_r x_sᵀ with M_rs = U_rᵀ(∂²ℓ/∂z²)U_s and U_r =
/// ∂z/∂h_r, the derivative of a sample's outputs by the pre-activations of row r (Wu et al. 2020, arXiv:2010.04261).
/// What is here are averages over the samples of one side at a time.
public struct LayerFactors: Sendable {
  public let layer: SharedLinearLayer
  public let sharing: WeightSharing
  public let source: DerivativeSource
  /// E xxᵀ of order ``SharedLinearLayer/inputWidth``: a bias's 1 last.
  public let inputMoment: DenseMatrix
  /// E x over samples and rows, a bias's 1 last.
  public let inputMean: [Double]
  /// E M, of order m. Summed over the rows of a sample, not averaged.
  public let outputMoment: DenseMatrix

  /// The factors of the weight alone.
  public var withoutBias: LayerFactors {
    guard layer.bias != nil else { return self }
    return LayerFactors(
      layer: layer.withoutBias, sharing: sharing, source: source, inputMoment: inputMoment.leading(layer.inputs),
      inputMean: Array(inputMean.prefix(layer.inputs)), outputMoment: outputMoment)
  }
}

extension DenseMatrix {
  /// The first rows and columns.
  func leading(_ order: Int) -> DenseMatrix {
    DenseMatrix(rows: order, columns: order, elements: (0..<order).flatMap { row($0).prefix(order) })
  }

  /// (A + Aᵀ)/2: products of rounded factors are symmetric up to rounding only.
  func symmetrized() -> DenseMatrix {
    var result = self
    for i in 0..<rows {
      for j in 0..<i {
        let mean = 0.5 * (self[i, j] + self[j, i])
        result[i, j] = mean
        result[j, i] = mean
      }
    }
    return result
  }
}

extension Objective {
  /// The shared linear layers of the selected parameters, in the order of their weights: found in the network's graph,
  /// whatever the network comes from.
  ///
  /// Parameters that also enter in another way (as a scale, masked, through an embedding) belong to none, nor do those
  /// of products whose rows are not in the order of the samples.
  public func linearLayers() throws -> [SharedLinearLayer] {
    try SharedLinearLayer.find(in: network, selection) { size throws(InputError) in try layerGraph(microbatch: size) }
  }

  func layerGraph(microbatch: Int) throws(InputError) -> LayerGraph {
    try LayerGraph(
      ObjectiveGraph(
        network: network, loss: loss, selection: selection, targetType: targetType,
        rowsPerSample: data.rowsPerSample, microbatch: microbatch), microbatch: microbatch)
  }

  /// The Kronecker factors of some layers, over all samples.
  ///
  /// Cost: a forward pass with n² multiplications for each row of a layer; for each direction of `source` a backward
  /// pass with m² for each row. Memory: sums of the size of the factors for every worker; layers go through in groups
  /// where that is much.
  ///
  /// - Parameters:
  ///   - layers: of ``linearLayers()``, all of them by default; those ``SharedLinearLayer/withoutBias`` get factors of
  ///     the weight alone.
  ///   - interruption: called between passes; throws to stop.
  /// - Throws: ``InputError`` for the loss `output` with ``DerivativeSource/outputs``, and where batch statistics
  ///   couple the samples.
  public func layerFactors(
    of layers: [SharedLinearLayer]? = nil, sharing: WeightSharing = .expand, source: DerivativeSource = .outputs,
    interruption: () throws -> Void = {}
  ) throws -> [LayerFactors] {
    let layers = try layers ?? linearLayers()
    try requireLayerProducts(source)
    let inputs = try inputMoments(of: layers, sharing, interruption)
    let outputs = try derivativeMoments(of: layers, sharing, source, interruption)
    return layers.map { layer in
      let (moment, mean) = inputs[layer.weight]?[layer.group] ?? (DenseMatrix(zeros: 0, 0), [])
      let output = outputs[layer.weight]?[layer.group] ?? DenseMatrix(zeros: 0, 0)
      let n = layer.inputs
      var augmented = layer.bias == nil ? moment : moment.bordered(by: 1)
      if layer.bias != nil {
        for (index, value) in mean.enumerated() {
          augmented[index, n] = value
          augmented[n, index] = value
        }
        augmented[n, n] = 1
      }
      return LayerFactors(
        layer: layer, sharing: sharing, source: source, inputMoment: augmented,
        inputMean: mean + (layer.bias == nil ? [] : [1]), outputMoment: output)
    }
  }

  /// - Throws: where a sample's derivatives are not its own, or the loss has no second derivative by outputs.
  func requireLayerProducts(_ source: DerivativeSource) throws {
    if network.batchNormalization?.couplesSamples == true {
      throw InputError(
        place: "--batch-norm",
        "Kronecker factors need samples that do not see each other, and batch statistics couple them",
        remedy: "use --batch-norm running or population")
    }
    if loss == .output, source != .labels { try requireSplit(.gaussNewton) }
    if case .draws(let draws, _) = source, draws < 1 {
      throw InputError("at least one draw of labels is needed, not \(draws)")
    }
  }

  /// Elements of the sums of one pass over the data.
  static var elementsPerPass: Int { 1 << 24 }

  /// Groups of positions whose sizes add up to a pass.
  private func passes(_ weights: [(index: Int, size: Int)]) -> [[Int]] {
    var passes: [[Int]] = []
    var filled = 0
    for weight in weights {
      if passes.isEmpty || filled + weight.size > Self.elementsPerPass {
        passes.append([])
        filled = 0
      }
      passes[passes.count - 1].append(weight.index)
      filled += weight.size
    }
    return passes
  }

  /// The weights of some layers, each once, with a size for every group.
  private func weights(
    of layers: [SharedLinearLayer], _ size: (SharedLinearLayer) -> Int
  ) -> [(index: Int, size: Int)] {
    var seen: Set<Int> = []
    return layers.filter { seen.insert($0.weight).inserted }.map { ($0.weight, $0.groups * size($0)) }
  }

  private func inputMoments(
    of layers: [SharedLinearLayer], _ sharing: WeightSharing, _ interruption: () throws -> Void
  ) throws -> [Int: [(DenseMatrix, [Double])]] {
    var result: [Int: [(DenseMatrix, [Double])]] = [:]
    for parameters in passes(weights(of: layers) { $0.inputs * ($0.inputs + 1) }) {
      try interruption()
      let executor = try layerExecutor { graph throws(InputError) in
        var outputs = DestinationList { .primal(offset: $0) }
        for parameter in parameters {
          let (moment, mean) = try graph.inputMoments(of: graph.position(of: parameter), sharing)
          outputs.append([moment, mean], graph.objective.graph)
        }
        return outputs.items
      }
      let sums = executor.evaluate()
      var offset = 0
      for parameter in parameters {
        guard let layer = layers.first(where: { $0.weight == parameter }) else { continue }
        let n = layer.inputs
        let means = offset + layer.groups * n * n
        result[parameter] = (0..<layer.groups).map { group in
          let moment = DenseMatrix(sums, from: offset + group * n * n, rows: n, columns: n).symmetrized()
          return (moment, (0..<n).map { Double(sums[means + group * n + $0]) })
        }
        offset = means + layer.groups * n
      }
    }
    return result
  }

  private func derivativeMoments(
    of layers: [SharedLinearLayer], _ sharing: WeightSharing, _ source: DerivativeSource,
    _ interruption: () throws -> Void
  ) throws -> [Int: [DenseMatrix]] {
    var result: [Int: [DenseMatrix]] = [:]
    for parameters in passes(weights(of: layers) { $0.outputs * $0.outputs }) {
      let sums = try sumOverDirections(source, interruption) { graph, directions throws(InputError) in
        let chosen = try parameters.map { parameter throws(InputError) in try graph.position(of: parameter) }
        let derivatives = try graph.derivatives(of: chosen, source: source, directions: directions)
        var outputs = DestinationList { .linear(offset: $0) }
        for (index, values) in zip(chosen, derivatives) {
          outputs.append([try graph.derivativeMoment(of: index, values, sharing)], graph.objective.graph)
        }
        return outputs.items
      }
      var offset = 0
      for parameter in parameters {
        guard let layer = layers.first(where: { $0.weight == parameter }) else { continue }
        let m = layer.outputs
        result[parameter] = (0..<layer.groups).map { group in
          DenseMatrix(sums, from: offset + group * m * m, rows: m, columns: m).symmetrized()
        }
        offset += layer.groups * m * m
      }
    }
    return result
  }
}

extension LayerGraph {
  /// The place in ``weights`` of a selected parameter.
  func position(of parameter: Int) throws(InputError) -> Int {
    guard let index = weights.firstIndex(where: { $0.parameter == parameter }) else {
      throw InputError("parameter \(parameter) is not the weight of a linear layer")
    }
    return index
  }
}

extension DenseMatrix {
  /// A matrix from consecutive elements of a vector.
  init<Scalar: Real>(_ vector: Vector<Scalar>, from offset: Int, rows: Int, columns: Int) {
    precondition(offset >= 0 && offset + rows * columns <= vector.count)
    self.init(
      rows: rows, columns: columns,
      elements: vector.withUnsafePointer { pointer in (0..<rows * columns).map { Double(pointer[offset + $0]) } })
  }
}
