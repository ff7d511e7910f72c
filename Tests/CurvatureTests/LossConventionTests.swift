import Archives
import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors
import Testing

/// What each loss means, on objectives whose derivatives can be written down.
@Suite struct LossConventionTests {
  /// One dense layer without bias, W [outputs, inputs], as closed forms need it.
  private func linear(_ inputs: Int, _ outputs: Int) throws -> (Network, [Double]) {
    let network = try Network(input: [inputs], seed: 4) { Dense(inputs, outputs, bias: false) }
    return (network, network.parameterVector(as: Double.self).elements)
  }

  /// PyTorch's mean over outputs is 2/C times half the sum of squares.
  @Test func meanSquaredErrorIsTwoOverCTimesSquaredError() throws {
    let half = try SmallProblem.standard(.squaredError)
    let mean = try SmallProblem.standard(.meanSquaredError)
    let v = randomVector(half.dimension, seed: 1, as: Double.self)
    let (loss, gradient) = try half.lossAndGradient()
    let (other, otherGradient) = try mean.lossAndGradient()
    #expect(abs(other - 2 / 4 * loss) <= 1e-15)
    #expect(relativeError(otherGradient, gradient.elements.map { 0.5 * $0 }) <= 1e-14)
    for kind in [OperatorKind.hessian, .gaussNewton, .functional, .fisher] {
      let product = try half.curvature(kind).apply(v).elements.map { 0.5 * $0 }
      #expect(relativeError(try mean.curvature(kind).apply(v), product) <= 1e-14)
    }
  }

  /// ½ mean ‖Wx − y‖²: gradient (1/n) Σ (Wx − y) xᵀ, Hessian I ⊗ (1/n) Σ x xᵀ.
  @Test func squaredErrorOfALinearModel() throws {
    try expectLinearModel(.squaredError, targets: SmallProblem.numbers([25, 3], seed: 7)) { z, y in
      ((z - y) * (z - y) / 2, z - y, 1)
    }
  }

  /// Σ_c ln(1 + e^z) − yz with z = Wx: gradient Σ (s − y) xᵀ/n, product Σ s(1 − s) (Vx) xᵀ/n with s = 1/(1 + e^(−z)).
  @Test func binaryCrossEntropyOfALinearModel() throws {
    let targets = NumpyArray((0..<75).map { Double($0 % 3 == 0 ? 1 : 0) }, shape: [25, 3])
    try expectLinearModel(.binaryCrossEntropy, targets: targets) { z, y in
      let s = 1 / (1 + exp(-z))
      return (log(1 + exp(z)) - y * z, s - y, s * (1 - s))
    }
  }

  /// Holds a linear model z = Wx against its closed form, from a loss of one output and its first two derivatives by z:
  /// Hessian and Gauss-Newton matrix are then the same.
  private func expectLinearModel(
    _ loss: Loss, targets: NumpyArray, _ derivatives: (_ z: Double, _ y: Double) -> (Double, Double, Double)
  ) throws {
    let (n, inputs, outputs) = (25, 5, 3)
    let (network, weights) = try linear(inputs, outputs)
    let x = SmallProblem.numbers([n, inputs], seed: 6)
    let objective = try SmallProblem.objective(network, Dataset(inputs: x, targets: targets), loss)
    let (xs, ys) = (try x.doubles(), try targets.doubles())
    let v = randomVector(objective.dimension, seed: 1, as: Double.self)
    var mean = 0.0
    var gradient = [Double](repeating: 0, count: weights.count)
    var product = gradient
    for sample in 0..<n {
      let row = Array(xs[sample * inputs..<(sample + 1) * inputs])
      for output in 0..<outputs {
        let range = output * inputs..<(output + 1) * inputs
        let z = zip(weights[range], row).reduce(0) { $0 + $1.0 * $1.1 }
        let direction = zip(v.elements[range], row).reduce(0) { $0 + $1.0 * $1.1 }
        let (value, first, second) = derivatives(z, ys[sample * outputs + output])
        mean += value / Double(n)
        for input in 0..<inputs {
          gradient[output * inputs + input] += first * row[input] / Double(n)
          product[output * inputs + input] += second * direction * row[input] / Double(n)
        }
      }
    }
    let (measured, measuredGradient) = try objective.lossAndGradient()
    #expect(abs(measured - mean) <= 1e-14 * mean)
    #expect(relativeError(measuredGradient, gradient) <= 1e-13)
    #expect(relativeError(try objective.hessian().apply(v), product) <= 1e-13)
    #expect(relativeError(try objective.gaussNewton().apply(v), product) <= 1e-13)
  }

  /// Labels as probabilities that are 0 and 1.
  @Test func softTargetsThatAreLabels() throws {
    let network = try SmallProblem.network()
    let inputs = SmallProblem.numbers([20, 6], seed: 2)
    let labels = SmallProblem.labels(20, classes: 4)
    let hot = try labels.integers().flatMap { label in (0..<4).map { $0 == label ? 1.0 : 0 } }
    let hard = try SmallProblem.objective(network, Dataset(inputs: inputs, targets: labels), .crossEntropy)
    let soft = try SmallProblem.objective(
      network, Dataset(inputs: inputs, targets: NumpyArray(hot, shape: [20, 4])), .crossEntropy)
    #expect(abs(try hard.lossAndGradient().loss - soft.lossAndGradient().loss) <= 1e-14)
    #expect(relativeError(try soft.lossAndGradient().gradient, try hard.lossAndGradient().gradient) <= 1e-13)
    for kind in OperatorKind.withoutClasses {
      let (left, right) = (try soft.curvature(kind), try hard.curvature(kind))
      let v = randomVector(left.dimension, seed: 1, as: Double.self)
      #expect(relativeError(try left.apply(v), try right.apply(v)) <= 1e-13, "\(kind)")
    }
    #expect(try hard.accuracy() != nil && soft.accuracy() == nil)
  }

  /// A network that returns softplus(z) as its loss is binary cross-entropy with targets 0; there is nothing to split.
  @Test func lossesTheNetworkReturns() throws {
    let inputs = SmallProblem.numbers([20, 6], seed: 2)
    let own = try Network(input: [6], seed: 1) {
      Dense(6, 5)
      Tanh()
      Dense(5, 1)
      Softplus(threshold: .infinity)
    }
    let plain = try Network(input: [6], seed: 1) {
      Dense(6, 5)
      Tanh()
      Dense(5, 1)
    }
    let left = try SmallProblem.objective(own, Dataset(inputs: inputs), .output)
    let right = try SmallProblem.objective(
      plain, Dataset(inputs: inputs, targets: NumpyArray([Double](repeating: 0, count: 20), shape: [20, 1])),
      .binaryCrossEntropy)
    let v = randomVector(left.dimension, seed: 1, as: Double.self)
    #expect(abs(try left.lossAndGradient().loss - right.lossAndGradient().loss) <= 1e-14)
    #expect(relativeError(try left.lossAndGradient().gradient, try right.lossAndGradient().gradient) <= 1e-13)
    #expect(relativeError(try left.hessian().apply(v), try right.hessian().apply(v)) <= 1e-13)
    let error = #expect(throws: InputError.self) { try left.gaussNewton() }
    #expect(error?.remedy?.contains("--loss") == true)
  }
}
