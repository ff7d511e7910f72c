import Analyses
import Tensors
import TestSupport
import Testing

@Suite struct TwoLayerRectifierTests {
  /// Jacobians of one sample by forward tangents, V by rows and then W by rows, over √n.
  private func explicitJacobian(_ hidden: DenseMatrix, _ output: DenseMatrix, _ data: DenseMatrix, slope: Double)
    -> DenseMatrix
  {
    let count = hidden.elements.count + output.elements.count
    let samples = data.transposed
    let scale = 1 / Double(data.columns).squareRoot()
    return .stacked(
      (0..<data.columns).map { i in
        let x = Array(samples.row(i))
        return jacobian(parameters: count) { direction in
          var tangent = [Double](repeating: 0, count: output.rows)
          for r in 0..<hidden.rows {
            let z = zip(hidden.row(r), x).reduce(0) { $0 + $1.0 * $1.1 }
            let dz = x.indices.reduce(0) { $0 + direction[r * x.count + $1] * x[$1] }
            let (value, derivative) = z > 0 ? (z, dz) : (slope * z, slope * dz)
            for c in 0..<output.rows {
              tangent[c] += output[c, r] * derivative + direction[hidden.elements.count + c * hidden.rows + r] * value
            }
          }
          return tangent
        }.scaled(by: scale)
      })
  }

  @Test(arguments: [1, 0.3, 0.1, 0.01, 0])
  func dualIsTheExplicitOne(_ slope: Double) throws {
    var random = NumpyRandom(seed: 0)
    let weights = random.weights([5, 9, 3], gain: 2)
    let data = random.matrix(5, 6)
    let network = try TwoLayerRectifierConditioning(
      hidden: weights[0], output: weights[1], inputs: data.transposed, slope: slope)
    let explicit = explicitJacobian(weights[0], weights[1], data, slope: slope)
    #expect(network.scaledJacobian().relativeDistance(to: explicit) < 1e-13)
    #expect(try network.dual().relativeDistance(to: explicit.outerGram()) < 1e-12)
    let eigenvalues = try network.dual().symmetricEigenvalues()
    let kappa = try #require(try network.conditionNumber().value)
    let rank = try network.conditionNumber().rank
    let smallest = eigenvalues[eigenvalues.count - rank]
    #expect(abs(kappa * smallest / eigenvalues[eigenvalues.count - 1] - 1) < 1e-9)
  }

  /// With slope one the network is linear: the spectrum is that of the deep linear form.
  @Test func slopeOneIsLinear() throws {
    var random = NumpyRandom(seed: 2)
    let weights = random.weights([8, 12, 2], gain: 2)
    let inputs = random.matrix(5, 8)
    let rectifier = try TwoLayerRectifierConditioning(hidden: weights[0], output: weights[1], inputs: inputs, slope: 1)
    let linear = try DeepLinearConditioning(weights: weights, moment: InputMoment(inputs: inputs))
    let kappa = try #require(try rectifier.conditionNumber().value)
    let expected = try #require(try linear.conditionNumber(accuracy: 1e-12).value)
    #expect(abs(kappa / expected - 1) < 1e-9)
    let bounds = try rectifier.bounds()
    let refined = try #require(bounds[1].value)
    #expect(abs(try #require(bounds[0].value) / refined - 1) < 1e-12)
    // Γ = XᵀVᵀVX keeps the data inside, where the linear bound takes κ(Σ) out: it is the tighter of the two.
    #expect(refined <= (try #require(linear.bound("sum")?.value)) * (1 + 1e-9))
  }

  @Test func noDrawViolatesABound() throws {
    var random = NumpyRandom(seed: 77)
    var applicable = [0, 0]
    var kernelBounds = [0, 0, 0, 0]
    for draw in 0..<1000 {
      let slope = [1, 0.3, 0.1, 0.01, 0][draw % 5]
      let (n, k) = (random.integer(in: 2...5), random.integer(in: 1...3))
      let (d, m) = (random.integer(in: 3...7), 4 * n + k + random.integer(in: 0...12))
      let weights = random.weights([d, m, k], gain: 2)
      let network = try TwoLayerRectifierConditioning(
        hidden: weights[0], output: weights[1], inputs: random.matrix(n, d), slope: slope)
      let condition = try network.conditionNumber()
      let kappa = try #require(condition.value)
      let bounds = try network.bounds()
      for (index, bound) in bounds.enumerated() {
        guard let value = bound.value else { continue }
        applicable[index] += 1
        #expect(condition.rank == n * k)
        #expect(kappa <= value * (1 + 1e-9), "\(bound.name)")
      }
      if let loose = bounds[0].value, let refined = bounds[1].value { #expect(refined <= loose * (1 + 1e-9)) }

      let smallest = condition.smallest * Double(n)
      let lower =
        [try TangentKernelBound.ofFeatures(network.features, hasBias: false)]
        + (try TangentKernelBound.ofTwoLayerRectifier(network))
      for (index, bound) in lower.enumerated() {
        guard let value = bound.value else { continue }
        kernelBounds[index] += 1
        #expect(bound.relation == .lowerBound)
        #expect(smallest >= value * (1 - 1e-9), "\(bound.name)")
      }
    }
    #expect(applicable.allSatisfy { $0 >= 950 })
    #expect(kernelBounds.allSatisfy { $0 >= 950 })
  }

  @Test func moreSamplesThanUnitsAndInputsLeaveNoBound() throws {
    var random = NumpyRandom(seed: 13)
    let weights = random.weights([4, 6, 2], gain: 2)
    let network = try TwoLayerRectifierConditioning(
      hidden: weights[0], output: weights[1], inputs: random.matrix(9, 4), slope: 0.1)
    for bound in try network.bounds() + TangentKernelBound.ofTwoLayerRectifier(network) {
      #expect(bound.value == nil)
      #expect(bound.failedAssumptions.first?.detail.contains("n = 9") == true)
    }
    #expect(throws: InputError.self) {
      try TwoLayerRectifierConditioning(hidden: weights[1], output: weights[0], inputs: random.matrix(9, 4), slope: 0.1)
    }
    #expect(throws: InputError.self) {
      try TwoLayerRectifierConditioning(
        hidden: weights[0], output: weights[1], inputs: random.matrix(9, 4), slope: .nan)
    }
  }

  @Test func tangentKernelOfLinearNetworks() throws {
    var random = NumpyRandom(seed: 14)
    for _ in 0..<1000 {
      let (n, d, k) = (random.integer(in: 2...4), random.integer(in: 4...6), random.integer(in: 1...3))
      let network = try DeepLinearConditioning(
        weights: random.weights([d, d + random.integer(in: 0...5), d + 2, k], gain: 2),
        moment: InputMoment(inputs: random.matrix(n, d)))
      let value = try #require(TangentKernelBound.ofDeepLinear(network, samples: n).value)
      let smallest = try #require(try network.singularValues().last)
      #expect(Double(n) * smallest * smallest >= value * (1 - 1e-9))
    }
    let few = try DeepLinearConditioning(
      weights: random.weights([3, 5, 2], gain: 2), moment: InputMoment(inputs: random.matrix(8, 3)))
    #expect(!TangentKernelBound.ofDeepLinear(few, samples: 8).isApplicable)
  }

  @Test func tangentKernelFromFeatures() throws {
    let features = DenseMatrix(rows: 2, columns: 2, elements: [1, 0, 1, 0])
    #expect(!(try TangentKernelBound.ofFeatures(features, hasBias: false).isApplicable))
    let shifted = DenseMatrix(rows: 2, columns: 1, elements: [1, -1])
    #expect(abs((try TangentKernelBound.ofFeatures(shifted, hasBias: true).value ?? 0) - 2) < 1e-12)
    #expect(!(try TangentKernelBound.ofFeatures(shifted, hasBias: false).isApplicable))
  }
}
