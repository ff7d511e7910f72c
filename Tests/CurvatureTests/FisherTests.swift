import Archives
import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors
import Testing

/// The Fisher matrix, exact and by drawn labels, and the functional part of the Hessian.
@Suite struct FisherTests {
  private static let losses = [Loss.crossEntropy, .squaredError, .meanSquaredError, .binaryCrossEntropy]

  @Test(arguments: losses) func equalsTheGaussNewtonMatrix(loss: Loss) throws {
    let objective = try SmallProblem.standard(loss)
    let v = randomVector(objective.dimension, seed: 2, as: Double.self)
    #expect(relativeError(try objective.fisher().apply(v), try objective.gaussNewton().apply(v)) <= 1e-13)
  }

  /// Soft targets of total m scale the Gauss-Newton matrix by m and leave the Fisher matrix alone.
  @Test func softTargetsThatDoNotSumToOne() throws {
    let network = try SmallProblem.network()
    let inputs = SmallProblem.numbers([20, 6], seed: 2)
    let targets = NumpyArray([Double](repeating: 0.5, count: 80), shape: [20, 4])
    let objective: Objective<Double> = try SmallProblem.objective(
      network, Dataset(inputs: inputs, targets: targets), .crossEntropy)
    let v = randomVector(objective.dimension, seed: 2, as: Double.self)
    let doubled = try objective.fisher().apply(v).elements.map { 2 * $0 }
    #expect(relativeError(try objective.gaussNewton().apply(v), doubled) <= 1e-13)
  }

  /// F v by its definition: Σ over the labels of the second moment of gradients for that label, weighted by its probability.
  @Test func isTheExpectedSecondMoment() throws {
    let network = try SmallProblem.network()
    let inputs = SmallProblem.numbers([9, 6], seed: 2)
    let data = try Dataset(inputs: inputs, targets: SmallProblem.labels(9, classes: 4))
    let objective: Objective<Double> = try SmallProblem.objective(network, data, .crossEntropy)
    let v = randomVector(objective.dimension, seed: 2, as: Double.self)
    let outputs = try NetworkOutputs.compute(network, data)
    var expected = [Double](repeating: 0, count: v.count)
    for label in 0..<4 {
      let labels = NumpyArray([Int64](repeating: Int64(label), count: 9))
      let gradients = try SampleGradients.compute(network, inputs: inputs, targets: labels, .crossEntropy)
      for (row, gradient) in zip(outputs, gradients) {
        let total = row.reduce(0) { $0 + exp($1) }
        let factor = exp(row[label]) / total * dot(gradient, v) / 9
        for index in 0..<v.count { expected[index] += factor * gradient[index] }
      }
    }
    #expect(relativeError(try objective.fisher().apply(v), expected) <= 1e-12)
  }

  /// Where one class has nearly all the probability, p ⊙ (t − ⟨p, t⟩) would lose its digits.
  @Test func accuracyWhereTheModelIsSure() throws {
    let network = try Network(input: [3], seed: 1) { Dense(3, 3, bias: false) }
    let weights: [Double] = [40, 0, 0, 0, 1, 0, 0, 0, 2]
    let data = try Dataset(
      inputs: NumpyArray([1.0, 0.5, 0.25], shape: [1, 3]), targets: NumpyArray([Int64(0)]))
    let single: Objective<Float> = try SmallProblem.objective(network, data, .crossEntropy, as: Float.self)
      .at(Vector(weights.map { Float($0) }))
    let double: Objective<Double> = try SmallProblem.objective(network, data, .crossEntropy).at(Vector(weights))
    let v = randomVector(9, seed: 1, as: Float.self)
    let expected = try double.fisher().apply(v.converted(to: Double.self))
    #expect(relativeError(try single.fisher().apply(v), expected.elements) <= 1e-5)
    #expect(relativeError(expected, try double.gaussNewton().apply(v.converted(to: Double.self))) <= 1e-12)
  }

  /// Means of vᵀFv over independent draws are within four standard errors of the exact value, and their spread falls with the
  /// number of draws as 1/k.
  @Test(arguments: losses) func drawsConverge(loss: Loss) throws {
    let objective = try SmallProblem.standard(loss)
    let v = randomVector(objective.dimension, seed: 2, as: Double.self)
    let exact = dot(v, try objective.fisher().apply(v))
    func samples(_ draws: Int) throws -> [Double] {
      try (0..<40).map { seed in dot(v, try objective.monteCarloFisher(draws: draws, seed: UInt64(seed)).apply(v)) }
    }
    var spreads: [Double] = []
    for draws in [1, 16] {
      let values = try samples(draws)
      let mean = values.reduce(0, +) / 40
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 39
      #expect(abs(mean - exact) <= 4 * (variance / 40).squareRoot(), "\(mean) instead of \(exact)")
      spreads.append(variance)
    }
    #expect(spreads[0] / spreads[1] > 6 && spreads[0] / spreads[1] < 40, "\(spreads)")
  }

  /// With the drawn labels as targets it is the second moment of the gradients.
  @Test func isTheSecondMomentAtTheDrawnLabels() throws {
    let network = try Network(input: [6], seed: 1) { Dense(6, 2) }
    let inputs = SmallProblem.numbers([1, 6], seed: 2)
    let objective: Objective<Double> = try SmallProblem.objective(
      network, Dataset(inputs: inputs, targets: NumpyArray([Int64(0)])), .crossEntropy)
    let v = randomVector(objective.dimension, seed: 2, as: Double.self)
    let moments = try (0..<2).map { label in
      let gradients = try SampleGradients.compute(
        network, inputs: inputs, targets: NumpyArray([Int64(label)]), .crossEntropy)
      return SampleGradients.secondMoment(gradients, times: v)
    }
    var seen: Set<Int> = []
    for seed in 0..<20 as Range<UInt64> {
      let product = try objective.monteCarloFisher(draws: 1, seed: seed).apply(v)
      let matching = moments.indices.filter { relativeError(product, moments[$0]) <= 1e-12 }
      #expect(matching.count == 1)
      seen.formUnion(matching)
    }
    #expect(seen.count == 2)
  }

  @Test func mistakes() throws {
    let objective = try SmallProblem.standard()
    let none = #expect(throws: InputError.self) { try objective.monteCarloFisher(draws: 0) }
    #expect(none?.place == "--fisher-draws")
    let regression = try SmallProblem.standard(.squaredError)
    #expect(throws: InputError.self) { try regression.monteCarloFisher(draws: 1 << 40) }
    let own = try Network(input: [6], seed: 1) { Dense(6, 1) }
    let losses: Objective<Double> = try SmallProblem.objective(
      own, Dataset(inputs: SmallProblem.numbers([5, 6], seed: 2)), .output)
    for kind in [OperatorKind.gaussNewton, .functional, .fisher, .monteCarloFisher] {
      let error = #expect(throws: InputError.self) { try losses.curvature(kind) }
      #expect(error?.place == "--operator \(kind.rawValue)")
    }
    for kind in [OperatorKind.hessian, .gradientSecondMoment, .gradientCovariance, .tangentKernel] {
      let operation = try losses.curvature(kind)
      #expect(norm(try operation.apply(randomVector(operation.dimension, seed: 1, as: Double.self))) >= 0)
    }
  }

  /// H = G + functional part, also as a difference of operators.
  @Test(arguments: losses) func functionalPart(loss: Loss) throws {
    let objective = try SmallProblem.standard(loss)
    let (hessian, gaussNewton) = (try objective.hessian(), try objective.gaussNewton())
    let v = randomVector(objective.dimension, seed: 2, as: Double.self)
    let functional = try objective.functionalHessian().apply(v)
    let scale = norm(try hessian.apply(v))
    let difference = try (hessian - gaussNewton).apply(v)
    #expect(norm(Vector((0..<v.count).map { functional[$0] - difference[$0] })) <= 1e-13 * scale)
    #expect(norm(functional) > 1e-3 * scale)
    let sum = try (gaussNewton + 1.0 * objective.functionalHessian()).apply(v)
    #expect(relativeError(sum, try hessian.apply(v)) <= 1e-13)
  }
}
