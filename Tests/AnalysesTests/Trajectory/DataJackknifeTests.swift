import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import Testing

@testable import Analyses

@Suite struct DataJackknifeTests {
  /// For a mean of single numbers the jackknife is the standard error of the mean.
  @Test func errorOfAMean() {
    let values = [1.0, 4, 2, 8, 5]
    let mean = values.reduce(0, +) / 5
    let rows = values.map { [(values.reduce(0, +) - $0) / 4] }
    let expected = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20).squareRoot()
    #expect(abs(jackknifeErrors(rows)[0] - expected) <= 1e-14)
    #expect(jackknifeErrors([]).isEmpty && jackknifeErrors([[1]]).isEmpty)
  }

  /// Against dense spectra of what is left without each group.
  @Test func observedErrors() throws {
    let settings = TrajectorySettings(
      top: 3, tolerance: 1e-9, quadrature: QuadratureOptions(probes: 2, steps: 43, seed: 4), dataGroups: 3, seed: 4)
    var observer = try TrajectoryObserverTests.observer(settings)
    let parameters = try TrajectoryObserverTests.trajectory([20])[0]
    let observation = try observer.measure(
      at: TrajectoryMoment(step: 20, epoch: 20, reason: .schedule, parameters: parameters))
    let measurement = observation.measurements[0]
    let data = try TrajectoryObserverTests.data()
    let network = try TrajectoryObserverTests.network().withParameters(parameters)
    let rows = try (0..<3).map { group in
      let rest = data.selecting((0..<data.count).filter { $0 % 3 != group })
      let part: Objective<Double> = try Objective(
        network: network, dataset: rest, loss: .crossEntropy, pool: WorkerPool(count: 1))
      return try Array(ExactSpectrum.compute(part.hessian()).eigen.values.suffix(3).reversed())
    }
    for (found, expected) in zip(measurement.topDataErrors, jackknifeErrors(rows)) {
      #expect(expected > 0 && abs(found - expected) <= 1e-6 * rows[0][0])
    }
    #expect(measurement.topDataErrors.count == 3)
    let density = try #require(measurement.density)
    #expect(measurement.densityDataErrors.count == density.grid.count)
    #expect(measurement.densityDataErrors.allSatisfy { $0.isFinite && $0 >= 0 })
    #expect((measurement.densityDataErrors.max() ?? 0) > 0)
    var plain = try TrajectoryObserverTests.observer(TrajectorySettings(top: 3))
    let cheaper = try plain.measure(
      at: TrajectoryMoment(step: 20, epoch: 20, reason: .schedule, parameters: parameters))
    #expect(cheaper.operations < observation.operations && cheaper.measurements[0].topDataErrors.isEmpty)
    for groups in [-1, 1, 31] {
      #expect(throws: InputError.self) { try TrajectoryObserverTests.observer(TrajectorySettings(dataGroups: groups)) }
    }
  }

  /// Dense leading eigenvalues of an objective.
  private func leading(_ count: Int, _ objective: Objective<Double>) throws -> [Double] {
    try Array(ExactSpectrum.compute(objective.hessian()).eigen.values.suffix(count).reversed())
  }

  /// Without a density there is no Krylov space: errors are of first order in what leaving out changes.
  @Test func eigenvaluesAlone() throws {
    var observer = try TrajectoryObserverTests.observer(
      TrajectorySettings(top: 3, guards: 40, tolerance: 1e-9, dataGroups: 3))
    let parameters = try TrajectoryObserverTests.trajectory([20])[0]
    let measurement = try observer.measure(at: TrajectoryObserverTests.moment(20, parameters)).measurements[0]
    let network = try TrajectoryObserverTests.network().withParameters(parameters)
    let data = try TrajectoryObserverTests.data()
    let rows = try (0..<3).map { group in
      try leading(
        3,
        Objective(
          network: network, dataset: data.selecting((0..<data.count).filter { $0 % 3 != group }), loss: .crossEntropy,
          pool: WorkerPool(count: 1)))
    }
    // The subspace is the whole space here, so that first order is exact.
    for (found, expected) in zip(measurement.topDataErrors, jackknifeErrors(rows)) {
      #expect(expected > 0 && abs(found - expected) <= 1e-6 * rows[0][0])
    }
    #expect(measurement.topDataErrors.count == 3 && measurement.densityDataErrors.isEmpty)
  }

  /// Groups of batch normalisation are left out whole; where all samples are one group, those left have statistics of their own.
  @Test(arguments: [10, nil]) func batchStatistics(group: Int?) throws {
    let network = try Network(input: [4], seed: 3) {
      Dense(4, 4)
      BatchNormalization(4)
      Tanh()
      Dense(4, 3)
    }.withBatchNormalization(.batch)
    let data = try TrajectoryObserverTests.data()
    let pool = WorkerPool(count: 1)
    let settings = TrajectorySettings(
      top: 2, tolerance: 1e-9, quadrature: QuadratureOptions(probes: 1, steps: 60), dataGroups: 3)
    var observer = try TrajectoryObserver<Double>(
      network: network, dataset: data, loss: .crossEntropy, execution: ExecutionOptions(batchNormGroup: group),
      settings: settings, pool: pool)
    let measurement = try observer.measure(
      at: TrajectoryObserverTests.moment(0, network.parameterVector(as: Double.self))
    ).measurements[0]
    func objective(_ rows: [Int], group: Int?) throws -> Objective<Double> {
      try Objective(
        network: network, dataset: data.selecting(rows), loss: .crossEntropy,
        options: ExecutionOptions(batchNormGroup: group), pool: pool)
    }
    let groups = observer.objective.independentGroups(3)
    #expect((groups == nil) == (group == nil))
    let rows = try (0..<3).map { left in
      guard let groups else {
        return try leading(2, objective((0..<30).filter { $0 % 3 != left }, group: nil))
      }
      let (first, second) = (groups[(left + 1) % 3], groups[(left + 2) % 3])
      let mean =
        0.5 * (try objective(first, group: nil).hessian()) + 0.5 * (try objective(second, group: nil).hessian())
      return try Array(ExactSpectrum.compute(mean).eigen.values.suffix(2).reversed())
    }
    for (found, expected) in zip(measurement.topDataErrors, jackknifeErrors(rows)) {
      #expect(expected > 0 && abs(found - expected) <= 1e-6 * rows[0][0])
    }
    #expect(measurement.topDataErrors.count == 2)
  }
}
