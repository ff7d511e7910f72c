import Curvature
import Networks
import Tensors
import Testing

@Suite struct ForecastTests {
  private func forecast<Scalar: Real>(
    _ network: Network, samples: Int, request: ForecastRequest, options: ExecutionOptions = ExecutionOptions(),
    workers: Int = 1, as type: Scalar.Type = Double.self
  ) throws -> Forecast {
    try Forecast(
      network: network, loss: .crossEntropy, selection: .all(of: network),
      sizes: ObjectiveSizes(samples: samples, targetWidth: 1, hasLabels: true, storedBytes: samples * 100),
      request: request, options: options, workers: workers, precision: type)
  }

  @Test func everyPartIsPositive() throws {
    let network = try Network(named: "mlp:100-50-10", seed: 0)
    let request = ForecastRequest(kind: .hessian, basisVectors: 20, products: 50, denseBytes: 1 << 20)
    let forecast = try forecast(network, samples: 500, request: request)
    #expect(forecast.parts.allSatisfy { $0.bytes > 0 } && Set(forecast.parts.map(\.name)).count == forecast.parts.count)
    #expect(forecast.bytes == forecast.parts.reduce(0) { $0 + $1.bytes })
    #expect(forecast.secondsPerProduct > 0 && forecast.seconds >= 50 * forecast.secondsPerProduct)
    #expect(forecast.products == 50)
    let vectors = try #require(forecast.parts.first { $0.name == "vectors" })
    #expect(vectors.bytes == 24 * network.parameterCount * 8)
  }

  /// With the primal pass kept, a Hessian product is six matrix products a dense layer, two in the first. Without, the
  /// forward products and those of the errors δ W come on top; that into the first hidden layer is not needed, as relu
  /// has no second derivative. For the Gauss-Newton matrix four, two in the first, and the forward products.
  @Test func operationsOfDenseLayers() throws {
    let network = try Network(named: "mlp:300-200-100-50", seed: 0)
    let samples = 512
    let (first, rest) = (300.0 * 200, 200.0 * 100 + 100 * 50)
    func check(
      _ kind: OperatorKind, residualBytes: Int, _ products: (first: Double, rest: Double), less: Double = 0
    ) throws {
      let measured = try forecast(
        network, samples: samples, request: ForecastRequest(kind: kind),
        options: ExecutionOptions(residualBytes: residualBytes)
      ).operationsPerProduct
      let expected = 2 * Double(samples) * (products.first * first + products.rest * rest - less)
      #expect(measured >= expected && measured <= 1.1 * expected, "\(kind): \(measured / expected)")
    }
    try check(.hessian, residualBytes: 1 << 30, (2, 6))
    try check(.hessian, residualBytes: 0, (3, 8), less: 200 * 100)
    try check(.gaussNewton, residualBytes: 1 << 30, (2, 4))
    try check(.gaussNewton, residualBytes: 0, (3, 5))
  }

  @Test func growsWithWhatItIsAskedFor() throws {
    let network = try Network(named: "mlp:100-50-10", seed: 0)
    func bytes(
      samples: Int = 4000, basis: Int = 0, workers: Int = 1, residualBytes: Int = 0
    ) throws -> Int {
      try forecast(
        network, samples: samples, request: ForecastRequest(kind: .hessian, basisVectors: basis),
        options: ExecutionOptions(residualBytes: residualBytes), workers: workers
      ).bytes
    }
    let base = try bytes()
    #expect(try bytes(samples: 8000) >= base + 4000 * (100 + 101 * 8))
    #expect(try bytes(basis: 10) == base + 10 * network.parameterCount * 8)
    #expect(try bytes(workers: 2) > base)
    #expect(try bytes(residualBytes: 1 << 30) > base)
    let single = try forecast(
      network, samples: 4000, request: ForecastRequest(kind: .hessian), options: ExecutionOptions(residualBytes: 0),
      as: Float.self)
    #expect(single.bytes < base)
  }

  @Test func mistakes() throws {
    let network = try Network(named: "mlp:100-50-10", seed: 0)
    #expect(throws: InputError.self) {
      try forecast(
        network, samples: 100, request: ForecastRequest(kind: .hessian), options: ExecutionOptions(microbatch: -1))
    }
  }
}
