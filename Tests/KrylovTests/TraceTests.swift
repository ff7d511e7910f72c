import Foundation
import Tensors
import Testing

@testable import Krylov

@Suite struct TraceTests {
  let known = KnownSpectrum((0..<60).map { 1 / (1 + Double($0)) - 0.1 })
  var trace: Double { known.eigenvalues.reduce(0, +) }

  // papers.md 2.1: the variance of one probe.
  @Test func hutchinsonHasTheVarianceOfItsProbes() throws {
    let operation = try known.operation(Double.self)
    let squares = known.eigenvalues.reduce(0) { $0 + $1 * $1 }
    let diagonal = (0..<60).reduce(0) { $0 + pow(known.matrix[$1 * 61], 2) }
    for (distribution, variance) in [
      (RandomDistribution.gaussian, 2 * squares), (.rademacher, 2 * (squares - diagonal)),
    ] {
      let probes = 4000
      let estimate = try TraceEstimator(distribution: distribution, seed: 3, batch: 16)
        .hutchinson(operation, probes: probes)
      let error = try #require(estimate.standardError)
      let expected = (variance / Double(probes)).squareRoot()
      // The relative standard deviation of a variance of near-normal samples is about √(2/n) = 2 %; these are less normal.
      #expect(abs(error / expected - 1) < 0.1)
      #expect(abs(estimate.value - trace) < 4 * expected)
      #expect(estimate.products == probes && estimate.samples.count == probes)
    }
  }

  @Test func hutchinsonOfADiagonalMatrixIsExactWithSigns() throws {
    let operation = DiagonalOperator(Vector<Float>((0..<50).map { Float($0) }))
    let estimate = try TraceEstimator().hutchinson(operation, probes: 3)
    #expect(estimate.value == 1225 && estimate.standardError == 0)
    #expect(try TraceEstimator().hutchinson(operation, probes: 1).standardError == nil)
  }

  @Test func hutchinsonGoesOnWhereItStopped() throws {
    let operation = try known.operation(Double.self)
    let whole = try TraceEstimator(seed: 1, batch: 4).hutchinson(operation, probes: 30)
    let half = try TraceEstimator(seed: 1, batch: 3).hutchinson(operation, probes: 13)
    #expect(try TraceEstimator(seed: 1).hutchinson(operation, probes: 30, previous: half.samples) == whole)
  }

  @Test func hutchPlusPlusIsExactForLowRank() throws {
    let low = KnownSpectrum((0..<80).map { $0 < 5 ? 1 + Double($0) : 0 })
    for distribution in RandomDistribution.allCases {
      let estimate = try TraceEstimator(distribution: distribution, seed: 2)
        .hutchPlusPlus(low.operation(Double.self), products: 21)
      #expect(abs(estimate.value - 15) < 1e-11)
      #expect((estimate.standardError ?? 1) < 1e-11 && estimate.products <= 21)
    }
    let single = try TraceEstimator(seed: 2).hutchPlusPlus(low.operation(Float.self), products: 21)
    #expect(abs(single.value - 15) < 1e-4)
    let whole = try TraceEstimator().hutchPlusPlus(known.operation(Double.self), products: 300)
    #expect((whole.standardError ?? 1) < 1e-12 && abs(whole.value - trace) < 1e-12)
    let full = try TraceEstimator().hutchPlusPlus(KnownSpectrum([1, 2, 4]).operation(Double.self), products: 30)
    #expect(full.isExact && abs(full.value - 7) < 1e-13)
    let zero = try TraceEstimator().hutchPlusPlus(KnownSpectrum([0, 0, 0, 0]).operation(Double.self), products: 6)
    #expect(zero.value == 0)
  }

  @Test func hutchPlusPlusBeatsHutchinsonAndKnowsItsError() throws {
    let steep = KnownSpectrum((0..<150).map { pow(0.8, Double($0)) })
    let operation = try steep.operation(Double.self)
    let exact = steep.eigenvalues.reduce(0, +)
    var inside = 0
    var worse = 0
    for seed in 0..<20 as Range<UInt64> {
      let estimator = TraceEstimator(seed: seed, batch: 5)
      let sketched = try estimator.hutchPlusPlus(operation, products: 45)
      let plain = try estimator.hutchinson(operation, probes: 45)
      if abs(sketched.value - exact) > abs(plain.value - exact) { worse += 1 }
      if let interval = sketched.interval, interval.contains(exact) { inside += 1 }
    }
    #expect(worse <= 2 && inside >= 16)
  }

  @Test func refusesTooFewProductsAndSaysWhenOneIsNotFinite() throws {
    let operation = try known.operation(Double.self)
    #expect(throws: InputError.self) { _ = try TraceEstimator().hutchinson(operation, probes: 0) }
    #expect(throws: InputError.self) { _ = try TraceEstimator().hutchPlusPlus(operation, products: 2) }
    let bad = ClosureOperator(space: operation.space) { $0.map { _ in Vector([Double](repeating: .nan, count: 60)) } }
    #expect(throws: InputError.self) { _ = try TraceEstimator().hutchinson(bad, probes: 2) }
    #expect(throws: InputError.self) { _ = try TraceEstimator().hutchPlusPlus(bad, products: 6) }
    let short = ClosureOperator(space: operation.space) { _ in [] }
    #expect(throws: InputError.self) { _ = try TraceEstimator().hutchinson(short, probes: 2) }
  }

  @Test func studentQuantilesAreThoseOfTheTables() {
    for (degrees, expected) in [(1, 12.706205), (2, 4.302653), (5, 2.570582), (9, 2.262157), (30, 2.042272)] {
      let quantile = SampleStatistics.studentQuantile(confidence: 0.95, degreesOfFreedom: degrees)
      #expect(abs(quantile - expected) < 1e-6)
    }
  }
}

@Suite struct ExactSpectrumTests {
  @Test(arguments: [1, 7, 100]) func findsAllEigenvalues(_ batch: Int) throws {
    let known = KnownSpectrum(KnownSpectrum.gaussian(70, seed: 2))
    let spectrum = try ExactSpectrum.compute(known.operation(Double.self), vectors: true, batch: batch)
    for (value, exact) in zip(spectrum.eigen.values, known.eigenvalues.sorted()) { #expect(abs(value - exact) < 1e-13) }
    #expect(spectrum.asymmetry == 0 && spectrum.products == 70)
    let single = try ExactSpectrum.compute(known.operation(Float.self), batch: batch)
    for (value, exact) in zip(single.eigen.values, known.eigenvalues.sorted()) { #expect(abs(value - exact) < 1e-6) }
  }

  @Test func reportsAsymmetry() throws {
    let space = DenseVectorSpace<Double>(dimension: 2)
    let skewed = try DenseSymmetricOperator(matrix: Vector([1, 2, 2.5, 1]), space: space)
    let spectrum = try ExactSpectrum.compute(skewed)
    #expect(spectrum.asymmetry == 0.5 && spectrum.largestElement == 2.25)
    #expect(abs(spectrum.eigen.values[1] - 3.25) < 1e-14)
  }
}
