import Curvature
import Krylov
import Tensors
import Testing

@testable import Analyses

@Suite struct LossChangeTests {
  /// A quadratic with a known minimum, and mini-batch gradients μ ± columns of a root of Σ/m.
  @Test func expectationIsTheClosedFormOnAQuadratic() throws {
    let n = 6
    let values = (0..<n).map { 0.5 + Double($0) }
    let space = DenseVectorSpace<Double>(dimension: n)
    let hessian = DiagonalOperator(Vector(values))
    let gradient = Vector((0..<n).map { 1 / (1 + Double($0)) })
    let diagonal = (0..<n).map { 0.3 + 0.1 * Double($0) }
    // Each of ± r eᵢ once: mean μ and covariance r²/n I, exactly.
    let r = 0.4
    var batches: [Vector<Double>] = []
    for index in 0..<n {
      for sign in [1.0, -1] {
        var vector = gradient
        vector[index] += sign * r
        batches.append(vector)
      }
    }
    func lossAt(_ change: Vector<Double>) -> Double {
      (0..<n).reduce(0) { $0 + gradient[$1] * change[$1] + values[$1] * change[$1] * change[$1] / 2 }
    }
    let rate = 0.2
    let report = try LossChange(
      space: space, learningRate: rate, loss: 0, gradient: gradient, diagonal: DiagonalOperator(Vector(diagonal)),
      isCoupled: false, decay: nil
    ).report(batches: batches, products: { try hessian.apply($0) }, lossAt: { lossAt($0) })
    let first = (0..<n).reduce(0) { $0 + diagonal[$1] * gradient[$1] * gradient[$1] }
    var second = 0.0
    for i in 0..<n {
      second += values[i] * diagonal[i] * diagonal[i] * (gradient[i] * gradient[i] + r * r / Double(n))
    }
    let expected = -rate * first + rate * rate / 2 * second
    #expect(abs(report.predicted.value - expected) < 1e-12)
    // On a quadratic the second-order model is exact.
    #expect(abs(report.observed.value - expected) < 1e-12)
    #expect(abs((report.descentLimit ?? 0) - 2 * first / second) < 1e-12)
    #expect(report.quantiles.count == 5 && report.quantiles == report.quantiles.sorted())
    let coupled = try LossChange(
      space: space, learningRate: rate, loss: 0, gradient: gradient, diagonal: DiagonalOperator(Vector(diagonal)),
      isCoupled: true, decay: nil
    ).report(batches: batches, products: { try hessian.apply($0) }, lossAt: { lossAt($0) })
    #expect(abs(coupled.predicted.value - expected) < 1e-12)
  }

  /// E Δ over drawn batches against tr(HΣ)/m from the dense matrices of a network, and against the losses themselves.
  @Test func drawnBatchesEstimateTheTrace() throws {
    let (rate, size) = (0.02, 6)
    var observer = try TrajectoryObserverTests.observer(
      TrajectorySettings(top: 1, batches: 400, batchSize: size, lossChange: true))
    let parameters = try TrajectoryObserverTests.trajectory([8])[0]
    let context = OptimizerContext<Double>(learningRate: rate, edge: .gradientDescent)
    let result = try observer.measure(at: TrajectoryObserverTests.moment(8, parameters, optimizer: context))
      .measurements[0]
    let change = try #require(result.lossChange)

    let objective: Objective<Double> = try SmallObjective.make().at(parameters)
    let n = objective.dimension
    let (hessian, _) = try ExactSpectrum.symmetricMatrix(objective.hessian())
    let (covariance, _) = try ExactSpectrum.symmetricMatrix(objective.gradientCovariance())
    let trace = zip(hessian, covariance).reduce(0) { $0 + $1.0 * $1.1 } / Double(size)
    let gradient = try objective.lossAndGradient().gradient
    let image = try objective.hessian().apply(gradient)
    let first = objective.space.dot(gradient, gradient)
    let second = objective.space.dot(gradient, image) + trace
    let expected = -rate * first + rate * rate / 2 * second
    let error = try #require(change.predicted.error)
    #expect(abs(change.predicted.value - expected) < 4 * error && error < 0.1 * rate * rate * trace)
    // Third order in η remains.
    let observedError = try #require(change.observed.error)
    #expect(abs(change.observed.value - expected) < 4 * observedError + 0.02 * abs(expected))
    #expect(abs((change.descentLimit ?? 0) / (2 * first / second) - 1) < 0.1)
    #expect(n == 43 && change.quantiles[0] < change.quantiles[4])
    let fraction = try #require(result.batchGradientFraction)
    // E‖Pg_B‖²/E‖g_B‖² from μ and Σ.
    let pairs = try DenseMatrix(rows: n, columns: n, elements: hessian).symmetricEigen()
    let top = Vector(Array(pairs.vector(n - 1)))
    let spread = try objective.gradientCovariance().apply(top)
    let component = objective.space.dot(top, gradient)
    let inside = component * component + objective.space.dot(top, spread) / Double(size)
    let diagonal = (0..<n).reduce(0) { $0 + covariance[$1 * n + $1] }
    let whole = first + diagonal / Double(size)
    #expect(abs(fraction.value - inside / whole) < 4 * (fraction.error ?? 0) && (fraction.error ?? 1) < 0.05)
  }

  @Test func quantilesInterpolate() {
    #expect(LossChange<Double>.quantile(0.5, of: [3, 1, 2]) == 2)
    #expect(LossChange<Double>.quantile(0.25, of: [0, 1, 2, 3]) == 0.75)
    #expect(LossChange<Double>.quantile(0.95, of: [7]) == 7)
  }
}
