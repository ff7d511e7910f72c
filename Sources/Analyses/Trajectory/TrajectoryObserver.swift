import Curvature
import Datasets
import Krylov
import Networks
import Tensors

/// Measures curvature along a trajectory of parameters, such as a training run, as a value that is moved along, stored
/// and resumed.
///
///     var observer = try TrajectoryObserver<Float>(
///       network: network, dataset: data, loss: .crossEntropy, settings: TrajectorySettings(top: 10), pool: pool)
///     let observation = try observer.measure(
///       at: TrajectoryMoment(step: 100, epoch: 1.5, reason: .schedule, parameters: θ, optimizer: context))
///
/// Eigenvectors of one measurement are where the next one's search begins (``EigenpairTracker``); the first is an
/// ``EigenpairSolver`` with verified multiplicities. The density deflates the converged eigenpairs; should it show an
/// eigenvalue among them that was missed, the search is made anew. Probes and mini-batches are the same at every point,
/// so that what changes is the curvature.
///
/// All is of the samples the observer was given: the numbers are theirs.
public struct TrajectoryObserver<Scalar: Real>: Sendable {
  public let settings: TrajectorySettings
  /// The objective at the parameters the network came with.
  public let objective: Objective<Scalar>
  let planned: PlannedObjective<Scalar>
  /// The samples measured on.
  let dataset: Dataset
  let batches: MiniBatches<Scalar>?

  /// Vectors of the last searches, by what they are of.
  var tracked: [String: TrackedVectors<Scalar>] = [:]
  /// The leading eigenspace at the last point.
  var previous: LeadingSubspace<Scalar>?
  /// What the noisy quadratic model expects at the next point.
  var expectation: NoisyQuadraticModel<Scalar>?

  /// Mini-batches that noise is measured with where nobody says.
  static var batchCount: Int { 20 }

  /// - Parameters:
  ///   - dataset: the samples to measure on.
  ///   - batchSize: samples of the training's mini-batches; nil where a step takes all, and there is no noise.
  /// - Throws: ``InputError`` where network, data and loss do not fit, or the settings make no sense.
  public init(
    network: Network, dataset: Dataset, loss: Loss, selection: ParameterSelection? = nil,
    execution: ExecutionOptions = ExecutionOptions(), settings: TrajectorySettings, batchSize: Int? = nil,
    pool: WorkerPool
  ) throws {
    guard settings.batches >= 0, settings.layerTop >= 0, settings.traceProbes ?? 1 > 0, settings.subspace ?? 1 > 0
    else {
      throw InputError("observations: a number that was asked for is negative or zero")
    }
    guard settings.kind == .hessian || !(settings.lossChange || settings.directions) else {
      throw InputError(
        "the change of the loss and the fate of directions are the Hessian's, not those of \(settings.kind.rawValue)",
        remedy: "observe the hessian, or leave them out")
    }
    guard settings.dataGroups != 1, settings.dataGroups >= 0, settings.dataGroups <= dataset.count else {
      throw InputError(
        "\(dataset.count) samples cannot be dealt into \(settings.dataGroups) groups that are left out in turn",
        remedy: "choose from 2 groups to as many as samples")
    }
    self.settings = settings
    self.dataset = dataset
    var grouped = execution
    if let group = settings.batchNormGroup { grouped.batchNormGroup = group }
    objective = try Objective(
      network: network, dataset: dataset, loss: loss, selection: selection, options: grouped, pool: pool)
    if let options = settings.tracking { _ = try EigenpairTracker(space: objective.space, options: options) }
    planned = try PlannedObjective(objective, settings)
    let size = settings.batchSize ?? batchSize
    let count =
      settings.batches > 0 || !(settings.lossChange || settings.directions) ? settings.batches : Self.batchCount
    batches =
      if count > 0, let size {
        try MiniBatches(
          of: dataset, count: count, size: size, network: network, loss: loss,
          selection: objective.selection, options: execution, seed: settings.seed, pool: pool)
      } else { nil }
  }

  /// The dimension of the eigenspace that fractions and overlaps are of.
  public var subspaceDimension: Int {
    Swift.min(settings.subspace ?? objective.classCount, settings.top, objective.dimension)
  }

  /// Measures at a point and moves on to it.
  ///
  /// - Parameters:
  ///   - includesDensity: whether this point gets a density, where the settings have one.
  ///   - interruption: called before products; what it throws ends the measurement and leaves the observer as it was.
  /// - Throws: ``InputError`` where loss or products are not finite.
  public mutating func measure(
    at moment: TrajectoryMoment<Scalar>, includesDensity: Bool = true,
    interruption: (@Sendable () throws -> Void)? = nil
  ) throws -> TrajectoryObservation {
    var next = self
    let observation = try next.advance(to: moment, includesDensity: includesDensity, interruption: interruption)
    self = next
    return observation
  }
}

/// What was measured at one point: of the whole matrix first, then of layers.
public struct TrajectoryObservation: Sendable {
  public var measurements: [RunMeasurement]
  /// Floating-point operations it took: the same on every machine, for an ``ObservationBudget``.
  public var operations: Double
}

/// Ritz vectors where the next search begins.
struct TrackedVectors<Scalar: Real>: Sendable {
  var vectors: [Vector<Scalar>]
  var updates: Int
}
