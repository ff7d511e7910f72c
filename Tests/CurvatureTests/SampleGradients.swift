import Archives
import Curvature
import Datasets
import Networks
import Tensors

/// The gradients of single samples, each from an objective of its own with that sample alone.
enum SampleGradients {
  static func compute(
    _ network: Network, inputs: NumpyArray, targets: NumpyArray, _ loss: Loss
  ) throws -> [Vector<Double>] {
    let (xs, width) = (try inputs.doubles(), inputs.count / inputs.shape[0])
    return try (0..<inputs.shape[0]).map { sample in
      let x = NumpyArray(Array(xs[sample * width..<(sample + 1) * width]), shape: [1] + inputs.shape.dropFirst())
      let y: NumpyArray
      if targets.elementType.isFloatingPoint {
        let (ys, columns) = (try targets.doubles(), targets.count / targets.shape[0])
        y = NumpyArray(Array(ys[sample * columns..<(sample + 1) * columns]), shape: [1, columns])
      } else {
        y = NumpyArray([Int64(try targets.integers()[sample])])
      }
      return try SmallProblem.objective(network, Dataset(inputs: x, targets: y), loss, as: Double.self)
        .lossAndGradient().gradient
    }
  }

  /// (1/n) Σ gᵢ ⟨gᵢ, v⟩
  static func secondMoment(_ gradients: [Vector<Double>], times v: Vector<Double>) -> [Double] {
    var result = [Double](repeating: 0, count: v.count)
    for gradient in gradients {
      let slope = dot(gradient, v) / Double(gradients.count)
      for index in 0..<v.count { result[index] += slope * gradient[index] }
    }
    return result
  }
}
