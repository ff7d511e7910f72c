import Analyses
import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors

/// A network of 4–5–3 outputs on made-up data: 43 parameters, so that dense answers are at hand.
enum SmallObjective {
  static func numbers(_ shape: [Int], seed: UInt64) -> NumpyArray {
    var stream = RandomStream(seed: seed, purpose: "data of a test")
    let values = (0..<shape.reduce(1, *)).map { _ in 2 * RandomStream.unitInterval(stream.next()) - 1 }
    return NumpyArray(values, shape: shape)
  }

  static func make<Scalar: Real>(
    samples: Int = 30, loss: Loss = .crossEntropy, as type: Scalar.Type = Double.self, selecting name: String? = nil
  ) throws -> Objective<Scalar> {
    let network = try Network(input: [4], seed: 11) {
      Dense(4, 5)
      Tanh()
      Dense(5, 3)
    }
    let labels: [Int64] = (0..<samples).map { sample in Int64((sample * 5 + sample / 4) % 3) }
    let data = try Dataset(
      inputs: numbers([samples, 4], seed: 1),
      targets: loss == .crossEntropy ? NumpyArray(labels) : numbers([samples, 3], seed: 2))
    return try Objective(
      network: network, dataset: data, loss: loss,
      selection: name.map { try ParameterSelection.parameter($0, of: network) }, pool: WorkerPool(count: 1))
  }

  static func regression(samples: Int, inputs: Int, outputs: Int) throws -> Dataset {
    try Dataset(inputs: numbers([samples, inputs], seed: 1), targets: numbers([samples, outputs], seed: 2))
  }
}

extension SpectrumMeasurement {
  /// Every number of the measurement that is not a vector, in one list: equal lists are equal bits.
  var numbers: [Double] {
    var result: [Double] = []
    for pair in (eigenpairs?.top ?? []) + (eigenpairs?.bottom ?? []) {
      result += [pair.value, pair.residual, pair.errorBound, Double(pair.multiplicity)]
    }
    result += [Double(eigenpairs?.products ?? 0), eigenpairs?.normEstimate ?? 0]
    for matrix in sample?.tridiagonals ?? [] { result += matrix.diagonal + matrix.offDiagonal }
    result += sample?.deflated ?? []
    result += (density?.grid ?? []) + (density?.density ?? []) + (density?.band?.upper ?? [])
    result += (logarithmic?.positive.density ?? []) + (logarithmic?.negative.density ?? [])
    result += google?.density ?? []
    result += (trace?.samples ?? []) + [trace?.standardError ?? 0, orthogonality ?? 0]
    result += exact?.eigen.values ?? []
    result += [gradientFraction?.value ?? 0, outliers?.ratio ?? 0, Double(outliers?.count ?? 0), Double(products)]
    return result
  }

  var vectors: [Vector<Scalar>] { ((eigenpairs?.top ?? []) + (eigenpairs?.bottom ?? [])).map(\.vector) }
}
