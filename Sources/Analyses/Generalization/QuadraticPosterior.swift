import Curvature
import Foundation
import Krylov
import Networks
import Tensors

/// The normal posterior that is best for a quadratic loss.
///
/// For L(w + e) = L(w) + ½ eᵀHe the objective ½ m′ tr(HS) + KL(N(w, S)‖N(w₀, λI)) is smallest for S = (m′H + I/λ)⁻¹,
/// which is diagonal in the eigenbasis of H: no other basis lets a diagonal S be as good (Hadamard). With the objective
/// L + √(complexity/2) of training, m′ = 1/c for c = ∂√(complexity/2)/∂KL = 1/(4 (m − 1) √(complexity/2)).
public enum QuadraticPosterior {
  /// 1/(m′hⱼ + 1/λ) for the diagonal h of H, negative elements of which count as 0.
  public static func variances(diagonal: [Double], weight: Double, priorVariance: Double) -> [Double] {
    diagonal.map { 1 / (weight * max(0, $0) + 1 / priorVariance) }
  }

  /// The objective ½ m′ Σ hⱼ sⱼ + KL for a diagonal posterior in the basis that h belongs to.
  public static func objective(
    diagonal: [Double], variances: [Double], weight: Double, squaredMove: Double, priorVariance: Double
  ) -> Double {
    let loss = zip(diagonal, variances).reduce(0) { $0 + $1.0 * $1.1 }
    let divergence = GaussianDivergence(
      dimension: diagonal.count, squaredMove: squaredMove, varianceSum: variances.reduce(0, +),
      logVarianceSum: variances.reduce(0) { $0 + log($1) })
    return 0.5 * weight * loss + divergence.value(priorVariance: priorVariance)
  }

  /// Variances, λ and m′ that belong together: a fixed point of the three, which a few dozen rounds reach to what matters.
  ///
  /// - Parameters:
  ///   - diagonal: h of the surrogate loss.
  ///   - squaredMove: ‖w − w₀‖²
  ///   - samples: m
  public static func consistent(
    diagonal: [Double], squaredMove: Double, samples: Int, bound: PACBayesBound, rounds: Int = 40
  ) -> (variances: [Double], priorVariance: Double, weight: Double) {
    let largest = bound.grid.variance(1)
    var prior = min(largest, max(1e-12, exp(-6)))
    var weight = Double(max(1, samples))
    var variances: [Double] = []
    for _ in 0..<rounds {
      variances = self.variances(diagonal: diagonal, weight: weight, priorVariance: prior)
      let divergence = GaussianDivergence(
        dimension: diagonal.count, squaredMove: squaredMove, varianceSum: variances.reduce(0, +),
        logVarianceSum: variances.reduce(0) { $0 + log($1) })
      prior = min(largest, divergence.bestPriorVariance)
      let complexity = bound.complexity(
        divergence: max(0, divergence.value(priorVariance: prior)), variance: prior, samples: samples)
      weight = 4 * Double(max(1, samples - 1)) * (complexity / 2).squareRoot()
    }
    return (variances, prior, weight)
  }
}

extension Objective {
  /// The diagonal of the Gauss-Newton matrix: exactly for networks of dense layers, by `probes` products with random
  /// signs where a parameter has more than two dimensions, as those of convolutions have, or no formula is at hand.
  public func gaussNewtonDiagonal(
    probes: Int = 100, seed: UInt64, interruption: @escaping @Sendable () throws -> Void = {}
  ) throws -> [Double] {
    if network.parameters.allSatisfy({ $0.shape.count <= 2 }),
      let exact = try exactDiagonal(of: .gaussNewton, interruption: interruption)
    {
      return exact.values.elements
    }
    let operation = try curvature(.gaussNewton)
    operation.setInterruption(interruption)
    return try TraceEstimator(seed: seed, batch: 5).diagonal(operation, probes: probes).values.elements
  }
}
