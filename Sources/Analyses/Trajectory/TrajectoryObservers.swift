import Curvature
import Datasets
import Krylov
import Networks
import Tensors

/// Observers of one trajectory side by side, one for each way batch normalisation may take its statistics.
///
/// With `batch`, `running`, `population` and `population-differentiated` together this is the study of what batch
/// normalisation does to the spectrum: the first and the last differentiate through the statistics, the other two hold
/// them constant (Ghorbani, Krishnan, Xiao, arXiv:1901.10159). ``RunMeasurement/batchNormalization`` tells the
/// measurements apart.
public struct TrajectoryObservers<Scalar: Real>: Sendable {
  public private(set) var observers: [TrajectoryObserver<Scalar>]

  /// - Parameter modes: the network's own way where empty.
  /// - Throws: ``InputError`` where the network has no batch normalisation and modes are given, and what an observer throws.
  public init(
    network: Network, modes: [BatchNormalizationMode], dataset: Dataset, loss: Loss,
    selection: ParameterSelection? = nil, execution: ExecutionOptions = ExecutionOptions(),
    settings: TrajectorySettings, batchSize: Int? = nil, pool: WorkerPool
  ) throws {
    let networks = try modes.isEmpty ? [network] : modes.map { try network.withBatchNormalization($0) }
    let takesGroups = networks.map { $0.batchNormalization == .batch }
    if let group = settings.batchNormGroup, !takesGroups.contains(true) {
      throw InputError(
        place: "groups of \(group) samples", "no batch normalisation takes the statistics of a batch here",
        remedy: "observe the mode batch, or leave the groups out")
    }
    observers = try zip(networks, takesGroups).map { network, takesGroups in
      var (execution, settings) = (execution, settings)
      if !takesGroups { (execution.batchNormGroup, settings.batchNormGroup) = (nil, nil) }
      return try TrajectoryObserver(
        network: network, dataset: dataset, loss: loss, selection: selection, execution: execution, settings: settings,
        batchSize: batchSize, pool: pool)
    }
  }

  /// Measures at a point with every observer; on an error all are as they were.
  public mutating func measure(
    at moment: TrajectoryMoment<Scalar>, includesDensity: Bool = true,
    interruption: (@Sendable () throws -> Void)? = nil
  ) throws -> TrajectoryObservation {
    var next = observers
    var result = TrajectoryObservation(measurements: [], operations: 0)
    for index in next.indices {
      let observation = try next[index].measure(
        at: moment, includesDensity: includesDensity, interruption: interruption)
      result.measurements += observation.measurements
      result.operations += observation.operations
    }
    observers = next
    return result
  }

  /// What ``ObservationBudget`` takes for its first decision.
  public func forecast() throws -> (whole: Double, withoutDensity: Double) {
    try observers.reduce((0, 0)) { sum, observer in
      let own = try observer.forecast()
      return (sum.0 + own.whole, sum.1 + own.withoutDensity)
    }
  }

  private static var kind: String { "trajectory observers 1" }

  /// The states of all.
  public var state: KrylovSnapshot<Scalar> {
    var result = KrylovSnapshot<Scalar>(kind: Self.kind)
    result.parts = observers.map(\.state)
    return result
  }

  /// - Throws: ``InputError`` where the state is damaged or of other observers; these are then as before.
  public mutating func restore(_ state: KrylovSnapshot<Scalar>) throws {
    guard state.kind == Self.kind, state.parts.count == observers.count else {
      throw InputError(
        place: "stored state", "does not hold the state of these observers", remedy: "start the run anew")
    }
    var next = observers
    for (index, part) in state.parts.enumerated() { try next[index].restore(part) }
    observers = next
  }
}
