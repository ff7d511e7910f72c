import Analyses
import Curvature
import Krylov
import Networks
import Tensors
import Testing

/// Spectra of blocks, of preconditioned operators and of the tangent kernel.
@Suite struct BlockSpectrumTests {
  private static let request = SpectrumRequest(
    top: 2, bottom: 1, quadrature: QuadratureOptions(probes: 3, steps: 6), trace: .quadrature, diagonalProbes: 2)

  /// Each block of a division is measured as if it had been selected alone.
  @Test(arguments: [OperatorKind.hessian, .gaussNewton, .gradientCovariance])
  func blocksAreMeasuredAsSelections(kind: OperatorKind) throws {
    let objective = try SmallObjective.make()
    let gradient = try objective.lossAndGradient().gradient
    let together = try objective.measureBlockSpectra(
      of: OperatorSetting(kind), by: .parameter, Self.request, gradient: gradient)
    #expect(together.map { $0.block?.name } == objective.network.parameters.map(\.name))
    for (measurement, parameter) in zip(together, objective.network.parameters) {
      let alone = try ExactSpectrum.compute(
        SmallObjective.make(selecting: parameter.name).curvature(kind)
      ).eigen.values
      let size = alone.reduce(0) { max($0, abs($1)) }
      #expect(measurement.dimension == parameter.count)
      for (index, pair) in (measurement.eigenpairs?.top ?? []).enumerated() {
        #expect(abs(pair.value - alone[alone.count - 1 - index]) <= 1e-12 * size)
        #expect(pair.vector.count == parameter.count)
      }
      #expect(measurement.density != nil && measurement.trace != nil)
      let diagonal = try #require(measurement.diagonal)
      // By formula where there is one.
      #expect(diagonal.values.count == parameter.count)
      #expect(diagonal.probes == (diagonal.method == .exact ? 0 : 2))
      #expect(measurement.gradientFraction != nil)
    }
  }

  /// D^½ A D^½ is similar to D A; with D = 4 I four times A.
  @Test func preconditioned() throws {
    let objective = try SmallObjective.make()
    let gradient = try objective.lossAndGradient().gradient
    let four = Vector([Double](repeating: 4, count: objective.dimension))
    for isBlockwise in [false, true] {
      func top(_ preconditioner: Vector<Double>?) throws -> [SpectrumMeasurement<Double>] {
        let setting = OperatorSetting(.hessian, preconditioner: preconditioner)
        return isBlockwise
          ? try objective.measureBlockSpectra(of: setting, by: .layer, SpectrumRequest(top: 2), gradient: gradient)
          : [try objective.measureSpectrum(of: setting, SpectrumRequest(top: 2), gradient: gradient)]
      }
      for (plain, scaled) in zip(try top(nil), try top(four)) {
        let (left, right) = try (#require(plain.eigenpairs).top, #require(scaled.eigenpairs).top)
        for (a, b) in zip(left, right) { #expect(abs(4 * a.value - b.value) <= 1e-12 * right[0].value) }
        #expect(scaled.isPreconditioned && !plain.isPreconditioned)
        let (a, b) = try (#require(plain.gradientFraction), #require(scaled.gradientFraction))
        #expect(abs(a.value - b.value) <= 1e-9)
      }
    }
    let wrong = Vector([Double](repeating: -1, count: objective.dimension))
    #expect(throws: InputError.self) {
      try objective.measureSpectrum(of: OperatorSetting(.hessian, preconditioner: wrong), SpectrumRequest(top: 2))
    }
  }

  /// 30 samples of 3 outputs and 43 parameters: rank at most 43 of 90.
  @Test func tangentKernel() throws {
    let objective = try SmallObjective.make(loss: .squaredError)
    let gradient = try objective.lossAndGradient().gradient
    let result = try objective.measureSpectrum(of: .tangentKernel, Self.request, gradient: gradient)
    #expect(result.dimension == 90 && result.gradientFraction == nil)
    #expect(result.warnings.contains { $0.contains("rank at most 43 (parameters) for 90 outputs") })
    let gaussNewton = try ExactSpectrum.compute(objective.gaussNewton()).eigen.values
    let largest = try #require(result.eigenpairs?.top.first).value
    #expect(abs(largest - 30 * gaussNewton[42]) <= 1e-12 * largest)
  }

  @Test func ranks() throws {
    let objective = try SmallObjective.make(samples: 5)
    for (kind, rank) in [
      (OperatorKind.gradientSecondMoment, 5), (.gradientCovariance, 4), (.fisher, 10), (.monteCarloFisher, 5),
    ] {
      let result = try objective.measureSpectrum(of: kind, SpectrumRequest(top: 3, bottom: 2))
      #expect(result.warnings.contains { $0.contains("rank at most \(rank) ") }, "\(result.warnings)")
      let values = try ExactSpectrum.compute(objective.curvature(kind)).eigen.values
      #expect(values.count { $0 > 1e-12 * values[values.count - 1] } <= rank)
    }
  }

  @Test func diagonals() throws {
    let objective = try SmallObjective.make()
    let exact = try objective.measureSpectrum(of: .gaussNewton, SpectrumRequest(diagonalProbes: 3))
    #expect(exact.diagonal?.method == .exact && exact.products == 3)
    let estimated = try objective.measureSpectrum(of: .hessian, SpectrumRequest(diagonalProbes: 3))
    #expect(estimated.diagonal?.method == .hutchinson && estimated.products == 3)
  }

  /// D A where A's diagonal has a formula, for the whole and for its blocks.
  @Test func exactDiagonalsOfBlocksAndPreconditioned() throws {
    let objective = try SmallObjective.make()
    let n = objective.dimension
    var setting = OperatorSetting<Double>(.gaussNewton)
    setting.preconditioner = Vector((0..<n).map { 0.5 + Double($0 % 5) })
    let root = try #require(setting.preconditioner)
    let matrix = try ExactSpectrum.symmetricMatrix(objective.gaussNewton()).matrix
    let expected = (0..<n).map { root[$0] * matrix[$0 * n + $0] }
    let whole = try #require(try objective.measureSpectrum(of: setting, SpectrumRequest(diagonalProbes: 3)).diagonal)
    #expect(whole.method == .exact)
    func isExact(_ values: Vector<Double>, _ expected: [Double]) -> Bool {
      values.count == expected.count
        && zip(values.elements, expected).allSatisfy { abs($0 - $1) <= 1e-13 * (expected.max() ?? 0) }
    }
    #expect(isExact(whole.values, expected))
    let blocks = try objective.measureBlockSpectra(of: setting, by: .layer, SpectrumRequest(diagonalProbes: 3))
    #expect(blocks.count > 1)
    for block in blocks {
      let ranges = try #require(block.block).ranges
      let diagonal = try #require(block.diagonal)
      #expect(diagonal.method == .exact)
      #expect(isExact(diagonal.values, ranges.joined().map { expected[$0] }))
    }
  }
}
