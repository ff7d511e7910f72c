import Analyses
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct DeepLinearConditioningTests {
  static let shapes = [[5, 7, 3], [5, 7, 8, 3], [6, 4, 5], [6, 3, 4, 5], [3, 6, 5, 4, 2], [4, 3]]

  @Test(arguments: shapes)
  func closedFormIsTheExplicitGaussNewtonMatrix(_ widths: [Int]) throws {
    var random = NumpyRandom(seed: 11)
    let weights = random.weights(widths, gain: 1)
    let data = random.matrix(widths[0], 13).scalingRows(by: evenlySpaced(0.5, 2, widths[0]))
    let explicit = try explicitGaussNewton(weights, data: data)
    for moment in [try InputMoment(covariance: data.secondMoment()), try InputMoment(inputs: data.transposed)] {
      let network = try DeepLinearConditioning(weights: weights, moment: moment)
      #expect(try network.gaussNewton().relativeDistance(to: explicit) < 1e-12)
      let spectrum = try explicit.symmetricEigenvalues().reversed()
      let largest = try #require(spectrum.first)
      let rank = try #require(network.analyticRank)
      #expect(rank == ConditionNumber.resolvedRank(eigenvalues: Array(spectrum), order: explicit.rows))
      let q = widths.min() ?? 0
      #expect(rank == q * (widths[0] + widths[widths.count - 1] - q))
      for (found, expected) in zip(try network.eigenvalues().reversed(), spectrum) {
        #expect(abs(found - expected) < 1e-12 * largest)
      }
      for (found, expected) in zip(try network.singularValues(), spectrum) {
        #expect(abs(found * found - expected) < 1e-12 * largest)
      }
      let condition = try network.conditionNumber()
      #expect(condition.rankSource == .analytic && !condition.isLowerBound)
      let kappa = try #require(condition.value)
      #expect(abs(kappa * spectrum[spectrum.index(spectrum.startIndex, offsetBy: rank - 1)] / largest - 1) < 1e-8)
    }
  }

  @Test(arguments: [false, true])
  func anyOutputHessian(withBiases: Bool) throws {
    var random = NumpyRandom(seed: 3)
    let weights = random.weights([4, 6, 5, 3], gain: 1)
    let biases = withBiases ? weights.map { random.normals($0.rows) } : nil
    let data = random.matrix(4, 30)
    let factors = data.transposed.crossEntropyFactors(weights)
    let explicit = try explicitGaussNewton(weights, biases: biases, data: data) { factors[$0] }
    let moment = try InputMoment(inputs: data.transposed, appendingOne: withBiases, outputFactors: factors)
    let network = try DeepLinearConditioning(weights: weights, biases: biases, moment: moment)
    #expect(try network.gaussNewton().relativeDistance(to: explicit) < 1e-12)
    let spectrum = Array(try explicit.symmetricEigenvalues().reversed())
    // Softmax cross-entropy leaves k − 1 directions of output: q(r + (k − 1) − q), and k − 1 more with biases.
    let rank = withBiases ? 10 : 8
    #expect(network.analyticRank == rank)
    #expect(ConditionNumber.resolvedRank(eigenvalues: spectrum, order: explicit.rows) == rank)
    let kappa = try #require(try network.conditionNumber().value)
    #expect(abs(kappa * spectrum[rank - 1] / spectrum[0] - 1) < 1e-9)
    let sum = try #require(network.bound("sum")?.value)
    #expect(kappa <= sum * (1 + 1e-9))
  }

  /// Cross-entropy behind a bottleneck: k − 1 in place of k in q(r + k − q).
  @Test(arguments: [([4, 1, 5, 3], 5), ([5, 2, 6], 16), ([5, 6, 3, 6], 21)])
  func crossEntropyBehindABottleneck(widths: [Int], rank: Int) throws {
    var random = NumpyRandom(seed: 16)
    let weights = random.weights(widths, gain: 1)
    let inputs = random.matrix(40, widths[0])
    let network = try DeepLinearConditioning(
      weights: weights, moment: InputMoment(inputs: inputs, outputFactors: inputs.crossEntropyFactors(weights)))
    #expect(network.analyticRank == rank)
    let spectrum = try network.gaussNewton().symmetricEigenvalues()
    #expect(ConditionNumber.resolvedRank(eigenvalues: spectrum, order: spectrum.count) == rank)
    #expect(try network.conditionNumber().unresolved == 0)
  }

  @Test(arguments: [[5, 7, 3], [6, 4, 5], [3, 4, 2, 4]])
  func biasesEnterAsOneMoreInput(_ widths: [Int]) throws {
    var random = NumpyRandom(seed: 12)
    let weights = random.weights(widths, gain: 1)
    let biases = weights.map { random.normals($0.rows) }
    let data = random.matrix(widths[0], 17)
    let explicit = try explicitGaussNewton(weights, biases: biases, data: data)
    let network = try DeepLinearConditioning(
      weights: weights, biases: biases, moment: InputMoment(inputs: data.transposed, appendingOne: true))
    #expect(try network.gaussNewton().relativeDistance(to: explicit) < 1e-12)
    let spectrum = try explicit.symmetricEigenvalues()
    #expect(network.analyticRank == ConditionNumber.resolvedRank(eigenvalues: spectrum, order: explicit.rows))
    #expect(
      throws: InputError.self,
      performing: { try DeepLinearConditioning(weights: weights, moment: network.moment) })
  }

  /// With a constant among the inputs the one that biases append adds no dimension, and no formula for the rank is claimed.
  @Test func constantInputsAreNotedWithBiases() throws {
    var random = NumpyRandom(seed: 4)
    let weights = random.weights([4, 5, 2], gain: 1)
    var data = random.matrix(4, 20)
    for i in 0..<20 { data[2, i] = 1.5 }
    let network = try DeepLinearConditioning(
      weights: weights, biases: weights.map { random.normals($0.rows) },
      moment: InputMoment(inputs: data.transposed, appendingOne: true))
    #expect(network.moment.rank == 4)
    #expect(network.analyticRank == nil)
    let condition = try network.conditionNumber()
    #expect(condition.rankSource == .singularValues && condition.rank == 8)
  }

  @Test func rankFollowsInputsAndPruning() throws {
    var random = NumpyRandom(seed: 5)
    let mixing = random.matrix(6, 3)
    let data = try mixing * random.matrix(3, 40)
    var weights = random.weights([6, 8, 7, 4], gain: 2)
    let network = try DeepLinearConditioning(weights: weights, moment: InputMoment(inputs: data.transposed))
    #expect(network.moment.rank == 3)
    #expect(network.analyticRank == 3 * 4)
    let kappa = try #require(try network.conditionNumber().value)
    let explicit = Array(try explicitGaussNewton(weights, data: data).symmetricEigenvalues().reversed())
    #expect(abs(kappa * explicit[11] / explicit[0] - 1) < 1e-8)
    #expect(try #require(network.bound("sum")?.value) >= kappa)

    // Units without incoming weights carry nothing, so that the second layer passes on two dimensions; their own
    // weights still have a gradient.
    for unit in 0..<5 {
      for j in 0..<8 { weights[1][unit, j] = 0 }
    }
    let pruned = try DeepLinearConditioning(weights: weights, moment: InputMoment(inputs: data.transposed))
    let spectrum = try explicitGaussNewton(weights, data: data).symmetricEigenvalues()
    #expect(pruned.analyticRank == ConditionNumber.resolvedRank(eigenvalues: spectrum, order: spectrum.count))
    #expect(pruned.analyticRank == 2 * 3 + (4 - 2) * 3)
    #expect(pruned.bound("sum")?.isApplicable == false)
  }

  /// Nothing reaches the weights of a network whose inputs are zero: no κ and no bound, rather than a division of zeros.
  @Test func inputsOfZeroHaveNoCondition() throws {
    var random = NumpyRandom(seed: 2)
    let network = try DeepLinearConditioning(
      weights: random.weights([3, 4, 2], gain: 2), moment: InputMoment(inputs: DenseMatrix(zeros: 5, 3)))
    #expect(network.analyticRank == 0)
    #expect(try network.conditionNumber().value == nil)
    #expect(network.bounds.allSatisfy { !$0.isApplicable })
    #expect(!network.twoLayerWhite.isApplicable)
    #expect(try network.gaussNewton() == DenseMatrix(zeros: 20, 20))
  }

  @Test func wrongShapesAreErrors() throws {
    var random = NumpyRandom(seed: 1)
    let white = InputMoment.white(dimension: 4)
    #expect(throws: InputError.self) { try DeepLinearConditioning(weights: [], moment: white) }
    #expect(throws: InputError.self) { try DeepLinearConditioning(weights: [random.matrix(3, 5)], moment: white) }
    #expect(throws: InputError.self) {
      try DeepLinearConditioning(weights: [random.matrix(3, 4), random.matrix(2, 5)], moment: white)
    }
    #expect(throws: InputError.self) {
      try DeepLinearConditioning(weights: [random.matrix(3, 4).scaled(by: .nan)], moment: white)
    }
    #expect(throws: InputError.self) { try InputMoment(covariance: DenseMatrix(diagonal: [1, -1])) }
    #expect(throws: InputError.self) { try InputMoment(inputs: DenseMatrix(zeros: 0, 3)) }
    #expect(throws: InputError.self) {
      try InputMoment(inputs: random.matrix(3, 2), outputFactors: [random.matrix(2, 2)])
    }
  }
}

extension DenseMatrix {
  /// Factors of diag(p) − ppᵀ for the softmax of a linear network's outputs, one for each row: column c is √p_c (e_c − p).
  func crossEntropyFactors(_ weights: [DenseMatrix]) -> [DenseMatrix] {
    (0..<rows).map { i in
      let outputs = linearOutput(weights, input: Array(row(i)))
      let weightsOfClasses = outputs.map { exp($0) }
      let total = weightsOfClasses.reduce(0, +)
      let p = weightsOfClasses.map { $0 / total }
      var factor = DenseMatrix(zeros: p.count, p.count)
      for o in p.indices {
        for c in p.indices { factor[o, c] = p[c].squareRoot() * ((o == c ? 1 : 0) - p[o]) }
      }
      return factor
    }
  }
}
