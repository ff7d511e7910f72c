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
  /// Bytes that elementwise steps of one product read and write.
  public var elementwiseBytesPerProduct: Double
  /// Floating-point operations before the first product: those of the passes that an approximation is made of.
  public var operationsOfPreparation: Double
  /// Operator products asked for, at most.
  public var products: Int
  /// The rate the time is worked out with, in operations a second on all workers, measured on a small matrix product.
  public var operationsPerSecond: Double
  /// Bytes that orthogonalisation reads and writes, at most.
  public var orthogonalizationBytes: Double

  /// Peak resident memory.
  public var bytes: Int { parts.reduce(0) { $0 + $1.bytes } }

  /// The memory traffic that times are worked out with, in bytes a second.
  private static let bytesPerSecond = 10e9

  /// Seconds for one product.
  public var secondsPerProduct: Double {
    operationsPerProduct / operationsPerSecond + elementwiseBytesPerProduct / Self.bytesPerSecond
  }

  /// Seconds for everything.
  public var seconds: Double {
    operationsOfPreparation / operationsPerSecond + Double(products) * secondsPerProduct
      + orthogonalizationBytes / Self.bytesPerSecond
  }

  /// What a process holds before it holds any data of ours: code, libraries, matrix-product workspaces.
  static let processBytes = 72 << 20
}

/// What is to be done with an operator, as far as memory and time go.
public struct ForecastRequest: Sendable {
  public var kind: OperatorKind
  public var options: OperatorOptions
  /// How the operator is cut into blocks; `nil` for the whole of it.
  public var division: ParameterBlock.Division?
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
    batch: Int = 1, options: OperatorOptions = OperatorOptions(), division: ParameterBlock.Division? = nil
  ) {
    self.kind = kind
    self.options = options
    self.division = division
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
  /// The dimension an operator will have: the number of selected parameters, or of outputs of all samples.
  public static func dimension(
    of kind: OperatorKind, network: Network, loss: Loss, selection: ParameterSelection, samples: Int
  ) throws(InputError) -> Int {
    if kind.actsOnParameters { return selection.dimension(of: network) }
    let probe = try OutputProbe(network: network, loss: loss)
    let (count, overflows) = samples.multipliedReportingOverflow(by: probe.outputShape.reduce(1, *))
    guard !overflows else { throw InputError("\(samples) samples have too many outputs") }
    return count
  }

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
      _ build: (inout ObjectiveGraph) throws(InputError) -> [(Value, ResultDestination)]
    ) throws(InputError) -> [Int: Plan] {
      var plans: [Int: Plan] = [:]
      for size in schedule.sizes {
        plans[size] = try ObjectiveGraph.plan(
          network: network, loss: loss, selection: selection, targetType: targetType,
          rowsPerSample: sizes.rowsPerSample, microbatch: size, slices: schedule.slices ?? 1,
          kernels: schedule.kernels(for: Scalar.self, microbatch: size), build)
      }
      return plans
    }
    let probe = try OutputProbe(network: network, loss: loss)
    // The parts of the Gauss-Newton matrix by classes are made of passes like its own, and so are approximations of a matrix.
    let passes = request.kind.isClassPart ? .gaussNewton : request.kind.approximated(request.options) ?? request.kind
    // Passes of approximations take one draw after the other.
    let draws = request.kind.approximation == nil ? request.options.fisherDraws : 1
    let drawSize = passes == .monteCarloFisher ? LabelDraws.size(loss, classes: probe.classes, draws: draws) : 0
    let operatorPlans: [[Int: Plan]]
    if request.kind == .tangentKernel {
      operatorPlans = [
        try plans { graph throws(InputError) in try graph.jacobianProduct(.outputs) },
        try plans { graph throws(InputError) in try graph.transposedJacobianProduct(.outputs) },
      ]
    } else {
      let blocks = request.division.map { ParameterBlock.blocks($0, of: selection, in: network) }
      operatorPlans = [
        try plans { graph throws(InputError) in
          try graph.product(of: passes, blocks: blocks, drawSize: drawSize)
        }
      ]
    }
    let gradientPlans = try plans { graph throws(InputError) in try graph.lossAndGradient() }
    let width = MemoryLayout<Scalar>.stride
    let dimension = try Self.dimension(
      of: request.kind, network: network, loss: loss, selection: selection, samples: sizes.samples)
    let residualBytes = options.residualBytes / operatorPlans.count
    let inputs = network.input.sampleShape.reduce(1, *)
    let executors = operatorPlans.reduce(0) { bytes, plans in
      bytes
        + Executor<Scalar>.byteCount(
          plans: plans, schedule: schedule, workers: workers, vectors: request.batch, residualBytes: residualBytes)
    }
    let gradient = Executor<Scalar>.byteCount(
      plans: gradientPlans, schedule: schedule, workers: workers, vectors: 0, residualBytes: 0)
    let stored = network.parameters.reduce(0) {
      $0 + $1.count * ($1.values.precisionName == Float.precisionName ? 4 : 8)
    }
    // μ of a covariance; mean gradients of pairs of classes, twice while they are being made.
    let further =
      request.kind == .gradientCovariance ? 1 : request.kind.isClassPart ? 2 * probe.classes * (probe.classes + 1) : 0
    parts = [
      Part(name: "process and libraries", bytes: Forecast.processBytes),
      Part(name: "data as read", bytes: sizes.storedBytes),
      Part(
        name: "data in \(Scalar.precisionName) precision",
        bytes: sizes.samples * (inputs + sizes.rowsPerSample * (sizes.targetWidth + 1)) * width),
      Part(name: "parameters", bytes: stored + 2 * network.parameterCount * width),
      Part(name: "arenas, sums and residuals", bytes: max(executors, gradient)),
      Part(
        name: "vectors",
        bytes: (request.vectors + request.basisVectors + further) * dimension * width),
    ]
    var layers: [SharedLinearLayer] = []
    if request.kind.approximation != nil {
      layers = try SharedLinearLayer.find(in: network, selection) { size throws(InputError) in
        try LayerGraph(
          ObjectiveGraph(
            network: network, loss: loss, selection: selection, targetType: targetType,
            rowsPerSample: sizes.rowsPerSample, microbatch: size), microbatch: size)
      }
      parts.append(Part(name: "Kronecker factors", bytes: layers.reduce(0) { $0 + $1.factorBytes }))
    }
    if request.denseBytes > 0 { parts.append(Part(name: "dense matrix", bytes: request.denseBytes)) }
    if drawSize > 0 {
      let bytes = sizes.samples * sizes.rowsPerSample * drawSize * width
      parts.append(Part(name: "labels drawn", bytes: bytes))
    }
    var (perProduct, elements) = (0.0, 0.0)
    for plans in operatorPlans {
      let kept = Executor<Scalar>.keptMicrobatches(plans: plans, schedule: schedule, residualBytes: residualBytes)
      for index in 0..<schedule.microbatchCount {
        guard let plan = plans[schedule.samples(ofMicrobatch: index).count] else { continue }
        for stage in index < kept ? [Stage.linear] : [.linear, .primal] {
          perProduct += plan.operationCount(stage)
          elements += plan.elementCounts[stage] ?? 0
        }
      }
    }
    operationsPerProduct =
      layers.isEmpty
      ? perProduct
      : layers.reduce(0) { $0 + 4 * Double($1.dimension) * Double($1.outputs + $1.inputWidth) }
    elementwiseBytesPerProduct = layers.isEmpty ? elements * Double(width) : 0
    // A pass back for every direction takes about as much as a product with its sums; EKFAC's diagonal takes them again.
    let directions: Int =
      switch passes {
      case .monteCarloFisher: request.options.fisherDraws * sizes.rowsPerSample
      case .gradientSecondMoment: sizes.rowsPerSample
      default: probe.outputShape.reduce(1, *)
      }
    operationsOfPreparation =
      layers.isEmpty ? 0 : perProduct * Double(directions * (request.kind == .ekfac ? 2 : 1))
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
