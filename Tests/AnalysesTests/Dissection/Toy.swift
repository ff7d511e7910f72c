import Analyses
import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import Training

/// The network of 10–16–4 units on 400 samples of four clusters that the studies of layers are made with; centred inputs or shifted ones.
enum Toy {
  static let classes = 4
  static let width = 16

  static func normals(_ count: Int, _ purpose: String, _ seed: UInt64) -> [Double] {
    let space = DenseVectorSpace<Double>(dimension: count)
    return space.random(.gaussian, from: RandomStream(seed: seed, purpose: purpose)).elements
  }

  static func data(shift: Double, samples: Int = 400, seed: UInt64 = 7) throws -> Dataset {
    let centres = normals(classes * 10, "centres", seed)
    let noise = normals(samples * 10, "noise", seed)
    var x: [Double] = []
    var y: [Int64] = []
    for sample in 0..<samples {
      let label = (sample * 7 + sample / 5) % classes
      y.append(Int64(label))
      for index in 0..<10 { x.append(centres[label * 10 + index] * 0.95 + noise[sample * 10 + index] + shift) }
    }
    return try Dataset(inputs: NumpyArray(x, shape: [samples, 10]), targets: NumpyArray(y))
  }

  static func network(seed: UInt64, isRectified: Bool = false) throws -> Network {
    isRectified
      ? try Network(input: [10], seed: seed) {
        Dense(10, width)
        ReLU()
        Dense(width, classes)
      }
      : try Network(input: [10], seed: seed) {
        Dense(10, width)
        Tanh()
        Dense(width, classes)
      }
  }

  /// The objective at the end of a training by stochastic gradients with momentum.
  static func trained(
    _ data: Dataset, seed: UInt64, steps: Int = 300, isRectified: Bool = false
  ) throws -> Objective<Double> {
    var optimizer = OptimizerSettings(.heavyBall)
    optimizer.momentum = 0.9
    var run = try TrainingRun<Double>(
      network: network(seed: seed, isRectified: isRectified), dataset: data, loss: .crossEntropy,
      settings: TrainingSettings(optimizer: optimizer, learningRate: 0.1, batchSize: 32, steps: steps, seed: seed),
      pool: WorkerPool(count: 1))
    while !run.isFinished { _ = try run.advance() }
    return try Objective(
      network: run.trainedNetwork(), dataset: data, loss: .crossEntropy, pool: WorkerPool(count: 1))
  }
}
