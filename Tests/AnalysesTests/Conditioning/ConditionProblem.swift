import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors

/// Networks and data for condition numbers, all in double precision.
enum ConditionProblem {
  /// Normal numbers.
  static func normal(_ count: Int, seed: UInt64) -> [Double] {
    let stream = RandomStream(seed: seed, purpose: "condition number of a test")
    let vector: Vector<Double> = DenseVectorSpace(dimension: count).random(.gaussian, from: stream)
    return vector.elements
  }

  /// n samples of d inputs that span r dimensions.
  static func inputs(_ n: Int, _ d: Int, rank r: Int, seed: UInt64) -> NumpyArray {
    let (left, right) = (normal(n * r, seed: seed), normal(r * d, seed: seed + 1))
    var x = [Double](repeating: 0, count: n * d)
    for i in 0..<n { for j in 0..<d { for l in 0..<r { x[i * d + j] += left[i * r + l] * right[l * d + j] } } }
    return NumpyArray(x, shape: [n, d])
  }

  static func linear(
    _ widths: [Int], _ loss: Loss, samples: Int = 40, rank: Int? = nil, skip: Double = 0, seed: UInt64 = 1
  ) throws -> Objective<Double> {
    let network = try Network(
      input: [widths[0]], seed: seed,
      layers: Sequential(
        zip(widths, widths.dropFirst()).map {
          Dense($0, $1, bias: false, initializer: .kaimingNormal(), skip: $0 == $1 ? skip : 0)
        }))
    return try objective(
      network, inputs(samples, widths[0], rank: rank ?? widths[0], seed: seed + 10), outputs: widths[widths.count - 1],
      loss, seed: seed)
  }

  static func objective(
    _ network: Network, _ x: NumpyArray, outputs: Int, _ loss: Loss, seed: UInt64 = 1
  ) throws -> Objective<Double> {
    let n = x.shape[0]
    let y =
      loss == .crossEntropy
      ? NumpyArray((0..<n).map { Int64(($0 * 7 + $0 / 3) % outputs) })
      : NumpyArray(normal(n * outputs, seed: seed + 20), shape: [n, outputs])
    return try Objective(
      network: network, dataset: Dataset(inputs: x, targets: y), loss: loss, pool: WorkerPool(count: 2))
  }

  static func matrices(_ objective: Objective<Double>) -> [DenseMatrix] {
    objective.network.parameters.map {
      DenseMatrix(rows: $0.shape[0], columns: $0.shape[1], elements: $0.values.values(as: Double.self))
    }
  }
}
