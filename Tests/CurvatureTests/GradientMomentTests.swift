import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import Testing

/// Second moment and covariance of the samples' gradients, against the gradients of single samples.
@Suite struct GradientMomentTests {
  private struct Case {
    var objective: Objective<Double>
    var gradients: [Vector<Double>]
  }

  private func problem(_ loss: Loss, options: ExecutionOptions = ExecutionOptions()) throws -> Case {
    let network = try SmallProblem.network()
    let inputs = SmallProblem.numbers([30, 6], seed: 1)
    let targets =
      loss == .crossEntropy ? SmallProblem.labels(30, classes: 4) : SmallProblem.probabilities([30, 4], seed: 9)
    return Case(
      objective: try SmallProblem.objective(network, Dataset(inputs: inputs, targets: targets), loss, options: options),
      gradients: try SampleGradients.compute(network, inputs: inputs, targets: targets, loss))
  }

  @Test(arguments: [Loss.crossEntropy, .squaredError, .meanSquaredError, .binaryCrossEntropy])
  func products(loss: Loss) throws {
    let problem = try problem(loss)
    let objective = problem.objective
    let v = randomVector(objective.dimension, seed: 3, as: Double.self)
    let expected = SampleGradients.secondMoment(problem.gradients, times: v)
    #expect(relativeError(try objective.gradientSecondMoment().apply(v), expected) <= 1e-13)
    let mean = try objective.lossAndGradient().gradient
    let slope = dot(mean, v)
    let centred = (0..<v.count).map { expected[$0] - slope * mean[$0] }
    #expect(relativeError(try objective.gradientCovariance().apply(v), centred) <= 1e-12)
  }

  /// tr M = mean ‖gᵢ‖²; Σ = M − μμᵀ is positive semidefinite.
  @Test func tracesAndSigns() throws {
    let problem = try problem(.crossEntropy)
    let moment = try ExactSpectrum.compute(problem.objective.gradientSecondMoment()).eigen.values
    let squares = problem.gradients.reduce(0) { $0 + dot($1, $1) } / Double(problem.gradients.count)
    #expect(abs(moment.reduce(0, +) - squares) <= 1e-12 * squares)
    let covariance = try ExactSpectrum.compute(problem.objective.gradientCovariance()).eigen.values
    let largest = try #require(covariance.last)
    #expect(covariance[0] >= -1e-12 * largest && largest > 0)
    let mean = try problem.objective.lossAndGradient().gradient
    #expect(abs(covariance.reduce(0, +) - (squares - dot(mean, mean))) <= 1e-12 * squares)
  }

  @Test func microbatchesAgree() throws {
    let whole = try problem(.crossEntropy).objective
    for kind in OperatorKind.withoutClasses {
      let expected = try whole.curvature(kind)
      let v = randomVector(expected.dimension, seed: 3, as: Double.self)
      let product = try expected.apply(v)
      for size in [1, 7, 16] {
        let other = try problem(.crossEntropy, options: ExecutionOptions(microbatch: size)).objective
        #expect(relativeError(try other.curvature(kind).apply(v), product) <= 1e-12, "\(kind), \(size)")
      }
    }
  }

  private func workers<Scalar: Real>(_ type: Scalar.Type) throws {
    let network = try Network(named: "mlp:60-90-40-10", seed: 5)
    let data = try SmallProblem.labelled(samples: 700, inputs: 60, classes: 10)
    for kind in OperatorKind.withoutClasses {
      func products(_ count: Int) throws -> [Vector<Scalar>] {
        let operation = try SmallProblem.objective(
          network, data, .crossEntropy, as: type, options: ExecutionOptions(microbatch: 48), workers: count
        ).curvature(kind, options: OperatorOptions(fisherDraws: 2))
        return try operation.apply((0..<2).map { randomVector(operation.dimension, seed: $0, as: type) })
      }
      let one = try products(1)
      #expect(try products(2) == one && products(4) == one, "\(kind)")
    }
  }

  @Test func sameBitsForAnyNumberOfWorkers() throws {
    try workers(Double.self)
    try workers(Float.self)
  }
}
