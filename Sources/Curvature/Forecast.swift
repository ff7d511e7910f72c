import Autodiff
import Krylov
import Networks
import Tensors

/// What a computation will need, worked out from plans alone: nothing of its size is allocated.
public struct Forecast: Sendable, Codable, Hashable {
  /// One named part of the memory.
  public struct Part: Sendable, Codable, Hashable {
    public var name: String
    public var bytes: Int
  }

  /// Peak memory by part; the process itself is one of them.
  public var parts: [Part]
  /// Floating-point operations of one product, with the primal pass kept where it is.
  public var operationsPerProduct: Double
  /// Operator products asked for, at most.
  public var products: Int
  /// The rate the time is worked out with, in operations a second on all workers, measured on a small matrix product.
  public var operationsPerSecond: Double
  /// Bytes that orthogonalisation reads and writes, at most.
  public var orthogonalizationBytes: Double

  /// Peak resident memory.
  public var bytes: Int { parts.reduce(0) { $0 + $1.bytes } }

  /// Seconds for one product.
  public var secondsPerProduct: Double { operationsPerProduct / operationsPerSecond }

  /// Seconds for everything; memory traffic at 10 GB/s.
  public var seconds: Double { Double(products) * secondsPerProduct + orthogonalizationBytes / 10e9 }

  /// What a process holds before it holds any data of ours: code, libraries, matrix-product workspaces.
  static let processBytes = 72 << 20
}

/// What is to be done with an operator, as far as memory and time go.
public struct ForecastRequest: Sendable {
  public var kind: OperatorKind
  /// Vectors a Krylov basis holds at most.
  public var basisVectors: Int
  /// Other vectors of the operator's dimension.
  public var vectors: Int
  public var products: Int
  /// Bytes of a dense matrix, where one is formed.
  public var denseBytes: Int
  /// Vectors multiplied in one call at most.
  public var batch: Int

  public init(
    kind: OperatorKind, basisVectors: Int = 0, vectors: Int = 4, products: Int = 1, denseBytes: Int = 0,
    batch: Int = 1
  ) {
    self.kind = kind
    self.basisVectors = basisVectors
    self.vectors = vectors
    self.products = products
    self.denseBytes = denseBytes
    self.batch = batch
  }
}

/// The sizes of an objective without its data: what a forecast needs.
public struct ObjectiveSizes: Sendable {
  public var samples: Int
  public var targetWidth: Int
  public var rowsPerSample: Int
  public var hasLabels: Bool
  /// Bytes of the data as read from its file.
  public var storedBytes: Int

  public init(samples: Int, targetWidth: Int, rowsPerSample: Int = 1, hasLabels: Bool, storedBytes: Int) {
    self.samples = samples
    self.targetWidth = targetWidth
    self.rowsPerSample = rowsPerSample
    self.hasLabels = hasLabels
    self.storedBytes = storedBytes
  }
}

extension Forecast {
  /// The forecast for a network, a number of samples and a request, in a precision.
  ///
  /// - Throws: ``InputError`` where network and loss do not fit.
  public init<Scalar: Real>(
    network: Network, loss: Loss, selection: ParameterSelection, sizes: ObjectiveSizes, request: ForecastRequest,
    options: ExecutionOptions, workers: Int, precision: Scalar.Type
  ) throws {
    let schedule = try ScheduleRule.schedule(samples: sizes.samples, network: network, options: options)
    let targetType: TensorType? =
      loss == .output ? nil : sizes.hasLabels ? TensorType([], .int32) : TensorType([sizes.targetWidth])
    func plans(
      _ build: (inout ObjectiveGraph) throws(InputError) -> [(Value, SumDestination)]
    ) throws(InputError) -> [Int: Plan] {
      var plans: [Int: Plan] = [:]
      for size in schedule.sizes {
        plans[size] = try ObjectiveGraph.plan(
          network: network, loss: loss, selection: selection, targetType: targetType,
          rowsPerSample: sizes.rowsPerSample, microbatch: size,
          kernels: schedule.kernels(for: Scalar.self, microbatch: size), build)
      }
      return plans
    }
    let operatorPlans = try plans { graph throws(InputError) in
      try graph.product(of: request.kind)
    }
    let gradientPlans = try plans { graph throws(InputError) in try graph.lossAndGradient() }
    let width = MemoryLayout<Scalar>.stride
    let dimension = selection.dimension(of: network)
    let inputs = network.input.sampleShape.reduce(1, *)
    let executor = Executor<Scalar>.byteCount(
      plans: operatorPlans, schedule: schedule, workers: workers, vectors: request.batch,
      residualBytes: options.residualBytes)
    let gradient = Executor<Scalar>.byteCount(
      plans: gradientPlans, schedule: schedule, workers: workers, vectors: 0, residualBytes: 0)
    let stored = network.parameters.reduce(0) {
      $0 + $1.count * ($1.values.precisionName == Float.precisionName ? 4 : 8)
    }
    parts = [
      Part(name: "process and libraries", bytes: Forecast.processBytes),
      Part(name: "data as read", bytes: sizes.storedBytes),
      Part(
        name: "data in \(Scalar.precisionName) precision",
        bytes: sizes.samples * (inputs + sizes.rowsPerSample * (sizes.targetWidth + 1)) * width),
      Part(name: "parameters", bytes: stored + 2 * network.parameterCount * width),
      Part(name: "arenas, sums and residuals", bytes: max(executor, gradient)),
      Part(name: "vectors", bytes: (request.vectors + request.basisVectors) * dimension * width),
    ]
    if request.denseBytes > 0 { parts.append(Part(name: "dense matrix", bytes: request.denseBytes)) }
    var perProduct = 0.0
    let kept = Executor<Scalar>.keptMicrobatches(
      plans: operatorPlans, schedule: schedule, residualBytes: options.residualBytes)
    for index in 0..<schedule.microbatchCount {
      guard let plan = operatorPlans[schedule.samples(ofMicrobatch: index).count] else { continue }
      perProduct += plan.operationCount(.linear) + (index < kept ? 0 : plan.operationCount(.primal))
    }
    operationsPerProduct = perProduct
    products = request.products
    try LinearAlgebraLibrary.load()
    operationsPerSecond = MatrixProductRate.measure(Scalar.self) * Double(min(workers, schedule.tasks))
    orthogonalizationBytes = Double(request.products) * Double(max(1, request.basisVectors) * dimension * width)
  }
}

/// Operations a second of one worker's matrix products, measured in a few milliseconds.
enum MatrixProductRate {
  static func measure<Scalar: Real>(_ type: Scalar.Type) -> Double {
    let n = 384
    let a = AlignedStorage<Scalar>(count: n * n)
    let b = AlignedStorage<Scalar>(count: n * n)
    let c = AlignedStorage<Scalar>(count: n * n)
    var best = 0.0
    for _ in 0..<4 {
      let clock = ContinuousClock()
      let elapsed = clock.measure {
        Scalar.gemm(
          transposeA: false, transposeB: false, m: n, n: n, k: n, alpha: 1, a.pointer, n, b.pointer, n, beta: 0,
          c.pointer, n)
      }
      let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
      if seconds > 0 { best = max(best, 2 * Double(n * n * n) / seconds) }
    }
    return max(best, 1e8)
  }
}
