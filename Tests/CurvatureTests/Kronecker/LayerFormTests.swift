import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import Testing

/// Every way in which a weight is shared, against the dense Gauss-Newton matrix: its diagonal in random Kronecker bases
/// takes all rows x and derivatives δ of the layers, paired rightly.
@Suite struct LayerFormTests {
  private func expectDiagonals(_ objective: Objective<Double>, _ source: DerivativeSource = .outputs) throws {
    let layers = try objective.linearLayers()
    let bases = try layers.enumerated().map { index, layer in
      (
        inputs: try KroneckerProblem.rotation(layer.inputWidth, seed: UInt64(index)),
        outputs: try KroneckerProblem.rotation(layer.outputs, seed: UInt64(100 + index))
      )
    }
    let found = try objective.kroneckerDiagonals(of: layers, bases: bases, source: source)
    for (index, layer) in layers.enumerated() {
      let dense = try KroneckerProblem.denseBlock(
        objective, layer, source == .labels ? .gradientSecondMoment : .gaussNewton)
      let expected = try KroneckerProblem.diagonal(dense, in: bases[index].outputs.kronecker(bases[index].inputs))
      #expect(relativeError(Vector(found[index].elements), expected) <= 1e-12, "\(layer.name)")
    }
  }

  @Test(arguments: [4, 40]) func denseLayers(microbatch: Int) throws {
    let objective = try SmallProblem.standard(options: ExecutionOptions(microbatch: microbatch))
    let layers = try objective.linearLayers()
    #expect(layers.map(\.name) == ["0", "2.body.0", "2.body.2", "3"])
    #expect(layers.allSatisfy { $0.bias != nil && $0.positions == 1 && $0.places == 1 })
    try expectDiagonals(objective)
    try expectDiagonals(objective, .labels)
  }

  @Test func convolutionsOfEveryKind() throws {
    let objective: Objective<Double> = try SmallProblem.objective(
      KroneckerProblem.convolutions(), KroneckerProblem.images(samples: 7), .crossEntropy,
      options: ExecutionOptions(microbatch: 3))
    let layers = try objective.linearLayers()
    #expect(
      layers.map(\.name) == ["0", "2[0]", "2[1]", "4", "6[0]", "6[1]", "6[2]", "6[3]", "8", "11"])
    #expect(layers.map(\.positions) == [12, 12, 12, 12, 35, 35, 35, 35, 35, 1])
    // The bias of a transposed convolution is added after the rows are spread.
    #expect(layers.map { $0.bias != nil } == [true, true, true, false, false, false, false, false, true, true])
    #expect(layers[3].isTransposed && layers[3].inputs == 6 && layers[3].outputs == 16)
    try expectDiagonals(objective)
    try expectDiagonals(objective, .labels)
  }

  @Test func sequences() throws {
    let network = try Network(input: [3, 9], seed: 4) {
      Convolution1D(3, 4, filter: 3, stride: 2)
      Tanh()
      TransposedConvolution1D(4, 2, filter: 2)
      Flatten()
      Dense(10, 3)
    }
    let objective: Objective<Double> = try SmallProblem.objective(
      network, KroneckerProblem.images(samples: 5, shape: [3, 9]), .crossEntropy)
    #expect(try objective.linearLayers().map(\.positions) == [4, 4, 1])
    try expectDiagonals(objective)
  }

  @Test(arguments: [false, true]) func positionsOfADenseLayer(isMean: Bool) throws {
    let network = try KroneckerProblem.positions(isMean: isMean, isLinear: false)
    let inputs = SmallProblem.numbers([6, 5, 4], seed: 3)
    let targets = SmallProblem.probabilities([isMean ? 6 : 30, 3], seed: 4)
    for loss in [Loss.squaredError, .binaryCrossEntropy] {
      let objective: Objective<Double> = try SmallProblem.objective(
        network, Dataset(inputs: inputs, targets: targets), loss, options: ExecutionOptions(microbatch: 4))
      #expect(try objective.linearLayers().map(\.positions) == [5, 5, isMean ? 1 : 5])
      try expectDiagonals(objective)
      try expectDiagonals(objective, .labels)
    }
  }

  /// Positions before samples: rows are brought into the order of the samples.
  @Test(arguments: [false, true]) func leadingPositions(isFlat: Bool) throws {
    let network = try Network(input: [5, 4], seed: 2) {
      DensePositionsFirst(dense: Dense(4, 6), isFlat: isFlat)
      Tanh()
      PositionMean()
      Dense(6, 3)
    }
    let data = try Dataset(
      inputs: SmallProblem.numbers([6, 5, 4], seed: 3), targets: SmallProblem.labels(6, classes: 3))
    let objective: Objective<Double> = try SmallProblem.objective(
      network, data, .crossEntropy, options: ExecutionOptions(microbatch: 4))
    #expect(try objective.linearLayers().map(\.positions) == [5, 1])
    try expectDiagonals(objective)
    let matrix = try objective.kroneckerCurvature(.ekfac)
    #expect(matrix.blocks.reduce(0) { $0 + $1.dimension } == objective.dimension)
    let exact = try ExactSpectrum.compute(objective.gaussNewton()).eigen.values.reduce(0, +)
    #expect(abs(matrix.trace - exact) <= 1e-12 * exact)
  }

  @Test func tiedWeights() throws {
    let network = try Network(input: [4], seed: 3) {
      TiedDense(width: 4)
      Dense(4, 3)
    }
    let inputs = SmallProblem.numbers([9, 4], seed: 6)
    let data = try Dataset(inputs: inputs, targets: SmallProblem.labels(9, classes: 3))
    let objective: Objective<Double> = try SmallProblem.objective(
      network, data, .crossEntropy, options: ExecutionOptions(microbatch: 4))
    let layer = try #require(try objective.linearLayers().first)
    #expect(layer.places == 2 && layer.positions == 2 && layer.bias == 1)
    try expectDiagonals(objective)
    try expectDiagonals(objective, .labels)
    // E xxᵀ is the mean over both places.
    let weight = network.parameters[0].values.values(as: Double.self)
    let bias = network.parameters[1].values.values(as: Double.self)
    let x = try inputs.doubles()
    var expected = DenseMatrix(zeros: 5, 5)
    for sample in 0..<9 {
      let first = Array(x[sample * 4..<(sample + 1) * 4])
      let second = (0..<4).map { i in
        Self.tanh((0..<4).reduce(bias[i]) { $0 + weight[i * 4 + $1] * first[$1] })
      }
      for row in [first + [1], second + [1]] {
        for i in 0..<5 { for j in 0..<5 { expected[i, j] += row[i] * row[j] / 18 } }
      }
    }
    let factors = try #require(try objective.layerFactors().first)
    #expect(difference(factors.inputMoment, expected) <= 1e-13)
  }

  private static func tanh(_ x: Double) -> Double {
    let p = SoftmaxRow([x, -x]).probabilities
    return p[0] - p[1]
  }

  @Test func weightsStoredByInputs() throws {
    let network = try Network(input: [4], seed: 3) {
      StoredByInputs(inputs: 4, outputs: 6)
      Tanh()
      StoredByInputs(inputs: 6, outputs: 3)
    }
    let data = try Dataset(
      inputs: SmallProblem.numbers([8, 4], seed: 6), targets: SmallProblem.labels(8, classes: 3))
    let objective: Objective<Double> = try SmallProblem.objective(network, data, .crossEntropy)
    #expect(try objective.linearLayers().map(\.isTransposed) == [true, true])
    try expectDiagonals(objective)
  }

  /// Where a normalisation is folded into the filters before it, the layer is found all the same.
  @Test(arguments: [1, 3, 8]) func normalisedConvolutions(microbatch: Int) throws {
    let network = try BatchNormalizationNetwork.make()
    let objective: Objective<Double> = try SmallProblem.objective(
      network, KroneckerProblem.images(samples: 8, shape: [2, 5, 5]), .crossEntropy,
      options: ExecutionOptions(microbatch: microbatch))
    let layers = try objective.linearLayers()
    #expect(layers.map(\.name) == ["0", "3", "8"] && layers.map { $0.bias != nil } == [false, true, true])
    try expectDiagonals(objective)
    let coupled: Objective<Double> = try SmallProblem.objective(
      network.withBatchNormalization(.batch), KroneckerProblem.images(samples: 8, shape: [2, 5, 5]), .crossEntropy)
    #expect(throws: InputError.self) { try coupled.layerFactors() }
    // On three images, where the second convolution's filters are folded into, too.
    let few: Objective<Double> = try SmallProblem.objective(
      network, KroneckerProblem.images(samples: 3, shape: [2, 5, 5]), .crossEntropy,
      options: ExecutionOptions(microbatch: 3))
    #expect(try few.linearLayers() == layers)
  }

  /// The patches of a convolution, cut out by hand.
  @Test func patches() throws {
    let network = try Network(input: [2, 5, 4], seed: 1) {
      Convolution2D(2, 3, filter: 3, stride: 2, padding: 1)
      Flatten()
    }
    let inputs = SmallProblem.numbers([3, 2, 5, 4], seed: 8)
    let objective: Objective<Double> = try SmallProblem.objective(
      network, Dataset(inputs: inputs, targets: SmallProblem.numbers([3, 18], seed: 2)), .squaredError)
    let x = try inputs.doubles()
    var (expand, reduce) = (DenseMatrix(zeros: 19, 19), DenseMatrix(zeros: 19, 19))
    for sample in 0..<3 {
      var mean = [Double](repeating: 0, count: 19)
      for (row, column) in (0..<3).flatMap({ r in (0..<2).map { (r, $0) } }) {
        var patch: [Double] = []
        for channel in 0..<2 {
          for (i, j) in (0..<3).flatMap({ i in (0..<3).map { (i, $0) } }) {
            let (y, z) = (2 * row + i - 1, 2 * column + j - 1)
            let isInside = (0..<5).contains(y) && (0..<4).contains(z)
            patch.append(isInside ? x[((sample * 2 + channel) * 5 + y) * 4 + z] : 0)
          }
        }
        patch.append(1)
        for i in 0..<19 {
          mean[i] += patch[i] / 6
          for j in 0..<19 { expand[i, j] += patch[i] * patch[j] / 18 }
        }
      }
      for i in 0..<19 { for j in 0..<19 { reduce[i, j] += mean[i] * mean[j] / 3 } }
    }
    let both = try [WeightSharing.expand, .reduce].map { try objective.layerFactors(sharing: $0)[0] }
    #expect(difference(both[0].inputMoment, expand) <= 1e-14)
    #expect(difference(both[1].inputMoment, reduce) <= 1e-14)
    // z = h: the sum over 6 positions of I, and the sum of all pairs of them.
    #expect(difference(both[0].outputMoment, DenseMatrix.identity(3).scaled(by: 6)) <= 1e-14)
    #expect(difference(both[1].outputMoment, DenseMatrix.identity(3).scaled(by: 6)) <= 1e-14)
  }
}

enum BatchNormalizationNetwork {
  static func make() throws -> Network {
    let network = try Network(input: [2, 5, 5], seed: 3) {
      Convolution2D(2, 3, filter: 3, stride: 2, padding: 1, bias: false)
      BatchNormalization(3)
      Tanh()
      Convolution2D(3, 4, filter: 2)
      BatchNormalization(4)
      Softplus()
      AdaptiveAveragePooling2D(1)
      Flatten()
      Dense(4, 3)
    }
    // Statistics and scales that are not those of a fresh layer.
    let moved = try network.withParameters(
      network.parameters.enumerated().map { index, parameter in
        .double(parameter.values.values(as: Double.self).enumerated().map { $1 + 0.1 * Double(($0 + index) % 5) })
      })
    return try moved.withLiterals([0: [0.2, -0.1, 0.3], 1: [0.5, 1.5, 0.8], 2: [0.1, 0, 0.2, -0.3]])
  }
}
