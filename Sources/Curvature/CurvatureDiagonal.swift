import Autodiff
import Krylov
import Networks
import Tensors

extension ObjectiveGraph {
  /// Σᵢ wᵢ (Jᵢᵀ sᵢ) ⊙ (Jᵢᵀ sᵢ), with sᵢ the factor of ∂²ℓᵢ/∂z² in a direction that a vector over a sample's outputs
  /// chooses: summed over all unit vectors it is the diagonal of the Gauss-Newton matrix. `nil` where the gradients of
  /// single samples are not at hand.
  ///
  /// - Parameter isFisher: the factor of the Fisher matrix, which differs for soft targets that do not sum to one.
  mutating func diagonalPart(
    microbatch: Int, isFisher: Bool
  ) throws(InputError) -> [(Value, ResultDestination)]? {
    let shape = graph.shape(of: outputs)
    let rows = graph.type(of: weights).count
    let matrix = [rows, graph.type(of: outputs).count / max(1, rows)]
    let sample = [microbatch, graph.type(of: outputs).count / max(1, microbatch)]
    let chosen = graph.source(.vector(0), type: TensorType([sample[1]]))
    let direction = try graph.reshape(graph.broadcast(chosen, to: sample, dimensions: [1]), to: matrix)
    let factor = try curvatureFactor(direction, matrix, isFisher: isFisher)
    let roots = try graph.apply(.sqrt, weights)
    let weighted = try graph.multiply(factor, graph.broadcast(roots, to: matrix, dimensions: [0]))
    let gradients = try graph.pullBack([outputs], cotangents: [graph.reshape(weighted, to: shape)], at: parameters)
    guard let sums = try squares(gradients, microbatch) else { return nil }
    return destinations(sums, from: 0) { .linear(offset: $0) }
  }

  /// Σᵢ wᵢ gᵢ ⊙ gᵢ, the diagonal of the second moment of the gradients; `nil` where those of single samples are not at
  /// hand.
  mutating func secondMomentDiagonal(microbatch: Int) throws(InputError) -> [(Value, ResultDestination)]? {
    let roots = try graph.apply(.sqrt, weights)
    let gradients = try graph.pullBack([sampleLosses], cotangents: [roots], at: parameters)
    guard let sums = try squares(gradients, microbatch) else { return nil }
    return destinations(sums, from: 0) { .primal(offset: $0) }
  }

  private mutating func squares(_ gradients: [Value], _ microbatch: Int) throws(InputError) -> [Value]? {
    var squares = SampleSquares(graph: graph, samples: microbatch)
    var results: [Value] = []
    for gradient in gradients {
      if let sum = try squares.sum(of: gradient) {
        results.append(sum)
      } else if microbatch == 1 {
        results.append(try squares.graph.multiply(gradient, gradient))
      } else {
        return nil
      }
    }
    graph = squares.graph
    return results
  }

  /// S e for each row, with S Sᵀ = ∂²ℓ/∂z².
  mutating func curvatureFactor(
    _ direction: Value, _ matrix: [Int], isFisher: Bool
  ) throws(InputError) -> Value {
    let scores = try graph.reshape(outputs, to: matrix)
    switch definition {
    case .crossEntropy:
      // S = (I − p 1ᵀ) diag(√p), so that S Sᵀ = diag p − ppᵀ.
      let probabilities = try graph.softmax(scores, dimension: 1)
      let scaled = try graph.multiply(direction, graph.apply(.sqrt, probabilities))
      let sum = try graph.reduce(.sum, scaled, over: [1])
      let factor = try graph.subtract(
        scaled, graph.multiply(probabilities, graph.broadcast(sum, to: matrix, dimensions: [0])))
      guard !isFisher, graph.type(of: targets).element == .real else { return factor }
      let mass = try graph.reduce(.sum, graph.reshape(targets, to: matrix), over: [1])
      return try graph.multiply(
        factor, graph.broadcast(graph.apply(.sqrt, mass), to: matrix, dimensions: [0]))
    case .squaredError: return direction
    case .meanSquaredError: return try graph.multiply(direction, (2 / Double(matrix[1])).squareRoot())
    case .binaryCrossEntropy:
      let variance = try graph.multiply(
        graph.apply(.logistic, scores), graph.apply(.logistic, graph.negate(scores)))
      return try graph.multiply(direction, graph.apply(.sqrt, variance))
    case .output: throw InputError("the loss \(definition.rawValue) leaves nothing to split")
    }
  }
}

extension Objective {
  /// The diagonal of the Gauss-Newton matrix, of the Fisher matrix or of the second moment of the gradients, exactly; `nil` where
  /// ``TraceEstimator/diagonal(_:probes:observe:)`` has to estimate it.
  ///
  /// For the first two one backward pass over the data for each output of a sample: with S Sᵀ = ∂²ℓ/∂z² the diagonal is
  /// (1/n) Σᵢ Σ_c (Jᵢᵀ S e_c)². For dense layers a pass is two matrix products a layer whatever the microbatch. Where
  /// the samples' own gradients are not at hand, as for convolutions, every sample is a microbatch of its own, which is
  /// slow.
  ///
  /// There is no formula for other operators; where batch statistics couple the samples, so that a sample's gradient
  /// runs through its whole group; for the second moment where a sample has several rows, whose gradients a pass adds
  /// up; and for models of a fixed batch size whose samples' gradients are not at hand.
  ///
  /// - Parameter interruption: called before every pass; throws to stop.
  /// - Throws: ``InputError`` for the loss `output`, which leaves nothing to split.
  public func exactDiagonal(
    of kind: OperatorKind, interruption: () throws -> Void = {}
  ) throws -> DiagonalEstimate? {
    guard kind == .gaussNewton || kind == .fisher || kind == .gradientSecondMoment else { return nil }
    if network.batchNormalization?.couplesSamples == true { return nil }
    if kind == .gradientSecondMoment && data.rowsPerSample > 1 { return nil }
    guard let suited = try cutForSampleSquares() else { return nil }
    if let diagonal = try suited.exactDiagonal(kind, interruption) { return diagonal }
    guard case .dynamic = network.batch else { return nil }
    return try cut(intoMicrobatchesOf: 1).exactDiagonal(kind, interruption)
  }

  /// The same objective in microbatches whose size is that of no other dimension in the graph: the dimension of the
  /// samples is then known by its size. `nil` where the size is fixed and another dimension has it.
  func cutForSampleSquares() throws -> Objective? {
    guard case .dynamic = network.batch else {
      return try otherDimensions(microbatch: schedule.microbatch).contains(schedule.microbatch) ? nil : self
    }
    // Those of two sizes are told apart from the samples' by not changing with them.
    let taken = try otherDimensions(microbatch: 1).union(otherDimensions(microbatch: 2))
    let size = (1...schedule.microbatch).reversed().first { size in
      !taken.contains(size) && !taken.contains(data.samples % size)
    }
    return try cut(intoMicrobatchesOf: size ?? 1)
  }

  /// The sizes of all dimensions of values in the graph of the gradient, but for first ones that are the number of samples.
  private func otherDimensions(microbatch: Int) throws -> Set<Int> {
    var objective = try ObjectiveGraph(
      network: network, loss: loss, selection: selection, targetType: targetType, rowsPerSample: data.rowsPerSample,
      microbatch: microbatch)
    _ = try objective.lossAndGradient()
    var sizes: Set<Int> = []
    for value in objective.graph.values {
      let shape = objective.graph.shape(of: value)
      sizes.formUnion(shape.first == microbatch ? shape.dropFirst() : shape[...])
    }
    return sizes.subtracting([1])
  }

  /// The same objective cut into other microbatches.
  func cut(intoMicrobatchesOf size: Int) throws(InputError) -> Objective {
    var other = self
    other.options.microbatch = size
    other.schedule = try ScheduleRule.schedule(samples: data.samples, network: network, options: other.options)
    return other
  }

  /// `nil` where these microbatches do not have the gradients of single samples at hand.
  private func exactDiagonal(
    _ kind: OperatorKind, _ interruption: () throws -> Void
  ) throws -> DiagonalEstimate? {
    func executor(
      _ build: (inout ObjectiveGraph, Int) throws(InputError) -> [(Value, ResultDestination)]?
    ) throws(InputError) -> Executor<Scalar>? {
      var plans: [Int: Plan] = [:]
      for size in schedule.sizes {
        var isAtHand = true
        plans[size] = try plan(size) { graph throws(InputError) in
          let parts = try build(&graph, size)
          isAtHand = parts != nil
          return parts ?? []
        }
        guard isAtHand else { return nil }
      }
      return try self.executor(plans)
    }
    switch kind {
    case .gradientSecondMoment:
      guard
        let executor = try executor({ graph, size throws(InputError) in
          try graph.secondMomentDiagonal(microbatch: size)
        })
      else { return nil }
      try interruption()
      return DiagonalEstimate(exact: executor.evaluate().converted(), products: 1)
    case .gaussNewton, .fisher:
      guard loss != .output else {
        throw InputError(
          "the network returns losses itself, so there is no output to split the matrix at",
          remedy: "export the network without its loss and name the loss with --loss")
      }
      guard
        let executor = try executor({ graph, size throws(InputError) in
          try graph.diagonalPart(microbatch: size, isFisher: kind == .fisher)
        })
      else { return nil }
      var sum = Vector<Double>(zeros: dimension)
      let sumSpace = DenseVectorSpace<Double>(dimension: dimension, pool: pool)
      for start in stride(from: 0, to: outputsPerSample, by: 16) {
        try interruption()
        let units = (start..<min(start + 16, outputsPerSample)).map { output in
          var unit = Vector<Scalar>(zeros: outputsPerSample)
          unit[output] = 1
          return unit
        }
        for part in executor.apply(units) { sumSpace.axpy(1, part.converted(), &sum) }
      }
      return DiagonalEstimate(exact: sum, products: outputsPerSample)
    case .hessian, .classPart, .crossClassPart, .sameClassPart, .withinClassPart, .functional, .gradientCovariance,
      .monteCarloFisher, .tangentKernel, .kfacExpand, .kfacReduce, .ekfac, .decoupled, .shampoo:
      throw InputError(
        "there is no formula for the diagonal of the \(kind.title)", remedy: "estimate it from products")
    }
  }
}
