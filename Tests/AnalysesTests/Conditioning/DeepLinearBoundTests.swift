import Analyses
import Tensors
import TestSupport
import Testing

@Suite struct DeepLinearBoundTests {
  /// 1,000 draws of shapes, weights and data: no bound below κ, the three forms in order, and applicable where the
  /// layers are wide enough.
  @Test func noDrawViolatesABound() throws {
    var random = NumpyRandom(seed: 2024)
    var applicable = 0
    var partial = 0
    for _ in 0..<1000 {
      let (d, k, depth) = (random.integer(in: 2...6), random.integer(in: 1...4), random.integer(in: 2...5))
      let hidden = (1..<depth).map { _ in max(d, k) + random.integer(in: 0...12) }
      let weights = random.weights([d] + hidden + [k], gain: 2)
      let data = random.matrix(d, 3 * d).scalingRows(by: evenlySpacedInLogarithm(0.3, 3, d))
      let network = try DeepLinearConditioning(weights: weights, moment: InputMoment(inputs: data.transposed))
      let condition = try network.conditionNumber(accuracy: 1e-12)
      let kappa = try #require(condition.value)
      #expect(!condition.isLowerBound && condition.rank == d * k)
      for bound in network.bounds {
        if let value = bound.value { #expect(kappa <= value * (1 + 1e-9), "\(bound.name)") }
      }
      if let sum = network.bound("sum")?.value {
        applicable += 1
        let convex = try #require(network.bound("convex combination")?.value)
        let maximum = try #require(network.bound("maximum")?.value)
        #expect(abs(convex - sum) < 1e-8 * sum)
        #expect(sum <= maximum * (1 + 1e-9))
        #expect(network.bound("sum over layers of full rank")?.value == sum)
      }

      // Widths between min and max of d and k: the sum over layers of full rank still holds.
      let narrow = random.weights([d] + hidden.map { _ in min(d, k) } + [k], gain: 2)
      let between = try DeepLinearConditioning(weights: narrow, moment: network.moment)
      if let value = between.bound("sum over layers of full rank")?.value {
        partial += 1
        #expect(try #require(try between.conditionNumber(accuracy: 1e-12).value) <= value * (1 + 1e-9))
      }
      if d != k { #expect(network.weights.count < 2 || between.bound("sum")?.value == nil) }
    }
    #expect(applicable >= 950)
    #expect(partial >= 950)
  }

  /// The same with the output Hessians of cross-entropy and, in half of the draws, biases: κ is that of the (k − 1)r directions.
  @Test func noDrawViolatesABoundWithCrossEntropy() throws {
    var random = NumpyRandom(seed: 2025)
    var applicable = 0
    for draw in 0..<1000 {
      let hasBiases = draw % 2 == 1
      let (d, k, depth) = (random.integer(in: 2...4), random.integer(in: 2...4), random.integer(in: 2...3))
      let widths = [d] + (1..<depth).map { _ in max(d, k) + random.integer(in: 1...6) } + [k]
      let weights = random.weights(widths, gain: 2)
      let inputs = random.matrix(8 * d, d)
      let network = try DeepLinearConditioning(
        weights: weights, biases: hasBiases ? weights.map { random.normals($0.rows) } : nil,
        moment: InputMoment(
          inputs: inputs, appendingOne: hasBiases, outputFactors: inputs.crossEntropyFactors(weights)))
      let condition = try network.conditionNumber(accuracy: 1e-12)
      #expect(condition.rank == (k - 1) * (d + (hasBiases ? 1 : 0)) && condition.rankSource == .analytic)
      let kappa = try #require(condition.value)
      for bound in network.bounds {
        if let value = bound.value { #expect(kappa <= value * (1 + 1e-9), "\(bound.name)") }
      }
      if network.bound("sum")?.isApplicable == true { applicable += 1 }
    }
    #expect(applicable >= 950)
  }

  /// How tight the bound is over 1,000 draws of the calibration's networks (d = 8, k = 4, m = 30): its medians of 20
  /// draws, to 10 %.
  @Test(arguments: [(2, 3.2), (3, 4.5), (4, 6.3)])
  func mediansOfTightness(depth: Int, expected: Double) throws {
    var random = NumpyRandom(seed: UInt32(depth))
    var ratios: [Double] = []
    for _ in 0..<1000 {
      let weights = random.weights([8] + [Int](repeating: 30, count: depth - 1) + [4], gain: 2)
      let data = random.matrix(8, 200).scalingRows(by: evenlySpacedInLogarithm(0.3, 3, 8))
      let network = try DeepLinearConditioning(weights: weights, moment: InputMoment(covariance: data.secondMoment()))
      let kappa = try #require(try network.conditionNumber().value)
      let sum = try #require(network.bound("sum")?.value)
      #expect(kappa <= sum * (1 + 1e-9))
      ratios.append(sum / kappa)
    }
    #expect(abs(median(ratios) / expected - 1) < 0.1, "\(median(ratios))")
  }

  @Test func narrowLayersLeaveNoBound() throws {
    var random = NumpyRandom(seed: 6)
    for widths in [[6, 4, 5], [6, 3, 4, 5], [8, 2, 8], [5, 9, 1, 9, 5]] {
      let network = try DeepLinearConditioning(
        weights: random.weights(widths, gain: 2), moment: .white(dimension: widths[0]))
      for bound in network.bounds {
        #expect(!bound.isApplicable && bound.value == nil)
        #expect(bound.failedAssumptions.contains { $0.statement.contains("wide") })
      }
      #expect(try network.conditionNumber().value != nil)
    }
  }

  /// Weights whose shape allows a bound and whose rank does not.
  @Test func deficientWeightsLeaveNoBound() throws {
    var random = NumpyRandom(seed: 7)
    var weights = random.weights([4, 8, 4], gain: 2)
    for i in 0..<8 {
      weights[0][i, 1] = 2 * weights[0][i, 0]
      weights[1][2, i] = weights[1][3, i]
    }
    let network = try DeepLinearConditioning(weights: weights, moment: .white(dimension: 4))
    let sum = try #require(network.bound("sum"))
    #expect(!sum.isApplicable)
    #expect(sum.failedAssumptions.contains { $0.statement.contains("full rank") })
  }

  /// One hidden layer and white data: the bound is attained, and with a bottleneck the pseudo-condition number is closed too.
  @Test func twoWhiteLayersAreExact() throws {
    var random = NumpyRandom(seed: 8)
    for widths in [[6, 12, 4], [4, 9, 4], [3, 30, 7], [6, 3, 5], [6, 5, 4], [4, 5, 8]] {
      let network = try DeepLinearConditioning(
        weights: random.weights(widths, gain: 2), moment: .white(dimension: widths[0], variance: 0.7))
      let kappa = try #require(try network.conditionNumber(accuracy: 1e-12).value)
      let exact = try #require(network.twoLayerWhite.value)
      #expect(abs(kappa / exact - 1) < 1e-10)
      if widths[1] >= max(widths[0], widths[2]) {
        let bound = try #require(network.bound("sum")?.value)
        #expect(abs(kappa / bound - 1) < 1e-10)
      }
    }
    let deep = try DeepLinearConditioning(weights: random.weights([3, 5, 5, 2], gain: 2), moment: .white(dimension: 3))
    #expect(!deep.twoLayerWhite.isApplicable)
    let coloured = try DeepLinearConditioning(
      weights: random.weights([3, 5, 2], gain: 2), moment: InputMoment(covariance: DenseMatrix(diagonal: [1, 2, 3])))
    #expect(!coloured.twoLayerWhite.isApplicable)
  }

  /// κ beyond 1/ε: eigenvalues of the squared form are rounding there, singular values of the factor are not.
  @Test func singularValuesReachBeyondTheSquare() throws {
    var random = NumpyRandom(seed: 9)
    let weights = random.weights([3, 4, 2], gain: 2)
    let scales = [1, 1e-4, 1e-9]
    let network = try DeepLinearConditioning(
      weights: weights, moment: InputMoment(inputs: DenseMatrix(diagonal: scales)))
    let condition = try network.conditionNumber()
    let kappa = try #require(condition.value)
    #expect(!condition.isLowerBound && kappa > 1e17)
    // Reference: equilibrated by hand, since the third input's eigenvalues decouple to relative accuracy 1e-10 of the others.
    let sum = try #require(network.bound("sum")?.value)
    #expect(kappa <= sum * (1 + 1e-9))
    #expect(condition.neighbours.map(\.rank) == [5, 6])

    let squared = ConditionNumber.of(
      eigenvalues: try network.eigenvalues(), rank: 6, source: .analytic, order: 6)
    #expect(squared.isLowerBound && squared.unresolved == 2)
    #expect(try #require(squared.value) <= kappa)
  }
}
