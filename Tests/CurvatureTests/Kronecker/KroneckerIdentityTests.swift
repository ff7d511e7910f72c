import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import Testing

/// Identities of Kronecker factors: papers.md 3.4 and the exactness of K-FAC on deep linear networks.
@Suite struct KroneckerIdentityTests {
  /// A network of two hidden layers with an activation, and cross-entropy.
  private func objective(
    _ activation: any Layer, samples: Range<Int>? = nil
  ) throws -> Objective<Double> {
    let network = try Network(input: [6], seed: 5) {
      Dense(6, 8)
      [activation]
      Dense(8, 7)
      [activation]
      Dense(7, 4)
    }
    let x = try SmallProblem.numbers([20, 6], seed: 7).doubles()
    let y = try SmallProblem.labels(20, classes: 4).integers()
    let range = samples ?? 0..<20
    let data = try Dataset(
      inputs: NumpyArray(Array(x[range.lowerBound * 6..<range.upperBound * 6]), shape: [range.count, 6]),
      targets: NumpyArray(range.map { Int64(y[$0]) }))
    return try SmallProblem.objective(network, data, .crossEntropy)
  }

  /// E[M ⊗ xxᵀ] from the factors of single samples.
  private func undecoupled(_ activation: any Layer, layer: Int) throws -> DenseMatrix {
    var sum: DenseMatrix?
    for sample in 0..<20 {
      let factors = try objective(activation, samples: sample..<sample + 1).layerFactors()[layer]
      let part = factors.outputMoment.kronecker(factors.inputMoment).scaled(by: 1.0 / 20)
      sum = sum.map { $0 + part } ?? part
    }
    return try #require(sum)
  }

  /// For a piecewise linear network E[M ⊗ xxᵀ] is the layer's Hessian, and always its Gauss-Newton matrix.
  @Test(arguments: [0, 1, 2]) func layerHessians(layer: Int) throws {
    let whole = try objective(ReLU())
    let own = try whole.linearLayers()[layer]
    let sum = try undecoupled(ReLU(), layer: layer)
    #expect(KroneckerProblem.relative(try KroneckerProblem.denseBlock(whole, own, .hessian), sum) <= 1e-12)
    let smooth = try objective(Tanh())
    let smoothSum = try undecoupled(Tanh(), layer: layer)
    #expect(KroneckerProblem.relative(try KroneckerProblem.denseBlock(smooth, own), smoothSum) <= 1e-12)
    let hessian = try KroneckerProblem.denseBlock(smooth, own, .hessian)
    // The last layer has no activation behind it.
    if layer < 2 { #expect(KroneckerProblem.relative(hessian, smoothSum) > 1e-2) }
  }

  /// A 1 = 0: a sample's M has rank C − 1 at most, and that of the last layer one zero eigenvalue, with the vector of ones.
  @Test func ranks() throws {
    for sample in 0..<4 {
      for factors in try objective(ReLU(), samples: sample..<sample + 1).layerFactors() {
        let values = try factors.outputMoment.descendingEigen().values
        #expect(values[0] > 0 && values.dropFirst(3).allSatisfy { abs($0) <= 1e-14 * values[0] })
      }
    }
    let last = try #require(try objective(ReLU()).layerFactors().last)
    let eigen = try last.outputMoment.descendingEigen()
    #expect(eigen.values.count { $0 <= 1e-12 * eigen.values[0] } == 1)
    for value in eigen.vectors.row(3) { #expect(abs(abs(value) - 0.5) <= 1e-12) }
  }

  private static let seeds: [UInt64] = [1, 2, 3]

  /// Deep linear networks with squared error whose loss has a term for every position: K-FAC expand is exact.
  @Test(arguments: seeds) func expandIsExact(seed: UInt64) throws {
    let network = try KroneckerProblem.positions(isMean: false, isLinear: true, seed: seed)
    let data = try Dataset(
      inputs: SmallProblem.numbers([7, 5, 4], seed: seed), targets: SmallProblem.numbers([35, 3], seed: seed + 9))
    let objective: Objective<Double> = try SmallProblem.objective(
      network, data, .squaredError, options: ExecutionOptions(microbatch: 3))
    try expectExact(objective, .kfacExpand)
    // Not so the other.
    let wrong = try objective.kroneckerCurvature(.kfacReduce).blocks[0]
    #expect(try wrong.relativeError(to: objective.exactOperator(of: wrong)) > 1e-2)
  }

  /// Those whose loss sees the mean of the positions: K-FAC reduce is exact.
  @Test(arguments: seeds) func reduceIsExact(seed: UInt64) throws {
    let network = try KroneckerProblem.positions(isMean: true, isLinear: true, seed: seed)
    let data = try Dataset(
      inputs: SmallProblem.numbers([7, 5, 4], seed: seed), targets: SmallProblem.numbers([7, 3], seed: seed + 9))
    let objective: Objective<Double> = try SmallProblem.objective(
      network, data, .squaredError, options: ExecutionOptions(microbatch: 3))
    try expectExact(objective, .kfacReduce)
    let wrong = try objective.kroneckerCurvature(.kfacExpand).blocks[0]
    #expect(try wrong.relativeError(to: objective.exactOperator(of: wrong)) > 1e-2)
  }

  /// A convolution whose pixels are the positions of the loss, or are averaged.
  @Test(arguments: [WeightSharing.expand, .reduce]) func convolutions(sharing: WeightSharing) throws {
    let network = try Network(input: [2, 5, 4], seed: 1) {
      Convolution2D(2, 3, filter: 3, stride: 2, padding: 1)
      PixelPositions()
      if sharing == .reduce { PositionMean() }
      Dense(3, 2)
    }
    let rows = sharing == .reduce ? 4 : 24
    let data = try Dataset(
      inputs: SmallProblem.numbers([4, 2, 5, 4], seed: 3), targets: SmallProblem.numbers([rows, 2], seed: 5))
    let objective: Objective<Double> = try SmallProblem.objective(network, data, .squaredError)
    try expectExact(objective, sharing == .reduce ? .kfacReduce : .kfacExpand)
  }

  private func expectExact(_ objective: Objective<Double>, _ method: KroneckerMethod) throws {
    for block in try objective.kroneckerCurvature(method).blocks {
      let exact = try objective.exactOperator(of: block)
      #expect(try block.relativeError(to: exact) <= 1e-12, "\(block.name)")
      // Its damped inverse is that of the exact block, by conjugate gradients that know products alone.
      let damping = 0.01 * (block.matrix.largest(1).first?.value ?? 1)
      let b = randomVector(block.dimension, seed: 6, as: Double.self)
      let solution = try ConjugateGradients(tolerance: 1e-12, maximumProducts: 2000).solve(exact, damping: damping, b)
      #expect(solution.converged)
      #expect(relativeError(try block.matrix.dampedInverse(damping).apply(b), solution.vector) <= 1e-9, "\(block.name)")
    }
  }

  /// The exact diagonal in a basis is the best one: EKFAC's error is never above that of the K-FAC it takes its vectors from.
  @Test(arguments: 0..<8 as Range<UInt64>, [WeightSharing.expand, .reduce])
  func eigenvalueCorrection(seed: UInt64, basis: WeightSharing) throws {
    let network = try KroneckerProblem.positions(isMean: seed % 2 == 0, isLinear: false, seed: seed)
    let inputs = SmallProblem.numbers([6, 5, 4], seed: seed)
    let data = try Dataset(
      inputs: inputs, targets: SmallProblem.labels(seed % 2 == 0 ? 6 : 30, classes: 3))
    let objective: Objective<Double> = try SmallProblem.objective(network, data, .crossEntropy)
    let options = KroneckerOptions(basis: basis)
    let first = try objective.kroneckerCurvature(basis == .expand ? .kfacExpand : .kfacReduce, options: options)
    let second = try objective.kroneckerCurvature(.ekfac, options: options)
    for (plain, corrected) in zip(first.blocks, second.blocks) {
      let exact = try objective.exactOperator(of: plain)
      #expect(try corrected.relativeError(to: exact) <= plain.relativeError(to: exact) * (1 + 1e-12))
      #expect(abs(corrected.matrix.trace - (try trace(exact))) <= 1e-12 * corrected.matrix.trace)
    }
  }

  private func trace<A: LinearOperator>(_ operation: A) throws -> Double where A.Space == DenseVectorSpace<Double> {
    try ExactSpectrum.compute(operation).eigen.values.reduce(0, +)
  }
}
