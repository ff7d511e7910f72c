import Archives
import Curvature
import Datasets
import Networks
import Tensors
import TestSupport
import Training

/// ½ mean ‖Wx − y‖² on four samples, whose gradient W·C − D and Hessian (C for each output) can be written down.
enum LeastSquares {
  static let inputs = [1, 2, -1, 0.5, -1, 2, -1.5, 0.25, 1, 2, 1, 0.5]
  static let targets = [1, -1, 0.5, 2, -0.25, 0.75, 1.5, 0]
  static let start = [0.5, -0.25, 0.75, -1, 0.125, 0.3125]

  static func dataset() throws -> Dataset {
    try Dataset(inputs: NumpyArray(inputs, shape: [4, 3]), targets: NumpyArray(targets, shape: [4, 2]))
  }

  static func network() throws -> Network {
    try Network(input: [3], seed: 1) { Dense(3, 2, bias: false) }.withParameters(Vector(start))
  }

  /// C = XᵀX/n
  static let moment: [[Double]] = {
    var moment = [[Double]](repeating: [0, 0, 0], count: 3)
    for sample in 0..<4 {
      for i in 0..<3 {
        for j in 0..<3 { moment[i][j] += inputs[sample * 3 + i] * inputs[sample * 3 + j] / 4 }
      }
    }
    return moment
  }()

  static func hessianProduct(_ vector: [Double]) -> [Double] {
    var product = [Double](repeating: 0, count: 6)
    for output in 0..<2 {
      for i in 0..<3 {
        for j in 0..<3 { product[output * 3 + i] += moment[i][j] * vector[output * 3 + j] }
      }
    }
    return product
  }

  static func gradient(_ weights: [Double]) -> [Double] {
    var gradient = hessianProduct(weights)
    for sample in 0..<4 {
      for output in 0..<2 {
        for i in 0..<3 { gradient[output * 3 + i] -= targets[sample * 2 + output] * inputs[sample * 3 + i] / 4 }
      }
    }
    return gradient
  }

  /// The parameters after some steps on all samples.
  static func train(
    _ settings: OptimizerSettings, rate: Double, steps: Int = 5, decay: Double = 0.01, clip: Double? = nil
  ) throws -> [Double] {
    var run = try TrainingRun<Double>(
      network: network(), dataset: dataset(), loss: .squaredError,
      settings: TrainingSettings(
        optimizer: settings, learningRate: rate, weightDecay: decay, clipNorm: clip, batchSize: 4, steps: steps, seed: 5
      ),
      pool: WorkerPool(count: 1))
    while !run.isFinished { _ = try run.advance() }
    return run.parameters.elements
  }

  static func distance(_ x: [Double], _ y: [Double]) -> Double {
    guard x.count == y.count else { return .infinity }
    return zip(x, y).map { abs($0 - $1) }.max() ?? 0
  }
}
