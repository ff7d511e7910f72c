import Autodiff
import Datasets
import Networks
import Tensors

/// Mean and variance of all samples before each batch normalisation, at the network's parameters.
///
/// Layer after layer, as the samples reach a layer normalised by those before it: a pass for the mean and one for the
/// variance about it, both in double precision. Cost: about as many evaluations of the network as it has batch
/// normalisations.
enum PopulationStatistics {
  /// The network with its stored statistics replaced by those of `dataset`.
  static func fixed(
    _ network: Network, _ dataset: Dataset, options: ExecutionOptions, pool: WorkerPool
  ) throws(InputError) -> Network {
    let sites: [BatchNormalizationSite]
    do {
      var graph = Graph()
      sites = try network.instantiate(batch: batch(of: network), in: &graph).normalizations
      var seen: Set<Int> = []
      for site in sites {
        for index in try literals(of: site, in: graph) where !seen.insert(index).inserted {
          throw InputError(
            place: "--batch-norm population", "one batch normalisation is used in several places of the network",
            remedy: "use --batch-norm running or batch")
        }
      }
    }
    let data: BoundData<Double>
    do {
      data = try Objective<Double>.bind(dataset, network: network, loss: .output).data
    } catch let error as InputError {
      throw error
    } catch {
      throw InputError("the data cannot be read: \(error)")
    }
    let schedule = try ScheduleRule.schedule(samples: data.samples, network: network, options: options)
    let calculation = Calculation(network: network, data: data, schedule: schedule, pool: pool)
    var filled = network
    for position in sites.indices {
      var graph = Graph()
      let site = try network.instantiate(batch: batch(of: network), in: &graph).normalizations[position]
      let indices = try literals(of: site, in: graph)
      let mean = try calculation.means(filled, at: position, squares: false)
      filled = try filled.withLiterals([indices[0]: mean])
      filled = try filled.withLiterals([indices[1]: calculation.means(filled, at: position, squares: true)])
    }
    return filled
  }

  private static func batch(of network: Network) -> Int {
    if case .fixed(let size) = network.batch { size } else { 2 }
  }

  /// The positions of a layer's mean and variance among the network's literals.
  private static func literals(of site: BatchNormalizationSite, in graph: Graph) throws(InputError) -> [Int] {
    guard let mean = site.mean, let variance = site.variance,
      case .literal(let first)? = graph[mean].primitive as? Source,
      case .literal(let second)? = graph[variance].primitive as? Source, first != second
    else {
      throw InputError(
        place: "--batch-norm population", "a batch normalisation keeps no statistics of its own",
        remedy: "use --batch-norm batch")
    }
    return [first, second]
  }

  private struct Calculation {
    let network: Network
    let data: BoundData<Double>
    let schedule: Schedule
    let pool: WorkerPool

    /// For each channel the mean over samples and pixels of what layer `position` normalises, or of its squared distance from the
    /// stored mean.
    func means(_ network: Network, at position: Int, squares: Bool) throws(InputError) -> [Double] {
      var plans: [Int: Plan] = [:]
      for size in schedule.sizes {
        var graph = Graph()
        let site = try network.instantiate(batch: size, in: &graph).normalizations[position]
        let shape = graph.shape(of: site.input)
        guard shape[0] == size, let mean = site.mean else {
          throw InputError(
            place: "--batch-norm population", "a batch normalisation of shape \(shape) does not have the samples first",
            remedy: "use --batch-norm running or batch")
        }
        var value = site.input
        if squares {
          let centred = try graph.subtract(value, graph.broadcast(mean, to: shape, dimensions: [1]))
          value = try graph.multiply(centred, centred)
        }
        let pixels = Double(shape.dropFirst(2).reduce(1, *))
        let weights = graph.source(.data(.weights), type: TensorType([size]))
        let sums = try graph.multiply(graph.reduce(.sum, value, over: Array(2..<shape.count)), 1 / pixels)
        let weighted = try graph.multiply(sums, graph.broadcast(weights, to: [size, shape[1]], dimensions: [0]))
        let total = try graph.reduce(.sum, weighted, over: [0])
        plans[size] = try Plan(
          Function(graph: graph, outputs: [total]), microbatch: size,
          destinations: [.primal(offset: 0)],
          parameterOffsets: ObjectiveGraph.offsets(network.parameters.map(\.count)), vectorOffsets: [],
          literalOffsets: ObjectiveGraph.offsets(network.literals.map(\.values.count)), kernels: .portable)
      }
      let executor = try Executor<Double>(
        plans: plans, schedule: schedule, parameters: network.parameterVector(),
        literals: Vector(network.literals.flatMap { $0.values.values(as: Double.self) }), data: data, pool: pool,
        residualBytes: 0)
      return executor.evaluate().elements
    }
  }
}
