import Archives
import Curvature
import Datasets
import Networks
import Tensors
import Testing
import Training

@Suite struct MomentumDescentTests {
  private static func numbers(_ shape: [Int], seed: UInt64) -> NumpyArray {
    var stream = RandomStream(seed: seed, purpose: "data of a test")
    let values = (0..<shape.reduce(1, *)).map { _ in 2 * RandomStream.unitInterval(stream.next()) - 1 }
    return NumpyArray(values, shape: shape)
  }

  /// On ½ mean ‖Wx − y‖², whose gradient can be written down.
  @Test func aQuadraticByHand() throws {
    let (n, inputs, outputs) = (20, 3, 2)
    let network = try Network(input: [inputs], seed: 1) { Dense(inputs, outputs, bias: false) }
    let x = Self.numbers([n, inputs], seed: 2)
    let y = Self.numbers([n, outputs], seed: 3)
    let objective = try Objective<Double>(
      network: network, dataset: Dataset(inputs: x, targets: y), loss: .squaredError, pool: WorkerPool(count: 1))
    let (xs, ys) = (try x.doubles(), try y.doubles())
    var weights = objective.parameters.elements
    var velocity = [Double](repeating: 0, count: weights.count)
    var losses: [Double] = []
    for _ in 0..<25 {
      var loss = 0.0
      var gradient = [Double](repeating: 0, count: weights.count)
      for sample in 0..<n {
        for output in 0..<outputs {
          var residual = -ys[sample * outputs + output]
          for input in 0..<inputs { residual += weights[output * inputs + input] * xs[sample * inputs + input] }
          loss += residual * residual / 2 / Double(n)
          for input in 0..<inputs {
            gradient[output * inputs + input] += residual * xs[sample * inputs + input] / Double(n)
          }
        }
      }
      losses.append(loss)
      for index in weights.indices {
        velocity[index] = 0.8 * velocity[index] + gradient[index]
        weights[index] -= 0.3 * velocity[index]
      }
    }
    var seen: [Double] = []
    let trained = try MomentumDescent(learningRate: 0.3, momentum: 0.8, steps: 25).train(objective) { step, loss in
      #expect(step == seen.count)
      seen.append(loss)
    }
    #expect(zip(trained.elements, weights).allSatisfy { abs($0 - $1) <= 1e-13 })
    #expect(seen.count == 25 && zip(seen, losses).allSatisfy { abs($0 - $1) <= 1e-14 })
  }

  @Test func lowersTheLoss() throws {
    let network = try Network(named: "mlp:64-16-10", seed: 0)
    let objective = try Objective<Float>(
      network: network, dataset: .load("digits", options: DatasetOptions(samples: 300)), loss: .crossEntropy,
      pool: WorkerPool(count: 2))
    let before = try objective.lossAndGradient().loss
    let trained = try objective.at(MomentumDescent(learningRate: 0.1, steps: 60).train(objective))
    #expect(try trained.lossAndGradient().loss < before / 4)
    #expect(try #require(try trained.accuracy()) > 0.9)
    #expect(try #require(try trained.accuracy()) > #require(try objective.accuracy()))
    let none = try MomentumDescent(learningRate: 0.1, steps: 0).train(objective)
    #expect(none == objective.parameters)
  }

  @Test func aLearningRateThatIsTooLarge() throws {
    let network = try Network(input: [3], seed: 1) { Dense(3, 2) }
    let data = try Dataset(inputs: Self.numbers([10, 3], seed: 2), targets: Self.numbers([10, 2], seed: 3))
    let objective = try Objective<Double>(
      network: network, dataset: data, loss: .squaredError, pool: WorkerPool(count: 1))
    #expect(throws: InputError.self) { try MomentumDescent(learningRate: 1e6, steps: 1000).train(objective) }
    let part = try Objective<Double>(
      network: network, dataset: data, loss: .squaredError, selection: .parameter("0.bias", of: network),
      pool: WorkerPool(count: 1))
    #expect(throws: InputError.self) { try MomentumDescent(learningRate: 0.1, steps: 1).train(part) }
  }
}
