import Analyses
import Tensors
import TestSupport
import Testing

@Suite struct ResidualLinearConditioningTests {
  @Test(arguments: [[5, 5, 5, 5], [4, 6, 6, 3]])
  func closedFormIsTheExplicitGaussNewtonMatrix(_ widths: [Int]) throws {
    var random = NumpyRandom(seed: 1)
    let weights = random.weights(widths, gain: 1)
    let data = random.matrix(widths[0], 20).scalingRows(by: evenlySpaced(0.5, 2, widths[0]))
    let network = try ResidualLinearConditioning(
      weights: weights, skip: 0.7, moment: InputMoment(inputs: data.transposed))
    // The tangent of Wx + βx by W is that of (W + βI)x; only square layers have skips.
    let shifted = weights.map { $0.rows == $0.columns ? $0 + DenseMatrix.identity($0.rows).scaled(by: 0.7) : $0 }
    let explicit = try explicitGaussNewton(shifted, data: data)
    #expect(try network.linear.gaussNewton().relativeDistance(to: explicit) < 1e-12)
    #expect(network.bounds.last?.isApplicable == false)
  }

  @Test func strongSkipsLeaveTheData() throws {
    var random = NumpyRandom(seed: 5)
    let weights = random.weights([5, 5, 5, 5], gain: 1)
    let moment = try InputMoment(covariance: DenseMatrix(diagonal: [0.5, 1, 2, 4, 8]))
    let kappa = try #require(
      try ResidualLinearConditioning(weights: weights, skip: 1e4, moment: moment).conditionNumber().value)
    #expect(kappa / moment.conditionNumber >= 1 && kappa / moment.conditionNumber <= 1.01)
  }

  @Test func noDrawViolatesABound() throws {
    var random = NumpyRandom(seed: 31)
    var applicable = 0
    var strong = 0
    for _ in 0..<1000 {
      let (d, depth) = (random.integer(in: 2...5), random.integer(in: 2...6))
      let weights = random.weights([Int](repeating: d, count: depth + 1), gain: random.uniform() * 0.2)
      let skip = 0.3 + 2 * random.uniform()
      let data = random.matrix(d, 3 * d)
      let network = try ResidualLinearConditioning(
        weights: weights, skip: skip, moment: InputMoment(inputs: data.transposed))
      let kappa = try #require(try network.conditionNumber(accuracy: 1e-12).value)
      for bound in network.bounds {
        if let value = bound.value { #expect(kappa <= value * (1 + 1e-9), "\(bound.name)") }
      }
      let strength = try #require(network.bounds.last)
      #expect(strength.isApplicable == (network.largestSingularValue < skip))
      if let value = strength.value {
        strong += 1
        let sum = try #require(network.linear.bound("sum")?.value)
        #expect(sum <= value * (1 + 1e-9))
      }
      if network.linear.bound("sum")?.isApplicable == true { applicable += 1 }
    }
    #expect(applicable >= 950)
    #expect(strong > 500)
  }

  @Test func impossibleSkipsAreErrors() {
    for skip in [-1, .nan, .infinity] {
      #expect(throws: InputError.self) {
        try ResidualLinearConditioning(weights: [.identity(2)], skip: skip, moment: .white(dimension: 2))
      }
    }
  }
}
