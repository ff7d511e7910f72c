import Analyses
import Curvature
import Foundation
import Krylov
import Networks
import Tensors
import Testing

/// Measurements of a small network against its dense matrices.
@Suite struct SpectrumMeasurementTests {
  private static func isClose(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool { abs(a - b) <= tolerance }

  /// A density that is not what it looks like says so: kernels between the points of the grid, and too few steps.
  @Test func doubtfulDensitiesWarn() throws {
    let objective = try SmallObjective.make()
    func warnings(sigma: Double?, steps: Int) throws -> [String] {
      let request = SpectrumRequest(
        quadrature: QuadratureOptions(probes: 4, steps: steps), density: DensityOptions(kernelWidth: sigma))
      let result = try objective.measureSpectrum(of: .hessian, request)
      let density = try #require(result.density)
      #expect((abs(density.integral - 1) < 1e-3) == (sigma == nil))
      return result.warnings
    }
    #expect(try warnings(sigma: nil, steps: 60).isEmpty)
    #expect(try warnings(sigma: nil, steps: 4).contains { $0.contains("--steps") })
    for sigma in [1e-6, 1e-300] {
      #expect(try warnings(sigma: sigma, steps: 60).contains { $0.contains("does not integrate to 1") })
    }
  }

  @Test(arguments: OperatorKind.onParameters) func everythingAtOnce(kind: OperatorKind) throws {
    let objective = try SmallObjective.make()
    let gradient = try objective.lossAndGradient().gradient
    let dense = try ExactSpectrum.compute(objective.curvature(kind), vectors: true).eigen
    let n = objective.dimension
    let size = dense.values.reduce(0) { max($0, abs($1)) }
    var request = SpectrumRequest(
      top: 6, bottom: 2, quadrature: QuadratureOptions(probes: 8, steps: 30), trace: .quadrature)
    request.density.gridCount = 4000
    let result = try objective.measureSpectrum(of: kind, request, gradient: gradient)

    let pairs = try #require(result.eigenpairs)
    for (index, pair) in pairs.top.enumerated() {
      #expect(Self.isClose(pair.value, dense.values[n - 1 - index], 1e-10 * size) && pair.converged)
    }
    for (index, pair) in pairs.bottom.enumerated() {
      #expect(Self.isClose(pair.value, dense.values[index], 1e-10 * size) && pair.converged)
    }

    // The projection of the gradient on as many leading eigenvectors as there are classes.
    let fraction = try #require(result.gradientFraction)
    var inside = 0.0
    for index in 0..<3 {
      let vector = Array(dense.vector(n - 1 - index))
      let component = (0..<n).reduce(0) { $0 + vector[$1] * gradient[$1] }
      inside += component * component
    }
    let norm = (0..<n).reduce(0) { $0 + gradient[$1] * gradient[$1] }
    #expect(fraction.subspaceDimension == 3 && objective.classCount == 3)
    #expect(Self.isClose(fraction.value, inside / norm, 1e-8))

    let density = try #require(result.density)
    #expect(Self.isClose(density.integral, 1, 1e-6))
    #expect(density.deflated == pairs.top.count + pairs.bottom.count && density.probes == 8)
    #expect(result.sample?.deflated.count == density.deflated)
    let logarithmic = try #require(result.logarithmic)
    #expect(
      Self.isClose(logarithmic.positive.fraction + logarithmic.negative.fraction + logarithmic.zeroFraction, 1, 1e-6))
    #expect(result.google == nil && result.exact == nil)
    #expect(result.orthogonality.map { $0 < 1e-6 } == true)

    let trace = try #require(result.trace)
    let error = try #require(trace.standardError)
    #expect(trace.method == .quadrature)
    #expect(Self.isClose(trace.value, dense.values.reduce(0, +), 4 * error + 1e-12 * size))
    #expect(result.products == pairs.products + (result.sample?.tridiagonals.reduce(0) { $0 + $1.order } ?? 0))
  }

  @Test(arguments: TraceChoice.allCases, OperatorKind.onParameters)
  func traces(choice: TraceChoice, kind: OperatorKind) throws {
    let objective = try SmallObjective.make()
    let exact = try ExactSpectrum.compute(objective.curvature(kind)).eigen.values.reduce(0, +)
    let request = SpectrumRequest(
      quadrature: choice == .quadrature ? QuadratureOptions(probes: 12, steps: 20) : nil, trace: choice, traceProbes: 9)
    let trace = try #require(try objective.measureSpectrum(of: kind, request).trace)
    let error = try #require(trace.standardError)
    #expect(trace.method.rawValue == choice.rawValue && trace.samples.count == (choice == .quadrature ? 12 : 9))
    #expect(error > 0 && abs(trace.value - exact) <= 4 * error, "\(trace.value) ± \(error) instead of \(exact)")
  }

  @Test(arguments: OperatorKind.onParameters) func exactly(kind: OperatorKind) throws {
    let objective = try SmallObjective.make()
    let dense = try ExactSpectrum.compute(objective.curvature(kind)).eigen.values
    // Whatever trace is asked for, the exact one is given where the matrix is there.
    for choice in [nil, TraceChoice.hutchinson] {
      let result = try objective.measureSpectrum(of: kind, SpectrumRequest(trace: choice, exact: true))
      #expect(result.exact?.eigen.values == dense && result.products == objective.dimension)
      let trace = try #require(result.trace)
      #expect(trace.isExact && trace.method == .exact && trace.standardError == 0)
      #expect(trace.value == dense.reduce(0, +))
    }
  }

  /// A quadrature trace needs a density; without one it is Hutch++'s.
  @Test func aTraceByQuadratureWithoutADensity() throws {
    let request = SpectrumRequest(trace: .quadrature, traceProbes: 9)
    let trace = try SmallObjective.make().measureSpectrum(of: .hessian, request).trace
    #expect(trace?.method == .hutchPlusPlus)
  }

  @Test func tooManyParametersForADenseMatrix() throws {
    let network = try Network(named: "mlp:200-200", seed: 0)
    let data = try SmallObjective.regression(samples: 3, inputs: 200, outputs: 200)
    let objective: Objective<Double> = try Objective(
      network: network, dataset: data, loss: .squaredError, pool: WorkerPool(count: 1))
    let error = #expect(throws: InputError.self) {
      try objective.measureSpectrum(of: .hessian, SpectrumRequest(exact: true))
    }
    #expect(error?.place == "--exact" && error?.remedy?.contains("--params") == true)
  }

  /// 5 samples of 3 classes: rank at most 5 · 2 for cross-entropy and 5 · 3 for squared error, of 43 parameters.
  @Test func rankOfTheGaussNewtonMatrix() throws {
    for (loss, rank) in [(Loss.crossEntropy, 10), (.squaredError, 15)] {
      let objective = try SmallObjective.make(samples: 5, loss: loss)
      let asked = try objective.measureSpectrum(of: .gaussNewton, SpectrumRequest(top: 3, bottom: 2))
      #expect(asked.warnings.contains { $0.contains("rank at most \(rank)") } && asked.eigenpairs?.bottom.count == 2)
      #expect(asked.eigenpairs?.bottom.allSatisfy { abs($0.value) < 1e-12 } == true)
      let left = try objective.measureSpectrum(
        of: .gaussNewton, SpectrumRequest(top: 3, bottom: 2, skipsNullSpace: true))
      #expect(left.warnings.contains { $0.contains("the bottom was not computed") })
      #expect(left.eigenpairs?.bottom.isEmpty == true && left.eigenpairs?.top.count == 3)
      let values = try ExactSpectrum.compute(objective.gaussNewton()).eigen.values
      #expect(values.count { $0 > 1e-12 * values[values.count - 1] } <= rank)
      let hessian = try objective.measureSpectrum(
        of: .hessian, SpectrumRequest(top: 1, bottom: 1, skipsNullSpace: true))
      #expect(hessian.eigenpairs?.bottom.count == 1)
      // Nothing is said where nothing of the bottom was asked for.
      let top = try objective.measureSpectrum(of: .gaussNewton, SpectrumRequest(top: 3))
      #expect(!top.warnings.contains { $0.contains("rank") })
    }
  }

  /// As google/spectral-density: nothing deflated, Σ density · spacing = 1, variance in proportion to the range.
  @Test func compatibleWithGoogle() throws {
    let objective = try SmallObjective.make()
    let request = SpectrumRequest(top: 4, quadrature: QuadratureOptions(probes: 5, steps: 20), isGoogleCompatible: true)
    let result = try objective.measureSpectrum(of: .hessian, request)
    let google = try #require(result.google)
    #expect(result.sample?.deflated.isEmpty == true && result.density?.deflated == 0)
    let spacing = google.grid[1] - google.grid[0]
    #expect(Self.isClose(google.density.reduce(0, +) * spacing, 1, 1e-12))
    let range = try #require(google.grid.last) - google.grid[0]
    #expect(Self.isClose(google.variance, 1e-5 * max(1, range), 1e-18))
    #expect(try google == GoogleCompatibleDensity(#require(result.sample).tridiagonals))
  }

  @Test func progressAddsUp() throws {
    let objective = try SmallObjective.make()
    var seen: [SpectrumStage: [(Int, Int)]] = [:]
    let observer = SpectrumObserver<Double>(progress: { seen[$0, default: []].append(($1, $2)) })
    let request = SpectrumRequest(
      top: 2, quadrature: QuadratureOptions(probes: 3, steps: 10), trace: .hutchinson, traceProbes: 7, exact: false)
    let result = try objective.measureSpectrum(of: .hessian, request, observer: observer)
    #expect(seen[.density]?.last.map { $0.0 == $0.1 } == true && seen[.density]?.last?.0 == 30)
    #expect(seen[.trace]?.last.map { $0.0 == 7 && $0.1 == 7 } == true)
    for (stage, steps) in seen {
      for (earlier, later) in zip(steps, steps.dropFirst()) { #expect(earlier.0 <= later.0, "\(stage)") }
      for step in steps { #expect(step.0 <= step.1, "\(stage)") }
    }
    #expect(result.products == (result.eigenpairs?.products ?? 0) + 30 + 7)
  }

  @Test func progressOfHutchPlusPlusAddsUp() throws {
    let objective = try SmallObjective.make()
    for probes in [1, 3, objective.dimension + 5] {
      var seen: [(done: Int, total: Int)] = []
      let request = SpectrumRequest(trace: .hutchPlusPlus, traceProbes: probes)
      let result = try objective.measureSpectrum(
        of: .hessian, request, observer: SpectrumObserver<Double>(progress: { seen.append(($1, $2)) }))
      #expect(seen.first?.done == 0 && seen.last?.done == result.products)
      #expect(seen.allSatisfy { $0.done <= $0.total && $0.total == seen.last?.total })
    }
  }
}
