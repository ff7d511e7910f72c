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
    #expect(abs(DataJackknife.standardErrors(rows)[0] - expected) <= 1e-14)
    #expect(DataJackknife.standardErrors([]).isEmpty && DataJackknife.standardErrors([[1]]).isEmpty)
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
    for (found, expected) in zip(measurement.topDataErrors, DataJackknife.standardErrors(rows)) {
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
}
