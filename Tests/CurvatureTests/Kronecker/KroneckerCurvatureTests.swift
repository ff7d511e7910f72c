import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import Testing

/// Approximations of the whole matrix as operators.
@Suite struct KroneckerCurvatureTests {
  private func normalised() throws -> Objective<Double> {
    try SmallProblem.objective(
      BatchNormalizationNetwork.make(), KroneckerProblem.images(samples: 8, shape: [2, 5, 5]), .crossEntropy,
      options: ExecutionOptions(microbatch: 3))
  }

  @Test(arguments: KroneckerMethod.allCases) func operators(method: KroneckerMethod) throws {
    for objective in [try SmallProblem.standard(), try normalised()] {
      let matrix = try objective.kroneckerCurvature(method)
      #expect(matrix.blocks.reduce(0) { $0 + $1.dimension } == objective.dimension)
      let dense = try ExactSpectrum.compute(matrix)
      let values = Array(dense.eigen.values.reversed())
      let scale = values[0]
      #expect(values.allSatisfy { $0 >= -1e-13 * scale })
      let largest = matrix.largest(12)
      for (index, eigenvalue) in largest.enumerated() {
        #expect(abs(eigenvalue.value - values[index]) <= 1e-12 * scale)
        let vector = matrix.vector(eigenvalue)
        #expect(abs(norm(vector) - 1) <= 1e-12)
        let image = try matrix.apply(vector)
        #expect(norm(Vector((0..<image.count).map { image[$0] - eigenvalue.value * vector[$0] })) <= 1e-12 * scale)
      }
      #expect(abs(matrix.trace - values.reduce(0, +)) <= 1e-12 * matrix.trace)
      let squares = values.reduce(0) { $0 + $1 * $1 }
      #expect(abs(matrix.frobeniusNorm - squares.squareRoot()) <= 1e-12 * matrix.frobeniusNorm)
      // By its name, whole and cut into blocks.
      let kind = try #require(OperatorKind(rawValue: method.rawValue))
      let v = randomVector(objective.dimension, seed: 2, as: Double.self)
      #expect(relativeError(try objective.curvature(kind).apply(v), try matrix.apply(v)) <= 1e-13)
      for division in ParameterBlock.Division.allCases {
        let blocks = objective.blocks(division)
        let cut = try objective.curvature(kind, blocks: blocks).apply(v)
        var expected = Vector<Double>(zeros: objective.dimension)
        for block in blocks {
          var masked = Vector<Double>(zeros: objective.dimension)
          for index in block.ranges.joined() { masked[index] = v[index] }
          let product = try matrix.apply(masked)
          for index in block.ranges.joined() { expected[index] = product[index] }
        }
        #expect(relativeError(cut, expected) <= 1e-13)
      }
    }
  }

  /// Scales, shifts and lone biases are exact, all entries between them and within a layer's block of normalisation.
  @Test(arguments: [DerivativeSource.outputs, .labels, .draws(2, seed: 5)])
  func smallBlocks(source: DerivativeSource) throws {
    let objective = try normalised()
    let matrix = try objective.kroneckerCurvature(.kfacExpand, options: KroneckerOptions(source: source))
    let small = matrix.blocks.filter { $0.layer == nil }
    #expect(small.map(\.name) == ["1", "4"] && small.map(\.dimension) == [6, 8])
    for block in small {
      let exact = try objective.exactOperator(of: block, source.kind, options: OperatorOptions(fisherDraws: 2, seed: 5))
      #expect(try block.relativeError(to: exact) <= 1e-12, "\(block.name)")
    }
  }

  /// Draws one after the other are those of the operator that takes all of them together.
  @Test(arguments: [Loss.crossEntropy, .squaredError, .meanSquaredError, .binaryCrossEntropy], [1, 3])
  func drawsOfTheOperator(loss: Loss, draws: Int) throws {
    let network = try SmallProblem.network()
    let inputs = SmallProblem.numbers([8, 6], seed: 2)
    let isLabelled = loss == .crossEntropy
    let targets =
      isLabelled
      ? SmallProblem.labels(8, classes: 4)
      : NumpyArray([Double](repeating: loss == .binaryCrossEntropy ? 1 : 0.5, count: 32), shape: [8, 4])
    let objective: Objective<Double> = try SmallProblem.objective(
      network, Dataset(inputs: inputs, targets: targets), loss)
    let options = OperatorOptions(
      fisherDraws: draws, seed: 9, kronecker: KroneckerOptions(source: .draws(draws, seed: 9)))
    func trace(_ kind: OperatorKind) throws -> Double {
      let operation = try objective.curvature(kind, options: options)
      return try (0..<operation.dimension).reduce(0) { sum, index in
        var unit = Vector<Double>(zeros: operation.dimension)
        unit[index] = 1
        return sum + (try operation.apply(unit))[index]
      }
    }
    let exact = try trace(.monteCarloFisher)
    #expect(try abs(trace(.ekfac) - exact) <= 1e-12 * exact)
  }

  /// Where the network returns its losses, gradients are all there is.
  @Test func sourcesAndLossesAsOutputs() throws {
    let objective = try SmallProblem.objective(
      SmallProblem.network(outputs: 1), Dataset(inputs: SmallProblem.numbers([5, 6], seed: 2)), .output)
    let v = randomVector(objective.dimension, seed: 2, as: Double.self)
    for kind in [OperatorKind.kfacExpand, .ekfac, .decoupled] {
      #expect(throws: InputError.self) { try objective.curvature(kind) }
      let labels = OperatorOptions(kronecker: KroneckerOptions(source: .labels))
      #expect(try objective.curvature(kind, options: labels).apply(v).elements.allSatisfy(\.isFinite))
    }
    #expect(try objective.curvature(.shampoo).apply(v).elements.allSatisfy(\.isFinite))
  }

  @Test(arguments: KroneckerMethod.allCases, [1e-3, 1e-1]) func inverses(
    method: KroneckerMethod, damping: Double
  ) throws {
    let objective = try SmallProblem.standard()
    let matrix = try objective.kroneckerCurvature(method)
    let b = randomVector(objective.dimension, seed: 4, as: Double.self)
    let solution = try ConjugateGradients(tolerance: 1e-13).solve(matrix, damping: damping, b)
    #expect(solution.converged)
    #expect(relativeError(try matrix.inverse(.exact(damping)).apply(b), solution.vector) <= 1e-10)
    if method == .ekfac {
      #expect(throws: InputError.self) { try matrix.inverse(.factored(damping)) }
    } else {
      // (A + π√λ I) ⊗ (B + √λ/π I) of the first block.
      let block = matrix.blocks[0]
      let factors = try #require(block.matrix.factors)
      let mean = { (values: [Double]) in values.reduce(0, +) / Double(values.count) }
      let ratio = (mean(factors.left) / mean(factors.right)).squareRoot()
      let own = block.gather(b)
      let shifted = block.matrix.withFactors(
        KroneckerOperator<Double>.Factors(
          left: factors.left.map { $0 + ratio * damping.squareRoot() },
          right: factors.right.map { $0 + damping.squareRoot() / ratio }))
      let back = try shifted.apply(block.gather(try matrix.inverse(.factored(damping)).apply(b)))
      #expect(relativeError(back, own) <= 1e-10)
    }
    #expect(throws: InputError.self) { try matrix.inverse(.exact(0)) }
  }

  /// L and R from the gradients of single samples, and of batches.
  @Test(arguments: [1, 4]) func shampoo(batch: Int) throws {
    let network = try SmallProblem.network()
    let (inputs, labels) = (SmallProblem.numbers([12, 6], seed: 2), SmallProblem.labels(12, classes: 4))
    let objective: Objective<Double> = try SmallProblem.objective(
      network, Dataset(inputs: inputs, targets: labels), .crossEntropy)
    let layers = try objective.linearLayers()
    let gradients = try SampleGradients.compute(network, inputs: inputs, targets: labels, .crossEntropy)
    let moments = try objective.shampooMoments(of: layers, batch: batch)
    for (layer, moments) in zip(layers, moments) {
      var left = DenseMatrix(zeros: layer.outputs, layer.outputs)
      var right = DenseMatrix(zeros: layer.inputWidth, layer.inputWidth)
      for start in stride(from: 0, to: 12, by: batch) {
        let mean = layer.elementPlaces.map { place in
          (start..<start + batch).reduce(0.0) { $0 + gradients[$1][place] } / Double(batch)
        }
        let matrix = DenseMatrix(rows: layer.outputs, columns: layer.inputWidth, elements: mean)
        left = left + (try matrix.outerGram()).scaled(by: Double(batch) / 12)
        right = right + (try matrix.gram()).scaled(by: Double(batch) / 12)
      }
      #expect(KroneckerProblem.relative(left, moments.left) <= 1e-12)
      #expect(KroneckerProblem.relative(right, moments.right) <= 1e-12)
    }
    // tr(L ⊗ R/tr L) = tr R = tr M; with the exponents 1/4 tr L^½ tr R^½.
    let whole = try objective.kroneckerCurvature(
      .shampoo, options: KroneckerOptions(shampooExponent: 0.5, shampooBatch: batch))
    for (block, moments) in zip(whole.blocks, moments) {
      let trace = (0..<moments.right.rows).reduce(0) { $0 + moments.right[$1, $1] }
      #expect(abs(block.matrix.trace - trace) <= 1e-12 * trace)
    }
  }

  /// A batch whose labels are all ignored has no weight.
  @Test func shampooOfBatchesWithoutWeight() throws {
    let network = try SmallProblem.network()
    let inputs = SmallProblem.numbers([4, 6], seed: 2)
    let kept = NumpyArray(try Array(inputs.doubles().suffix(12)), shape: [2, 6])
    let objective: Objective<Double> = try SmallProblem.objective(
      network, Dataset(inputs: inputs, targets: NumpyArray([Int64(-100), -100, 1, 3])), .crossEntropy)
    let alone: Objective<Double> = try SmallProblem.objective(
      network, Dataset(inputs: kept, targets: NumpyArray([Int64(1), 3])), .crossEntropy)
    let expected = try alone.shampooMoments(of: alone.linearLayers(), batch: 2)
    for (moments, expected) in zip(try objective.shampooMoments(of: objective.linearLayers(), batch: 2), expected) {
      #expect(KroneckerProblem.relative(moments.left, expected.left) <= 1e-12)
      #expect(KroneckerProblem.relative(moments.right, expected.right) <= 1e-12)
    }
    #expect(throws: InputError.self) { try alone.shampooMoments(of: alone.linearLayers(), batch: 3) }
  }

  /// Convolutions have the same moments from every sample's gradient.
  @Test(arguments: [1, 3]) func shampooOfConvolutions(batch: Int) throws {
    let objective: Objective<Double> = try SmallProblem.objective(
      KroneckerProblem.convolutions(), KroneckerProblem.images(samples: 6), .crossEntropy)
    let layers = try objective.linearLayers()
    for (layer, moments) in zip(layers, try objective.shampooMoments(of: layers, batch: batch)) {
      let traces = [moments.left, moments.right].map { matrix in (0..<matrix.rows).reduce(0) { $0 + matrix[$1, $1] } }
      #expect(abs(traces[0] - traces[1]) <= 1e-12 * traces[0])
      if batch == 1 {
        let dense = try KroneckerProblem.denseBlock(objective, layer, .gradientSecondMoment)
        // (R)_jl = Σ_i M_(ij)(il), (L)_ik = Σ_j M_(ij)(kj).
        let (m, n) = (layer.outputs, layer.inputWidth)
        var (left, right) = (DenseMatrix(zeros: m, m), DenseMatrix(zeros: n, n))
        for i in 0..<m { for j in 0..<n { for l in 0..<n { right[j, l] += dense[i * n + j, i * n + l] } } }
        for i in 0..<m { for k in 0..<m { for j in 0..<n { left[i, k] += dense[i * n + j, k * n + j] } } }
        #expect(KroneckerProblem.relative(left, moments.left) <= 1e-12, "\(layer.name)")
        #expect(KroneckerProblem.relative(right, moments.right) <= 1e-12, "\(layer.name)")
      }
    }
  }

  /// Labels: E δδᵀ is the second moment of the bias's gradients. Draws: the mean over many is the factor of the outputs.
  @Test(arguments: [Loss.crossEntropy, .squaredError, .binaryCrossEntropy]) func sources(loss: Loss) throws {
    let objective = try SmallProblem.standard(loss)
    let exact = try objective.layerFactors()
    let labels = try objective.layerFactors(source: .labels)
    let drawn = try objective.layerFactors(source: .draws(300, seed: 1))
    for index in exact.indices {
      let range = try #require(exact[index].layer.biasRange)
      let part = PartOperator(try objective.gradientSecondMoment(), places: Array(range))
      let moment = DenseMatrix(
        rows: range.count, columns: range.count, elements: try ExactSpectrum.symmetricMatrix(part).matrix)
      #expect(KroneckerProblem.relative(moment, labels[index].outputMoment) <= 1e-12)
      #expect(KroneckerProblem.relative(exact[index].outputMoment, drawn[index].outputMoment) <= 0.05)
    }
    #expect(throws: InputError.self) { try objective.layerFactors(source: .draws(0, seed: 1)) }
  }

  @Test func sameBitsForAnyNumberOfWorkers() throws {
    func factors<Scalar: Real>(_ workers: Int, _ type: Scalar.Type) throws -> [LayerFactors] {
      let objective: Objective<Scalar> = try SmallProblem.objective(
        KroneckerProblem.convolutions(), KroneckerProblem.images(samples: 9), .crossEntropy, as: type,
        options: ExecutionOptions(microbatch: 2, tasks: 3), workers: workers)
      return try objective.layerFactors()
    }
    let double = try factors(1, Double.self)
    #expect(
      try zip(double, factors(3, Double.self)).allSatisfy {
        $0.inputMoment == $1.inputMoment && $0.outputMoment == $1.outputMoment
      })
    let single = try factors(1, Float.self)
    #expect(
      try zip(single, factors(3, Float.self)).allSatisfy {
        $0.inputMoment == $1.inputMoment && $0.outputMoment == $1.outputMoment
      })
    for (a, b) in zip(double, single) {
      #expect(KroneckerProblem.relative(a.inputMoment, b.inputMoment) <= 1e-5)
      #expect(KroneckerProblem.relative(a.outputMoment, b.outputMoment) <= 1e-5)
    }
  }

  /// Layers wide enough for packed products, and patches.
  @Test(arguments: KroneckerMethod.allCases) func singlePrecision(method: KroneckerMethod) throws {
    let wide = try Network(input: [60], seed: 3) {
      Dense(60, 64)
      Tanh()
      Dense(64, 50)
      Tanh()
      Dense(50, 4)
    }
    let cases = [
      (wide, try KroneckerProblem.images(samples: 70, shape: [60], classes: 4)),
      (try KroneckerProblem.convolutions(), try KroneckerProblem.images(samples: 20)),
    ]
    for (network, data) in cases {
      func curvature<Scalar: Real>(_ type: Scalar.Type) throws -> KroneckerCurvature<Scalar> {
        try SmallProblem.objective(network, data, .crossEntropy, as: type).kroneckerCurvature(method)
      }
      let (double, single) = (try curvature(Double.self), try curvature(Float.self))
      for (a, b) in zip(double.blocks, single.blocks) {
        // Shampoo's fourth roots magnify what rounding leaves of zero eigenvalues.
        let tolerance = method == .shampoo ? 2e-2 : 1e-4
        #expect(abs(a.matrix.trace - b.matrix.trace) <= tolerance * a.matrix.trace, "\(a.name)")
        #expect(abs(a.matrix.frobeniusNorm - b.matrix.frobeniusNorm) <= tolerance * a.matrix.frobeniusNorm)
      }
    }
  }

  @Test func refusals() throws {
    // A weight that is no product's, and too large to be held in full.
    let network = try Network(input: [5000], seed: 1) {
      LayerNormalization(5000)
      Dense(5000, 2)
    }
    let data = try Dataset(
      inputs: SmallProblem.numbers([4, 5000], seed: 1), targets: SmallProblem.labels(4, classes: 2))
    let objective: Objective<Double> = try SmallProblem.objective(network, data, .crossEntropy)
    #expect(throws: InputError.self) { try objective.exactBlocks(objective.blocks(.layer)) }
  }
}
