import Archives
import Autodiff
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import TestSupport
import Testing

/// Diagonal blocks, the mass between them, diagonals and the decomposition by classes, against dense matrices.
@Suite struct BlockTests {
  @Test func names() throws {
    let objective = try SmallProblem.standard()
    let layers = objective.blocks(.layer)
    #expect(layers.map(\.name) == ["0", "2.body.0", "2.body.2", "3"])
    #expect(layers.map(\.dimension).reduce(0, +) == objective.dimension && layers[0].ranges == [0..<42, 42..<49])
    #expect(objective.blocks(.parameter).map(\.name) == objective.network.parameters.map(\.name))
  }

  /// The block-diagonal operator is the dense matrix with zeros between the blocks.
  @Test(arguments: OperatorKind.onParameters, ParameterBlock.Division.allCases)
  func blockDiagonal(kind: OperatorKind, division: ParameterBlock.Division) throws {
    let objective = try SmallProblem.standard(options: ExecutionOptions(microbatch: 16))
    let n = objective.dimension
    let blocks = objective.blocks(division)
    var block = [Int](repeating: 0, count: n)
    for (index, part) in blocks.enumerated() { for element in part.ranges.joined() { block[element] = index } }
    let whole = try ExactSpectrum.symmetricMatrix(objective.curvature(kind)).matrix
    let parts = try ExactSpectrum.symmetricMatrix(objective.curvature(kind, blocks: blocks)).matrix
    let size = whole.reduce(0) { max($0, abs($1)) }
    var worst = 0.0
    for row in 0..<n {
      for column in 0..<n {
        let expected = block[row] == block[column] ? whole[column * n + row] : 0
        worst = max(worst, abs(parts[column * n + row] - expected))
      }
    }
    #expect(worst <= 1e-14 * size)
  }

  @Test func tangentKernelHasNoBlocks() throws {
    let objective = try SmallProblem.standard()
    #expect(throws: InputError.self) { try objective.curvature(.tangentKernel, blocks: objective.blocks(.layer)) }
    #expect(throws: InputError.self) { try objective.blockMass(of: .tangentKernel, by: .layer, probes: 1) }
    #expect(throws: InputError.self) { try objective.blockMass(of: .hessian, by: .layer, probes: 0) }
  }

  @Test func massBetweenBlocks() throws {
    let objective = try SmallProblem.standard()
    let n = objective.dimension
    let matrix = try ExactSpectrum.symmetricMatrix(objective.hessian()).matrix
    let blocks = objective.blocks(.layer)
    let mass = try objective.blockMass(of: .hessian, by: .layer, probes: 60)
    #expect(mass.names == blocks.map(\.name) && mass.probes == 60 && mass.products == 240)
    var (between, total) = (0.0, 0.0)
    for (a, rows) in blocks.enumerated() {
      for (b, columns) in blocks.enumerated() {
        let exact = rows.ranges.joined().reduce(0.0) { sum, row in
          columns.ranges.joined().reduce(sum) { $0 + matrix[$1 * n + row] * matrix[$1 * n + row] }
        }
        let estimate = mass.squaredNorms[a][b]
        let error = try #require(estimate.standardError)
        #expect(abs(estimate.value - exact) <= 4 * error + 1e-12 * exact, "\(estimate.value) ± \(error), \(exact)")
        #expect(estimate == mass.squaredNorms[b][a])
        total += exact
        if a != b { between += exact }
      }
    }
    let error = try #require(mass.betweenFractionError)
    #expect(error > 0 && error < 0.1 && abs(mass.betweenFraction - between / total) <= 4 * error)
  }

  private static let losses = [Loss.crossEntropy, .squaredError, .meanSquaredError, .binaryCrossEntropy]

  @Test(arguments: losses, [5, 40]) func exactDiagonals(loss: Loss, microbatch: Int) throws {
    let objective = try SmallProblem.standard(loss, options: ExecutionOptions(microbatch: microbatch))
    let n = objective.dimension
    for kind in [OperatorKind.gaussNewton, .fisher, .gradientSecondMoment] {
      let matrix = try ExactSpectrum.symmetricMatrix(objective.curvature(kind)).matrix
      let diagonal = try #require(try objective.exactDiagonal(of: kind))
      #expect(diagonal.method == .exact && diagonal.products == (kind == .gradientSecondMoment ? 1 : 4))
      #expect(relativeError(diagonal.values, (0..<n).map { matrix[$0 * n + $0] }) <= 1e-13, "\(kind)")
    }
    #expect(try objective.exactDiagonal(of: .hessian) == nil)
  }

  /// Soft targets of mass 2, sequences whose positions share the weights, and microbatches of the size of a layer.
  @Test func exactDiagonalsOfSequences() throws {
    let network = try Network(input: [3, 6], seed: 2) {
      Dense(6, 5)
      SiLU()
      Dense(5, 4)
    }
    let inputs = SmallProblem.numbers([10, 3, 6], seed: 3)
    let soft = NumpyArray([Double](repeating: 0.5, count: 120), shape: [30, 4])
    for (targets, size) in [(soft, 5), (SmallProblem.labels(30, classes: 4), 10)] {
      let objective: Objective<Double> = try SmallProblem.objective(
        network, Dataset(inputs: inputs, targets: targets), .crossEntropy, options: ExecutionOptions(microbatch: size))
      let n = objective.dimension
      for kind in [OperatorKind.gaussNewton, .fisher] {
        let matrix = try ExactSpectrum.symmetricMatrix(objective.curvature(kind)).matrix
        let diagonal = try #require(try objective.exactDiagonal(of: kind))
        #expect(diagonal.products == 12)
        #expect(relativeError(diagonal.values, (0..<n).map { matrix[$0 * n + $0] }) <= 1e-13, "\(kind)")
      }
      // A pass adds up the gradients of a sequence's positions.
      #expect(try objective.exactDiagonal(of: .gradientSecondMoment) == nil)
    }
  }

  /// A fixed batch is filled up with samples of weight zero.
  @Test(.enabled(if: Reference.isAvailable, "needs the reference cases")) func exactDiagonalsOfFixedBatches() throws {
    let reference = try ReferenceCase.load("mlp-tanh-ce")
    let objective = try ReferenceObjective.make(reference, static: true, as: Double.self)
    let dynamic = try ReferenceObjective.make(reference, as: Double.self)
    for kind in [OperatorKind.gaussNewton, .gradientSecondMoment] {
      let fixed = try #require(try objective.exactDiagonal(of: kind))
      let other = try #require(try dynamic.exactDiagonal(of: kind))
      #expect(relativeError(fixed.values, other.values) <= 1e-13)
    }
    let exact = try #require(try dynamic.exactDiagonal(of: .gradientSecondMoment))
    let trace = exact.values.elements.reduce(0, +)
    let expected = try reference.doubles("gradient_second_moment_eigenvalues").reduce(0, +)
    #expect(abs(trace - expected) <= 1e-10 * expected)
  }

  /// A dimension that leads a value inside the network and has the size a microbatch would have is not taken for that
  /// of the samples.
  @Test func exactDiagonalsBesideALeadingDimension() throws {
    let network = try Network(input: [13, 6], seed: 2) {
      LeadingPositions()
      Dense(6, 5)
      Tanh()
      LeadingMean()
      Dense(5, 4)
    }
    let inputs = SmallProblem.numbers([26, 13, 6], seed: 3)
    let objective: Objective<Double> = try SmallProblem.objective(
      network, Dataset(inputs: inputs, targets: SmallProblem.labels(26, classes: 4)), .crossEntropy)
    #expect(objective.schedule.microbatch == 13)
    for layer in [nil, "^1[.]"] {
      let part = try SmallProblem.objective(
        network, Dataset(inputs: inputs, targets: SmallProblem.labels(26, classes: 4)), .crossEntropy, as: Double.self,
        selection: layer.map { try ParameterSelection.matching($0, of: network) })
      let n = part.dimension
      for kind in [OperatorKind.gaussNewton, .gradientSecondMoment] {
        let matrix = try ExactSpectrum.symmetricMatrix(part.curvature(kind)).matrix
        let diagonal = try #require(try part.exactDiagonal(of: kind))
        #expect(relativeError(diagonal.values, (0..<n).map { matrix[$0 * n + $0] }) <= 1e-13, "\(kind)")
      }
    }
  }

  @Test func decompositionByClasses() throws {
    let objective = try SmallProblem.standard(options: ExecutionOptions(microbatch: 16))
    let parts = try objective.classDecomposition()
    #expect(parts.classes == 4)
    #expect(abs(parts.weights.joined().reduce(0, +) - 1) <= 1e-14)
    let v = randomVector(objective.dimension, seed: 1, as: Double.self)
    let sum = try (((parts.classPart + parts.crossClassPart) + parts.sameClassPart) + parts.withinPart).apply(v)
    #expect(relativeError(sum, try objective.gaussNewton().apply(v)) <= 1e-13)
    let ranks = try [
      ExactSpectrum.compute(parts.classPart), ExactSpectrum.compute(parts.crossClassPart),
      ExactSpectrum.compute(parts.sameClassPart),
    ].map { spectrum in spectrum.eigen.values.count { $0 > 1e-12 * spectrum.largestElement } }
    #expect(ranks[0] <= 4 && ranks[1] <= 12 && ranks[2] <= 4 && ranks[1] > 4)
    // Each part is positive semidefinite, the spread within the groups too.
    let within = try ExactSpectrum.compute(parts.withinPart).eigen.values
    let largest = try #require(within.last)
    #expect(largest > 0 && within[0] >= -1e-13 * largest)
    #expect(throws: InputError.self) { try SmallProblem.standard(.squaredError).classDecomposition() }
    // As operators of their own: one kind a part.
    var product = Vector<Double>(zeros: objective.dimension)
    for kind in OperatorKind.allCases where kind.isClassPart {
      try objective.space.axpy(1, objective.curvature(kind).apply([v])[0], &product)
      #expect(throws: InputError.self) { try objective.curvature(kind, blocks: objective.blocks(.layer)) }
      #expect(throws: InputError.self) { try SmallProblem.standard(.squaredError).curvature(kind) }
      #expect(try objective.exactDiagonal(of: kind) == nil)
    }
    #expect(relativeError(product, sum.elements) <= 1e-13)
  }

  /// The mean gradient of a pair of classes, from gradients of single samples.
  @Test func pairsOfClasses() throws {
    let network = try SmallProblem.network()
    let inputs = SmallProblem.numbers([12, 6], seed: 2)
    let labels = SmallProblem.labels(12, classes: 4)
    let data = try Dataset(inputs: inputs, targets: labels)
    let objective: Objective<Double> = try SmallProblem.objective(network, data, .crossEntropy)
    let parts = try objective.classDecomposition()
    let outputs = try NetworkOutputs.compute(network, data)
    let own = try labels.integers()
    for label in 0..<4 {
      let all = try SampleGradients.compute(
        network, inputs: inputs, targets: NumpyArray([Int64](repeating: Int64(label), count: 12)), .crossEntropy)
      var (mean, weight) = ([Double](repeating: 0, count: objective.dimension), 0.0)
      for sample in 0..<12 where own[sample] == label {
        let scores = outputs[sample].map { $0 - (outputs[sample].max() ?? 0) }
        let probability = 1 / scores.reduce(0) { $0 + exponential($1 - scores[label]) }
        weight += probability / 12
        for index in mean.indices { mean[index] += probability / 12 * all[sample][index] }
      }
      #expect(abs(parts.weights[label][label] - weight) <= 1e-14)
      #expect(relativeError(parts.sameClassPart.vectors[label], mean.map { $0 / weight }) <= 1e-12)
    }
  }

  private func exponential(_ x: Double) -> Double {
    // Halving and squaring keeps the series short.
    var (term, sum) = (1.0, 1.0)
    for k in 1...20 {
      term *= x / 64 / Double(k)
      sum += term
    }
    for _ in 0..<6 { sum *= sum }
    return sum
  }
}

/// [batch, positions, …] to [positions, batch, …].
private struct LeadingPositions: Layer {
  var ending: OutputEnding? { nil }

  func declaration(input: [Int]) throws(InputError) -> LayerDeclaration { LayerDeclaration(output: input) }

  func lower(_ x: Value, parameters: inout ParameterReader, in graph: inout Graph) throws(InputError) -> Value {
    try graph.transpose(x, permutation: [1, 0, 2])
  }
}

/// The mean over the first dimension of [positions, batch, width].
private struct LeadingMean: Layer {
  func declaration(input: [Int]) throws(InputError) -> LayerDeclaration { LayerDeclaration(output: [input[1]]) }

  func lower(_ x: Value, parameters: inout ParameterReader, in graph: inout Graph) throws(InputError) -> Value {
    try graph.multiply(graph.reduce(.sum, x, over: [0]), 1 / Double(graph.shape(of: x)[0]))
  }
}
