import Autodiff
import Datasets
import Krylov
import Networks
import Synchronization
import Tensors

/// The loss of a few samples and its gradient, planned once for any samples and any parameters: what a step of training takes.
///
///     let batch = try MinibatchGradient<Float>(network: network, dataset: data, loss: .crossEntropy, batchSize: 128, pool: pool)
///     batch.load([4, 17, 2, …])
///     let (loss, gradient) = try batch.gradient(at: parameters)
///
/// The mean is over the rows of the batch that count, the weights being taken anew for every batch. Where batch
/// normalisation takes the statistics of its batch, these come with the gradient.
///
/// Cost of a step: three matrix products a dense layer (two in the first), and a copy of the samples; nothing is
/// planned anew. One caller at a time.
public final class MinibatchGradient<Scalar: Real>: Sendable {
  /// Samples of a batch.
  public let batchSize: Int
  /// The data that batches are drawn from, in the shape the network reads.
  public let dataset: Dataset
  /// Where the model keeps the statistics that come with a gradient, in their order.
  public let statistics: [BatchStatisticsSite]
  /// Elements of a channel that statistics are taken over, by samples: times ``BatchStatisticsSite/pixels``.
  public let statisticsGroup: Int
  /// The objective of the loaded batch, at the parameters that training began with.
  let objective: Objective<Scalar>
  private let executor: Executor<Scalar>
  /// Executors of products that were asked for.
  let products = Mutex<Products>(Products())

  /// What products need, made when they are first asked for.
  struct Products: Sendable {
    var executors: [OperatorKind: Executor<Scalar>] = [:]
    var outputs: Executor<Scalar>?
    /// Those that have been moved to the current parameters and samples.
    var current: Set<OperatorKind> = []
    /// θ of the last evaluation.
    var position: Vector<Scalar>?
  }

  /// - Parameters:
  ///   - network: its batch normalisations in `running` mode are constants; in any other they take the statistics of the batch.
  ///   - options: of the way a batch is cut and run.
  /// - Throws: ``InputError`` where data, loss and network do not fit each other, or there are fewer samples than in a batch.
  public init(
    network: Network, dataset: Dataset, loss: Loss, batchSize: Int, options: ExecutionOptions = ExecutionOptions(),
    pool: WorkerPool
  ) throws {
    var network = network
    if let mode = network.batchNormalization, mode != .running { network = try network.withBatchNormalization(.batch) }
    guard batchSize >= 1, batchSize <= dataset.count else {
      throw InputError(
        place: "--batch \(batchSize)", "must be 1 to the number of samples, \(dataset.count)",
        remedy: "choose smaller batches, or give more data")
    }
    self.batchSize = batchSize
    self.dataset = try Objective<Scalar>.fit(
      dataset, to: network, loss: loss, probe: OutputProbe(network: network, loss: loss))
    objective = try Objective(
      network: network, dataset: dataset.selecting(Array(0..<batchSize)), loss: loss, options: options, pool: pool)
    let takesStatistics = network.batchNormalization == .batch
    var sites: [BatchStatisticsSite] = []
    let dimension = objective.dimension
    executor = try objective.executor { graph throws(InputError) in
      var outputs = try graph.lossAndGradient()
      sites = []
      guard takesStatistics else { return outputs }
      var offset = 1 + dimension
      for site in graph.normalizations {
        guard let taken = try graph.graph.batchStatistics(of: site) else { continue }
        sites.append(taken.site)
        outputs.append((taken.mean, .primal(offset: offset)))
        outputs.append((taken.variance, .primal(offset: offset + taken.site.channels)))
        offset += 2 * taken.site.channels
      }
      return outputs
    }
    statistics = sites
    statisticsGroup =
      ScheduleRule.groupSize(samples: batchSize, network: network, options: options) ?? batchSize
  }

  /// P
  public var dimension: Int { objective.dimension }

  public var network: Network { objective.network }

  /// Floating-point operations of a gradient of a batch.
  public func operations() throws -> Double { try objective.gradientOperations() }

  public var space: DenseVectorSpace<Scalar> { objective.space }

  /// Puts samples of the dataset into the batch.
  ///
  /// - Parameters:
  ///   - rows: the samples' positions, ``batchSize`` of them.
  ///   - edit: called with a sample's place in the batch and its inputs, as the network will read them, to change them.
  public func load(
    _ rows: [Int], edit: ((_ position: Int, _ inputs: UnsafeMutablePointer<Scalar>) -> Void)? = nil
  ) {
    precondition(rows.count == batchSize, "a batch has \(batchSize) samples")
    let data = objective.data
    let stride = data.rowsPerSample * data.targetSize
    objective.pool.forRanges(of: rows.count, chunk: 16) { range, _ in
      for position in range {
        let inputs = data.inputs.pointer + position * data.inputSize
        dataset.copyInputs(rows[position]..<rows[position] + 1, into: inputs)
        if stride > 0 {
          dataset.copyTargets(rows[position]..<rows[position] + 1, into: data.targets.pointer + position * stride)
        }
        edit?(position, inputs)
      }
    }
    weigh(rows)
    products.withLock { $0.current = [] }
  }

  /// Weights that sum to one over the rows that count.
  private func weigh(_ rows: [Int]) {
    guard objective.loss == .crossEntropy, case .labels(let labels) = dataset.targets else { return }
    let width = objective.data.rowsPerSample
    func counts(_ row: Int) -> Bool {
      Int(labels[rows[row / width] * width + row % width]) != Loss.ignoredLabel
    }
    let counted = (0..<rows.count * width).count(where: counts)
    let weight = 1 / Scalar(max(1, counted))
    for row in 0..<rows.count * width { objective.data.weights.pointer[row] = counts(row) ? weight : 0 }
  }

  /// L and ∇L of the loaded samples at θ, and mean and biased variance of each site of ``statistics``, channel by
  /// channel: the mean over the groups where batch normalisation has several.
  ///
  /// - Throws: ``InputError`` where the loss is not finite.
  public func evaluate(
    at parameters: Vector<Scalar>
  ) throws -> (loss: Double, gradient: Vector<Scalar>, statistics: [(mean: [Scalar], variance: [Scalar])]) {
    products.withLock { products in
      products.current = []
      products.position = parameters
    }
    executor.move(to: parameters)
    let sums = executor.evaluate()
    let loss = Double(sums[0])
    guard loss.isFinite else { throw Self.diverged(loss) }
    let gradient = Vector<Scalar>(count: dimension) { target in
      sums.withUnsafePointer { source in
        if let base = target.baseAddress { base.update(from: source + 1, count: dimension) }
      }
    }
    let groups = Scalar(objective.schedule.microbatchCount)
    var offset = 1 + dimension
    var found: [(mean: [Scalar], variance: [Scalar])] = []
    for site in statistics {
      found.append(
        (
          (0..<site.channels).map { sums[offset + $0] / groups },
          (0..<site.channels).map { sums[offset + site.channels + $0] / groups }
        ))
      offset += 2 * site.channels
    }
    return (loss, gradient, found)
  }

  /// L and ∇L of the loaded samples at θ.
  ///
  /// - Throws: ``InputError`` where the loss is not finite.
  public func gradient(at parameters: Vector<Scalar>) throws -> (loss: Double, gradient: Vector<Scalar>) {
    let (loss, gradient, _) = try evaluate(at: parameters)
    return (loss, gradient)
  }

  private static func diverged(_ loss: Double) -> InputError {
    InputError(
      "the loss of a batch is \(loss): training diverged",
      remedy: "lower the learning rate, clip gradients, warm up"
        + (Scalar.self == Double.self ? "" : ", or use --precision double"))
  }
}
