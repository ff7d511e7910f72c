import Analyses
import Curvature
import Datasets
import Networks
import Tensors
import Testing
import Training

/// Full-batch training on squared error drives the sharpness to the optimiser's edge and holds it there
/// (Cohen, Kaur, Li, Kolter, Talwalkar, 2021, arXiv:2103.00065).
@Suite struct EdgeOfStabilityTests {
  private struct Plateau {
    /// The median of λ₁ over its edge, and of λ₁, in the second half of the points after the first above the edge.
    var ratio: Double
    var sharpness: Double
  }

  private func plateau(_ optimizer: OptimizerSettings, _ edge: SharpnessEdge, rate: Double, steps: Int) throws
    -> Plateau
  {
    let data = try Dataset.load("digits", options: DatasetOptions(samples: 150, standardisation: .meanDeviation))
      .withLabelNoise(fraction: 0.3, seed: 1).withOneHotTargets()
    let network = try Network(named: "mlp:64-32-32-10,tanh", seed: 1)
    let pool = WorkerPool(count: 2)
    var run = try TrainingRun<Double>(
      network: network, dataset: data, loss: .squaredError,
      settings: TrainingSettings(optimizer: optimizer, learningRate: rate, batchSize: 150, steps: steps), pool: pool)
    var observer = try TrajectoryObserver<Double>(
      network: network, dataset: data, loss: .squaredError, settings: TrajectorySettings(top: 1), pool: pool)
    var values: [Double] = []
    while !run.isFinished {
      let step = try run.advance()
      guard step.step % 20 == 0 else { continue }
      let moment = TrajectoryMoment(
        step: step.step, epoch: step.epoch, reason: .schedule, parameters: step.parameters,
        optimizer: OptimizerContext(learningRate: rate, edge: edge))
      values.append(try #require(observer.measure(at: moment).measurements.first?.top.first))
    }
    let limit = edge.value(learningRate: rate)
    let crossing = try #require(values.firstIndex { $0 >= limit }, "the sharpness never reached \(limit)")
    let after = values[crossing...]
    let late = after.suffix(after.count / 2).sorted()
    let median = late[late.count / 2]
    return Plateau(ratio: median / limit, sharpness: median)
  }

  @Test func gradientDescent() throws {
    let settings = OptimizerSettings(.gradientDescent)
    let large = try plateau(settings, .gradientDescent, rate: 0.1, steps: 2000)
    let small = try plateau(settings, .gradientDescent, rate: 0.05, steps: 4000)
    #expect((0.95...1.10).contains(large.ratio), "\(large)")
    #expect((0.95...1.10).contains(small.ratio), "\(small)")
    // Half the learning rate, twice the plateau.
    #expect((1.85...2.15).contains(small.sharpness / large.sharpness), "\(small), \(large)")
  }

  @Test func heavyBall() throws {
    let found = try plateau(
      OptimizerSettings(.heavyBall), .heavyBall(momentum: 0.9), rate: 0.1, steps: 1000)
    #expect((0.95...1.10).contains(found.ratio), "\(found)")
  }
}
