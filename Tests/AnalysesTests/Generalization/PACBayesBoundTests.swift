import Analyses
import Foundation
import Networks
import Tensors
import Testing

/// Formulas of PAC-Bayes bounds against their definitions, closed forms and published numbers.
@Suite struct PACBayesBoundTests {
  private func numbers(_ count: Int, seed: UInt64, scale: Double = 1) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: "numbers of a test")
    return (0..<count).map { _ in scale * (2 * RandomStream.unitInterval(stream.next()) - 1) }
  }

  private func orthogonal(_ n: Int, seed: UInt64) throws -> DenseMatrix {
    let matrix = DenseMatrix(rows: n, columns: n, elements: numbers(n * n, seed: seed))
    return try matrix.singularDecomposition().left
  }

  @Test func inverseOfTheBinaryDivergence() {
    for q in [0.0, 1e-6, 0.028, 0.3, 0.9] {
      var before = q
      for r in [1e-6, 1e-3, 0.03, 0.2, 1.0, 5.0] {
        let p = BinaryDivergence.upperInverse(q, r)
        #expect(p >= before && p <= 1)
        if p < 1 - 1e-12 { #expect(abs(BinaryDivergence.value(q, p) - r) <= 1e-9, "q \(q), r \(r)") }
        #expect(p <= q + (r / 2).squareRoot() + 1e-12)
        before = p
      }
    }
    #expect(BinaryDivergence.upperInverse(0.2, 0.1) < BinaryDivergence.upperInverse(0.21, 0.1))
    // Without errors kl(0‖p) = −ln(1 − p).
    #expect(abs(BinaryDivergence.upperInverse(0, 0.5) - (1 - exp(-0.5))) < 1e-14)
    #expect(BinaryDivergence.value(0.3, 0.3) == 0 && BinaryDivergence.value(0.5, 1) == .infinity)
    #expect(BinaryDivergence.upperInverse(0.3, 0) == 0.3 && BinaryDivergence.upperInverse(0.3, .infinity) == 1)
  }

  /// Table 1 of Dziugaite and Roy 2017 from its own empirical errors and divergences, m = 55,000.
  @Test func publishedTable() {
    let rows: [(error: Double, divergence: Double, bound: Double)] = [
      (0.028, 5144, 0.161), (0.027, 5977, 0.179), (0.027, 5791, 0.170), (0.028, 6534, 0.186), (0.029, 8558, 0.223),
      (0.027, 7861, 0.201),
    ]
    let bound = PACBayesBound()
    for row in rows {
      let complexity = bound.complexity(divergence: row.divergence, variance: exp(-6), samples: 55_000)
      #expect(abs(bound.error(empirical: row.error, complexity: complexity) - row.bound) <= 0.006)
      #expect(bound.pinskerError(empirical: row.error, complexity: complexity) >= row.bound)
    }
    let first = bound.complexity(divergence: 5144, variance: exp(-6), samples: 55_000)
    #expect(abs(bound.error(empirical: 0.028, complexity: first) - 0.161) < 5e-4)
    let random = bound.complexity(divergence: 201_131, variance: exp(-6), samples: 55_000)
    #expect(bound.error(empirical: 0.112, complexity: random) > 0.98)
    #expect(abs(bound.empiricalError(mean: 0.028, draws: 150_000) - 0.029408890728872258) < 1e-12)
    #expect(abs(bound.totalConfidence - 0.965) < 1e-15)
  }

  @Test func gridOfPriorVariances() {
    let (bound, grid) = (PACBayesBound(), PriorGrid())
    let divergence = GaussianDivergence(dimension: 1000, squaredMove: 2, varianceSum: 1, logVarianceSum: -7500)
    for variance in [3e-3, grid.variance(400), 0.0999, 0.5] {
      let best = bound.complexity(divergence, near: variance, samples: 10_000)
      #expect(best.gridIndex >= 1 && abs(best.variance - grid.variance(best.gridIndex)) < 1e-15)
      for j in Set([grid.neighbours(of: variance).0, grid.neighbours(of: variance).1]) {
        let other = bound.complexity(
          divergence: divergence.value(priorVariance: grid.variance(j)), variance: grid.variance(j), samples: 10_000)
        #expect(best.value <= other)
      }
    }
    #expect(grid.neighbours(of: grid.variance(400) * 1.0001) == (399, 400))
    // The derivative by λ vanishes at the best one.
    let best = divergence.bestPriorVariance
    #expect(divergence.value(priorVariance: best) < divergence.value(priorVariance: best * 1.01))
    #expect(divergence.value(priorVariance: best) < divergence.value(priorVariance: best * 0.99))
  }

  /// KL of N(w, Q diag(s) Qᵀ) by the general formula with a dense covariance.
  @Test func divergenceDoesNotDependOnTheBasis() throws {
    let n = 12
    let variances = numbers(n, seed: 1).map { exp($0) }
    let (mean, prior) = (numbers(n, seed: 2), numbers(n, seed: 3))
    let basis = ParameterBasis(rows: 3, columns: 4, left: try orthogonal(3, seed: 4), right: try orthogonal(4, seed: 5))
    let move = zip(mean, prior).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let turned = zip(try basis.coordinates(of: mean), try basis.coordinates(of: prior))
    let turnedMove = turned.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let whole = try basis.left?.kronecker(#require(basis.right)) ?? .identity(n)
    let scaled = try whole * DenseMatrix(diagonal: variances)
    let covariance = try DenseMatrix.product(scaled, false, whole, true)
    let determinant = try covariance.symmetricEigenvalues().reduce(0) { $0 + log($1) }
    let trace = (0..<n).reduce(0) { $0 + covariance[$1, $1] }
    let lambda = 0.3
    let dense = 0.5 * (trace / lambda + move / lambda - Double(n) + Double(n) * log(lambda) - determinant)
    let value = GaussianDivergence(
      dimension: n, squaredMove: turnedMove, varianceSum: variances.reduce(0, +),
      logVarianceSum: variances.reduce(0) { $0 + log($1) }
    ).value(priorVariance: lambda)
    #expect(abs(value - dense) <= 1e-10 * abs(dense))
    let again = try basis.elements(of: basis.coordinates(of: mean))
    #expect(zip(again, mean).allSatisfy { abs($0 - $1) < 1e-14 })
  }

  /// S = (m′H + I/λ)⁻¹ is best for a quadratic, and a diagonal S in any other basis is worse.
  @Test func bestPosteriorOfAQuadraticLoss() throws {
    let (n, weight, prior) = (30, 100.0, 0.3)
    let spectrum = (0..<n).map { 1e-3 * pow(1e4, Double($0) / Double(n - 1)) }
    let rotation = try orthogonal(n, seed: 8)
    let hessian = try DenseMatrix.product(rotation * DenseMatrix(diagonal: spectrum), false, rotation, true)
    func objective(_ diagonal: [Double], _ variances: [Double]) -> Double {
      QuadraticPosterior.objective(
        diagonal: diagonal, variances: variances, weight: weight, squaredMove: 0, priorVariance: prior)
    }
    let best = QuadraticPosterior.variances(diagonal: spectrum, weight: weight, priorVariance: prior)
    let eigenbasis = objective(spectrum, best)
    // For a full covariance: ½ m′ tr HS + KL at S = (m′H + I/λ)⁻¹ is ½ ln det(I + m′λH).
    let closed = spectrum.reduce(0) { $0 + 0.5 * log(1 + weight * prior * $1) }
    #expect(abs(eigenbasis - closed) <= 1e-10 * closed)
    for index in 0..<n {
      for factor in [0.9, 1.1] {
        var other = best
        other[index] *= factor
        #expect(objective(spectrum, other) > eigenbasis)
      }
    }
    let diagonal = (0..<n).map { hessian[$0, $0] }
    let standard = objective(
      diagonal, QuadraticPosterior.variances(diagonal: diagonal, weight: weight, priorVariance: prior))
    let mean = diagonal.reduce(0, +) / Double(n)
    let isotropic = objective(
      diagonal,
      QuadraticPosterior.variances(
        diagonal: [Double](repeating: mean, count: n), weight: weight, priorVariance: prior))
    #expect(eigenbasis < standard && standard < isotropic)
    let found = QuadraticPosterior.consistent(
      diagonal: diagonal, squaredMove: 0.5, samples: 5000, bound: PACBayesBound())
    let divergence = GaussianDivergence(
      dimension: n, squaredMove: 0.5, varianceSum: found.variances.reduce(0, +),
      logVarianceSum: found.variances.reduce(0) { $0 + log($1) })
    #expect(abs(min(PriorGrid().variance(1), divergence.bestPriorVariance) - found.priorVariance) < 1e-9)
  }

  @Test func variancesInAnotherBasis() throws {
    let first = ParameterBasis(rows: 3, columns: 4, left: try orthogonal(3, seed: 1), right: try orthogonal(4, seed: 2))
    let second = ParameterBasis(rows: 3, columns: 4, right: try orthogonal(4, seed: 3))
    let variances = numbers(12, seed: 4).map { exp($0) }
    func whole(_ basis: ParameterBasis) -> DenseMatrix {
      (basis.left ?? .identity(3)).kronecker(basis.right ?? .identity(4))
    }
    let turn = try DenseMatrix.product(whole(second), true, whole(first), false)
    let covariance = try DenseMatrix.product(turn * DenseMatrix(diagonal: variances), false, turn, true)
    let found = try second.variances(variances, of: first)
    for index in 0..<12 { #expect(abs(found[index] - covariance[index, index]) < 1e-12) }
  }

  @Test func rescalingLeavesTheScaleInvariantBound() {
    let n = 30
    let diagonal = numbers(n, seed: 5, scale: 6).map { exp($0) }
    let variances = numbers(n, seed: 6).map { exp($0) }
    let (start, end) = (numbers(n, seed: 7), numbers(n, seed: 8))
    let factors = (0..<n).map { $0 < n / 2 ? 3.7 : 1 / 3.7 }
    func bound(_ factors: [Double], carriesPrior: Bool) -> ScaleInvariantBound {
      let prior = carriesPrior ? factors : [Double](repeating: 1, count: n)
      return ScaleInvariantBound(
        diagonal: zip(diagonal, factors).map { $0 / ($1 * $1) },
        move: (0..<n).map { factors[$0] * end[$0] - prior[$0] * start[$0] },
        priorVariances: zip(variances, prior).map { $0 * $1 * $1 })
    }
    let plain = bound([Double](repeating: 1, count: n), carriesPrior: true)
    let carried = bound(factors, carriesPrior: true)
    #expect(abs(plain.divergence - carried.divergence) <= 1e-9 * plain.divergence)
    #expect(abs(plain.divergenceBound - carried.divergenceBound) <= 1e-9 * plain.divergenceBound)
    #expect(abs(plain.divergence - bound(factors, carriesPrior: false).divergence) > 1e-2 * plain.divergence)
    // The divergence is that of normal distributions with these variances.
    let posterior = ScaleInvariantBound.variances(diagonal: diagonal, priorVariances: variances)
    let exact = (0..<n).reduce(0) { sum, index in
      let ratio = posterior[index] / variances[index]
      let move = end[index] - start[index]
      return sum + 0.5 * (ratio - 1 - log(ratio) + move * move / variances[index])
    }
    #expect(abs(exact - plain.divergence) <= 1e-10 * exact)
    #expect(plain.divergence <= plain.divergenceBound)
    // (KL + u + ln((n + 1)/δ))/n
    for (samples, union) in [(100, 0.0), (1000, log(12))] {
      let written = (plain.divergence + union + log(Double(samples + 1) * 20)) / Double(samples)
      #expect(abs(plain.complexity(samples: samples, delta: 0.05, union: union) - written) <= 1e-14 * written)
    }
  }
}
