import Foundation
import Tensors
import Testing

@testable import Krylov

/// How often bands cover the smoothed truth, over seeds, at declared points.
@Suite struct DensityBandTests {
  /// Eigenvalues over four decades about zero of both signs, and a dozen outliers: the shape of a network's Hessian.
  static let network: [Double] = {
    let normal = DenseVectorSpace<Double>(dimension: 388)
      .random(.gaussian, from: RandomStream(seed: 3, purpose: "test")).elements
    let bulk = normal.enumerated().map { ($0 % 3 == 0 ? -0.3 : 1) * pow(10, -2.5 + 0.8 * Swift.min(1.5, $1)) }
    return bulk + (0..<12).map { 0.6 * pow(1.18, Double($0)) }
  }()
  /// A bulk without gaps, in which the Ritz values of 90 steps are further apart than σ.
  static let bulk = (0..<1000).map { cos(Double.pi * (Double($0) + 0.5) / 1000) * (1 - 0.2 * sin(Double($0))) }
  static let isolated = (0..<40).map { 1 + Double($0) + 0.3 * sin(Double(7 * $0)) }

  struct Coverage {
    var band = 0
    var student = 0
    var points = 0
    var width = 0.0
    var studentWidth = 0.0

    var ofBand: Double { Double(band) / Double(points) }
    var ofStudent: Double { Double(student) / Double(points) }
  }

  /// Where the exact density is above a thousandth of its greatest value: `count` points evenly over those of the grid.
  func declared(_ exact: [Double], _ count: Int = 20) -> [Int] {
    let live = exact.indices.filter { exact[$0] > 1e-3 * (exact.max() ?? 0) }
    return (0..<count).map { live[(2 * $0 + 1) * live.count / (2 * count)] }
  }

  func measure(
    _ eigenvalues: [Double], seeds: Int, probes: Int = 10, steps: Int = 90, deflating: Int = 0,
    distribution: RandomDistribution = .gaussian
  ) throws -> Coverage {
    let operation = DiagonalOperator(Vector(eigenvalues))
    let order = eigenvalues.indices.sorted { abs(eigenvalues[$0]) > abs(eigenvalues[$1]) }.prefix(deflating)
    let vectors = order.map { index in
      var unit = [Double](repeating: 0, count: eigenvalues.count)
      unit[index] = 1
      return Vector(unit)
    }
    let extent = (eigenvalues.max() ?? 0) - (eigenvalues.min() ?? 0)
    let options = DensityOptions(kernelWidth: pow(10, -2.5) * extent, gridCount: 500)
    var result = Coverage()
    for seed in 0..<seeds {
      var quadrature = try StochasticLanczosQuadrature(
        space: operation.space,
        options: QuadratureOptions(probes: probes, steps: steps, distribution: distribution, seed: UInt64(seed)),
        deflatedValues: order.map { eigenvalues[$0] }, deflatedVectors: vectors)
      let sample = try quadrature.run(operation)
      let density = try SpectralDensity(sample, options: options)
      let band = try #require(density.band)
      let smoother = KernelSmoother(
        range: try #require(sample.range(of: try sample.rules())), width: density.kernelWidth,
        count: density.grid.count)
      let share = 1 / Double(eigenvalues.count)
      let exact = smoother.density(eigenvalues.map { (position: $0, weight: share) })
      let known = smoother.density(sample.deflated.map { (position: $0, weight: share) })
      let draws = try sample.rules().map { rule in
        smoother.density(zip(rule.nodes, rule.weights).map { (position: $0, weight: $1) })
      }
      let unknown = zip(exact, known).map { Swift.max(0, $0 - $1) }
      for index in declared(unknown) {
        let rest = draws.map { $0[index] * sample.remainderFraction }
        let reach =
          SampleStatistics.studentQuantile(confidence: 0.95, degreesOfFreedom: probes - 1)
          * (SampleStatistics.standardError(rest) ?? 0)
        let error = exact[index] - known[index] - SampleStatistics.mean(rest)
        result.points += 1
        if abs(error) <= reach { result.student += 1 }
        if band.lower[index] <= exact[index] && exact[index] <= band.upper[index] { result.band += 1 }
        result.width += band.upper[index] - band.lower[index]
        result.studentWidth += 2 * reach
        #expect(band.lower[index] <= density.density[index] && density.density[index] <= band.upper[index])
      }
    }
    return result
  }

  @Test(arguments: [0, 12]) func coversTheSpectrumOfANetwork(_ deflating: Int) throws {
    let coverage = try measure(Self.network, seeds: 20, deflating: deflating)
    #expect(0.93...0.98 ~= coverage.ofBand)
    #expect(coverage.width < 1.1 * coverage.studentWidth)
  }

  @Test func coversIsolatedEigenvaluesWhereTIntervalsDoNot() throws {
    let coverage = try measure(Self.isolated, seeds: 40, steps: 40)
    #expect(0.93...0.98 ~= coverage.ofBand)
    #expect(coverage.ofStudent < 0.9)
    #expect(coverage.width < 1.1 * coverage.studentWidth)
  }

  @Test func coversWhereRitzValuesAreFurtherApartThanTheKernelIsWide() throws {
    let coverage = try measure(Self.bulk, seeds: 12)
    // What is added for the resolution errs on the wide side where combs of the orders interleave evenly.
    #expect(0.93...0.995 ~= coverage.ofBand)
    #expect(coverage.ofStudent < 0.6)
    #expect(coverage.width < 2 * coverage.studentWidth)
  }

  @Test(arguments: [2, 4]) func coversWithFewProbes(_ probes: Int) throws {
    let coverage = try measure(Self.network, seeds: 30, probes: probes)
    #expect(0.93...0.98 ~= coverage.ofBand)
  }

  /// The band of papers.md's setting, 200 seeds at 20 declared points each: with and without deflation, of many probes
  /// and of few, for the shape of a network's spectrum and for its bulk and outliers apart.
  @Test(arguments: [(10, 0), (10, 12), (2, 12)])
  func coversAtDeclaredPointsOverTwoHundredSeeds(_ probes: Int, _ deflating: Int) throws {
    let coverage = try measure(Self.network, seeds: 200, probes: probes, steps: 60, deflating: deflating)
    #expect(coverage.points == 4000 && 0.93...0.98 ~= coverage.ofBand)
  }

  @Test func coversFewDistinctEigenvaluesWhoseRulesAreExact() throws {
    let coverage = try measure((0..<200).map { Double(($0 * $0) % 7) }, seeds: 60, steps: 20)
    #expect(0.93...0.98 ~= coverage.ofBand)
    #expect(coverage.width < 1.1 * coverage.studentWidth)
  }

  @Test func isOnTheSafeSideForSigns() throws {
    let coverage = try measure(Self.network, seeds: 5, distribution: .rademacher)
    #expect(coverage.ofBand > 0.95)
  }

  @Test func incompleteGammaFunctionIsItsClosedForms() {
    for x in [1e-9, 0.01, 0.5, 3, 20, 49] {
      #expect(abs(GammaInterval.probability(1, x) - (1 - exp(-x))) < 1e-14)
      #expect(abs(GammaInterval.probability(0.5, x) - erf(x.squareRoot())) < 1e-13)
      // P(Γ(k) ≤ x) is the probability of k or more events of a Poisson process.
      var term = exp(-x)
      var fewer = 0.0
      for k in 0..<8 {
        fewer += term
        term *= x / Double(k + 1)
      }
      #expect(abs(GammaInterval.probability(8, x) - (1 - fewer)) < 1e-13)
    }
    // The series ends at 50, where the approximation takes over.
    for shape in [30.0, 45, 50, 55, 70] {
      let step = GammaInterval.probability(shape, 50) - GammaInterval.probability(shape, 50.000_001)
      #expect(abs(step) < 2e-4)
    }
  }

  @Test func intervalsAreThoseOfTheTables() {
    // With scale 1 and integer shapes these are Garwood's bounds of a Poisson mean, the roles of value and mean exchanged.
    let interval = GammaInterval(confidence: 0.95)
    // χ²₁₀ has quantiles 3.246973 and 20.483177, so a shape of 5 is the bound of the values 1.6234865 and 10.2415885.
    #expect(abs(interval.bounds(mean: 1.6234865, variance: 1.6234865).upper - 5) < 1e-5)
    #expect(abs(interval.bounds(mean: 10.2415885, variance: 10.2415885).lower - 5) < 1e-5)
    // In other units.
    let bounds = interval.bounds(mean: 3e-9, variance: 3e-18)
    let units = interval.bounds(mean: 3, variance: 3)
    #expect(abs(bounds.lower * 1e9 - units.lower) < 1e-7 && abs(bounds.upper * 1e9 - units.upper) < 1e-7)
    // Many eigenvalues: the normal interval.
    let many = interval.bounds(mean: 1, variance: 1e-8)
    #expect(abs(many.upper - 1 - 1.959964e-4) < 1e-7 && abs(1 - many.lower - 1.959964e-4) < 1e-7)
    #expect(interval.bounds(mean: 2, variance: 0) == (2, 2) && interval.bounds(mean: 0, variance: 0) == (0, 0))
  }
}
