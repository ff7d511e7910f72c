import Archives
import Curvature
import Datasets
import Networks
import Tensors

/// Networks and data made up for a test, the same in every run.
enum SmallProblem {
  /// [samples, width] uniform numbers in (−1, 1).
  static func numbers(_ shape: [Int], seed: UInt64) -> NumpyArray {
    NumpyArray(randomVector(shape.reduce(1, *), seed: seed, as: Double.self).elements, shape: shape)
  }

  /// Labels 0 ..< classes, one a row.
  static func labels(_ count: Int, classes: Int) -> NumpyArray {
    NumpyArray((0..<count).map { Int64(($0 * 7 + $0 / 3) % classes) })
  }

  static func labelled(samples: Int, inputs: Int, classes: Int, seed: UInt64 = 1) throws -> Dataset {
    try Dataset(
      inputs: numbers([samples, inputs], seed: seed), targets: labels(samples, classes: classes))
  }

  /// Uniform numbers in (0, 1): real targets that binary cross-entropy takes, too.
  static func probabilities(_ shape: [Int], seed: UInt64) -> NumpyArray {
    NumpyArray(
      randomVector(shape.reduce(1, *), seed: seed, as: Double.self).elements.map { 0.5 + $0 / 2 }, shape: shape)
  }

  static func regression(samples: Int, inputs: Int, outputs: Int, seed: UInt64 = 1) throws -> Dataset {
    try Dataset(
      inputs: numbers([samples, inputs], seed: seed), targets: probabilities([samples, outputs], seed: seed + 100))
  }

  /// Layers of widths 6, 7, 5 and `outputs`, smooth, with a residual block.
  static func network(outputs: Int = 4, seed: UInt64 = 3) throws -> Network {
    try Network(input: [6], seed: seed) {
      Dense(6, 7)
      Tanh()
      Residual {
        Dense(7, 5)
        GELU()
        Dense(5, 7)
      }
      Dense(7, outputs)
    }
  }

  static func objective<Scalar: Real>(
    _ network: Network, _ dataset: Dataset, _ loss: Loss, as type: Scalar.Type = Double.self,
    selection: ParameterSelection? = nil, options: ExecutionOptions = ExecutionOptions(), workers: Int = 1
  ) throws -> Objective<Scalar> {
    try Objective(
      network: network, dataset: dataset, loss: loss, selection: selection, options: options,
      pool: WorkerPool(count: workers))
  }

  /// Cross-entropy of the network on 40 samples, or squared error.
  static func standard<Scalar: Real>(
    _ loss: Loss = .crossEntropy, as type: Scalar.Type = Double.self,
    select: (Network) throws -> ParameterSelection? = { _ in nil }, options: ExecutionOptions = ExecutionOptions()
  ) throws -> Objective<Scalar> {
    let network = try network()
    let data =
      try loss == .crossEntropy
      ? labelled(samples: 40, inputs: 6, classes: 4) : regression(samples: 40, inputs: 6, outputs: 4)
    return try objective(network, data, loss, as: type, selection: select(network), options: options)
  }
}
