import Analyses
import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import TestSupport
import Training

/// The network of 10–16–4 units on 400 samples of four clusters that the studies of layers are made with; centred
/// inputs or shifted ones.
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

  /// Data and training of `i_small_nets.py` of the oracles, draw by draw.
  static func oracle(shift: Double, model: UInt32) throws -> Objective<Double> {
    let (features, samples) = (10, 400)
    var random = NumpyRandom(seed: 7)
    let centres = random.normals(classes * features).map { $0 * 2 / Double(features).squareRoot() * 1.5 }
    let labels = (0..<samples).map { _ in random.integer(below: UInt32(classes)) }
    let noise = random.normals(samples * features)
    let x = (0..<samples * features).map { place in
      centres[labels[place / features] * features + place % features] + noise[place] + shift
    }
    let data = try Dataset(
      inputs: NumpyArray(x, shape: [samples, features]), targets: NumpyArray(labels.map { Int64($0) }))
    random = NumpyRandom(seed: 50 + model)
    var start = random.normals(width * features).map { $0 * (2 / Double(features)).squareRoot() }
    start += [Double](repeating: 0, count: width)
    start += random.normals(classes * width).map { $0 * (1 / Double(width)).squareRoot() }
    start += [Double](repeating: 0, count: classes)
    let pool = WorkerPool(count: 1)
    let network = try network(seed: 0)
    let batches = try MinibatchGradient<Double>(
      network: network, dataset: data, loss: .crossEntropy, batchSize: 32, pool: pool)
    var (weights, velocity) = (Vector(start), [Double](repeating: 0, count: start.count))
    for _ in 0..<300 {
      let rows = (0..<32).map { _ in random.integer(below: UInt32(samples)) }
      batches.load(rows)
      let gradient = try batches.gradient(at: weights).gradient.elements
      velocity = zip(velocity, gradient).map { 0.9 * $0 - 0.1 * $1 }
      weights = Vector(zip(weights.elements, velocity).map { $0 + $1 })
    }
    return try Objective(
      network: network.withParameters(weights), dataset: data, loss: .crossEntropy, pool: pool)
  }
}
