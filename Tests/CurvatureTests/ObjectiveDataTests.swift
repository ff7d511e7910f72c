import Archives
import Autodiff
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import Testing

/// Data that does not belong to a network is refused with its place; what belongs counts as it should.
@Suite struct ObjectiveDataTests {
  private static let inputs = SmallProblem.numbers([12, 6], seed: 1)

  private func expectError(
    _ targets: NumpyArray?, _ loss: Loss, inputs: NumpyArray = inputs, mentions words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let network = try SmallProblem.network()
    let error = #expect(throws: InputError.self, sourceLocation: sourceLocation) {
      try SmallProblem.objective(network, Dataset(inputs: inputs, targets: targets, name: "my data"), loss)
    }
    let text = error.map(\.description) ?? ""
    for word in words + ["my data"] { #expect(text.contains(word), "\(text)", sourceLocation: sourceLocation) }
  }

  @Test func labelsOutOfRange() throws {
    var labels = (0..<12).map { Int64($0 % 4) }
    labels[7] = 4
    try expectError(NumpyArray(labels), .crossEntropy, mentions: "y[7]", "4 outputs")
    labels[7] = -1
    try expectError(NumpyArray(labels), .crossEntropy, mentions: "y[7]", "-100")
  }

  @Test func shapesThatDoNotFit() throws {
    let labels = SmallProblem.labels(12, classes: 4)
    try expectError(
      labels, .crossEntropy, inputs: SmallProblem.numbers([12, 5], seed: 1), mentions: "[5]", "[6]")
    try expectError(SmallProblem.numbers([12, 3], seed: 2), .squaredError, mentions: "3 numbers", "4 outputs")
    try expectError(SmallProblem.labels(24, classes: 4), .crossEntropy, mentions: "2 rows")
  }

  @Test func targetsOfTheWrongKind() throws {
    try expectError(nil, .crossEntropy, mentions: "no array 'y'")
    try expectError(nil, .squaredError, mentions: "no array 'y'")
    for loss in [Loss.squaredError, .meanSquaredError, .binaryCrossEntropy] {
      try expectError(SmallProblem.labels(12, classes: 4), loss, mentions: "class labels")
    }
    try expectError(SmallProblem.numbers([12], seed: 2), .crossEntropy, mentions: "integer labels")
  }

  @Test func onlyIgnoredLabels() throws {
    try expectError(NumpyArray([Int64](repeating: -100, count: 12)), .crossEntropy, mentions: "every label")
  }

  @Test func outputsThatAreNoLosses() throws {
    let network = try SmallProblem.network()
    let error = #expect(throws: InputError.self) {
      try SmallProblem.objective(network, Dataset(inputs: Self.inputs), .output)
    }
    #expect(error?.problem.contains("one loss a sample") == true)
  }

  /// Inputs in another shape of as many numbers, as images for a dense network, are taken.
  @Test func imagesForADenseNetwork() throws {
    let network = try SmallProblem.network()
    let labels = SmallProblem.labels(12, classes: 4)
    let flat = try SmallProblem.objective(network, Dataset(inputs: Self.inputs, targets: labels), .crossEntropy)
    let images = try SmallProblem.objective(
      network, Dataset(inputs: Self.inputs.reshaped([12, 2, 3]), targets: labels), .crossEntropy)
    #expect(try flat.lossAndGradient().gradient == images.lossAndGradient().gradient)
  }

  /// Labels −100 are as if their samples were not there.
  @Test func ignoredLabelsLeaveTheirSamplesOut() throws {
    let network = try SmallProblem.network()
    let rows = (0..<12).filter { $0 % 3 != 1 }
    let numbers = try Self.inputs.doubles()
    let labels = try SmallProblem.labels(12, classes: 4).integers()
    let some = try Dataset(
      inputs: NumpyArray(rows.flatMap { numbers[$0 * 6..<$0 * 6 + 6] }, shape: [rows.count, 6]),
      targets: NumpyArray(rows.map { Int64(labels[$0]) }))
    let ignored = try Dataset(
      inputs: Self.inputs, targets: NumpyArray(labels.enumerated().map { $0 % 3 == 1 ? -100 : Int64($1) }))
    let (left, right) = (
      try SmallProblem.objective(network, some, .crossEntropy),
      try SmallProblem.objective(network, ignored, .crossEntropy, options: ExecutionOptions(microbatch: 5))
    )
    #expect(left.effectiveSamples == 8 && right.effectiveSamples == 8)
    let v = randomVector(left.dimension, seed: 1, as: Double.self)
    let (loss, gradient) = try left.lossAndGradient()
    let (otherLoss, other) = try right.lossAndGradient()
    #expect(abs(loss - otherLoss) <= 1e-14 * loss)
    #expect(relativeError(other, gradient) <= 1e-13)
    #expect(relativeError(try right.hessian().apply(v), try left.hessian().apply(v)) <= 1e-13)
    #expect(relativeError(try right.gaussNewton().apply(v), try left.gaussNewton().apply(v)) <= 1e-13)
    #expect(try right.accuracy() == left.accuracy())
  }

  /// Several positions a sample: the same as each position on its own, with one label ignored.
  @Test func positionsOfASequence() throws {
    let (samples, positions) = (10, 3)
    var labels = try SmallProblem.labels(samples * positions, classes: 4).integers().map { Int64($0) }
    labels[4] = -100
    let numbers = SmallProblem.numbers([samples, positions, 6], seed: 3)
    func build(_ input: [Int]) throws -> Network {
      try Network(input: input, seed: 2) {
        Dense(6, 8)
        SiLU()
        Dense(8, 4)
      }
    }
    let sequences = try SmallProblem.objective(
      build([positions, 6]), Dataset(inputs: numbers, targets: NumpyArray(labels)), .crossEntropy,
      options: ExecutionOptions(microbatch: 4))
    let rows = try SmallProblem.objective(
      build([6]), Dataset(inputs: numbers.reshaped([samples * positions, 6]), targets: NumpyArray(labels)),
      .crossEntropy)
    #expect(sequences.effectiveSamples == 29 && rows.effectiveSamples == 29)
    #expect(
      relativeError(try sequences.lossAndGradient().gradient, try rows.lossAndGradient().gradient) <= 1e-13)
    for kind in OperatorKind.withoutClasses {
      let (left, right) = (try sequences.curvature(kind), try rows.curvature(kind))
      let v = randomVector(left.dimension, seed: 1, as: Double.self)
      #expect(relativeError(try left.apply(v), try right.apply(v)) <= 1e-13, "\(kind)")
    }
    #expect(sequences.outputShape == [3, 4] && rows.outputShape == [4])
  }

  @Test func numbersThatAreNotFinite() throws {
    let network = try SmallProblem.network()
    let data = try SmallProblem.labelled(samples: 10, inputs: 6, classes: 4)
    for number in [Double.nan, .infinity, 1e300] {
      var parameters = network.parameterVector(as: Double.self)
      for index in 0..<parameters.count where index % 3 == 0 { parameters[index] = number }
      let objective = try SmallProblem.objective(network, data, .crossEntropy).at(parameters)
      let error = #expect(throws: InputError.self) { try objective.lossAndGradient() }
      #expect(error?.remedy?.isEmpty == false)
    }
    var numbers = try Self.inputs.doubles()
    numbers[5] = .nan
    #expect(throws: InputError.self) { try Dataset(inputs: NumpyArray(numbers, shape: [12, 6])) }
  }

  /// What a model does to a whole batch without saying so would depend on the microbatches.
  @Test(arguments: [2, 5, 12]) func networksThatMixSamples(count: Int) throws {
    let rows = try Dataset(
      inputs: SmallProblem.numbers([count, 6], seed: 1), targets: SmallProblem.labels(count, classes: 4))
    func objective<Scalar: Real>(_ strength: Double, as type: Scalar.Type) throws -> Objective<Scalar> {
      let network = try Network(input: [6], seed: 1) {
        Dense(6, 4)
        MixedSamples(strength: strength)
      }
      return try SmallProblem.objective(network, rows, .crossEntropy, as: type)
    }
    for strength in [1, 1e-3] {
      let error = #expect(throws: InputError.self) { try objective(strength, as: Double.self) }
      #expect(error?.problem.contains("mixes the samples of a batch") == true)
      #expect(throws: InputError.self) { try objective(strength, as: Float.self) }
    }
    _ = try objective(0, as: Double.self)
    _ = try objective(0, as: Float.self)
  }
}

/// x plus a multiple of the mean over the batch.
private struct MixedSamples: Layer {
  let strength: Double

  func declaration(input: [Int]) throws(InputError) -> LayerDeclaration { LayerDeclaration(output: input) }

  func lower(_ x: Value, parameters: inout ParameterReader, in graph: inout Graph) throws(InputError) -> Value {
    let shape = graph.shape(of: x)
    let mean = try graph.multiply(graph.reduce(.sum, x, over: [0]), strength / Double(shape[0]))
    return try graph.add(x, graph.broadcast(mean, to: shape, dimensions: [1]))
  }
}
