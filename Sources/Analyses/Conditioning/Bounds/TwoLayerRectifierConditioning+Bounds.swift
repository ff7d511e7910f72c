import Tensors

extension TwoLayerRectifierConditioning {
  /// The extreme eigenvalues the bounds are made of.
  struct Extremes: Sendable {
    /// λ₁ and λ_n of XᵀX; the latter is zero where n > d.
    var inputs: (largest: Double, smallest: Double)
    /// λ₁ and λ_k of W Wᵀ
    var outputs: (largest: Double, smallest: Double)
    /// maxᵢ λ₁ and minᵢ λ_k of W Dᵢ² Wᵀ, Dᵢ the slopes of sample i
    var activeOutputs: (largest: Double, smallest: Double)
    /// λ₁ and λ_n of Γ
    var features: (largest: Double, smallest: Double)
  }

  /// By singular values throughout. Cost: O(n(n + d) min(n, d) + n m k²).
  func extremes() throws(InputError) -> Extremes {
    var active = (largest: 0.0, smallest: Double.infinity)
    for i in 0..<samples {
      let pair = try Self.squares(output.scalingColumns(by: Array(slopes.row(i))), rank: outputs)
      active = (Swift.max(active.largest, pair.largest), Swift.min(active.smallest, pair.smallest))
    }
    return Extremes(
      inputs: try Self.squares(inputs, rank: samples), outputs: try Self.squares(output, rank: outputs),
      activeOutputs: active, features: try Self.squares(features, rank: samples))
  }

  private static func squares(_ matrix: DenseMatrix, rank: Int) throws(InputError) -> (
    largest: Double, smallest: Double
  ) {
    let values = try matrix.singularValues()
    let smallest = values.smallest(of: rank, order: Swift.max(matrix.rows, matrix.columns))
    let largest = values.first ?? 0
    return (largest * largest, smallest * smallest)
  }

  /// Upper bounds of κ(G) = λ₁/λ_{nk}, G of full dual rank nk:
  ///
  ///     [σ₁²(X) σ₁²(W) + λ₁(Γ)] / [α² σ_n²(X) σ_k²(W) + λ_n(Γ)]                                         "loose"
  ///     [σ₁²(X) maxᵢ λ₁(W Dᵢ² Wᵀ) + λ₁(Γ)] / [σ_n²(X) minᵢ λ_k(W Dᵢ² Wᵀ) + λ_n(Γ)]                        "refined"
  ///
  /// The refined form is never above the loose one, and its first denominator term can be positive at α = 0. σ_n(X) is
  /// zero for more samples than inputs, and λ_n(Γ) for more samples than hidden units: without one of the two terms
  /// nothing is bounded.
  ///
  /// - Throws: ``InputError`` when a number is not finite.
  public func bounds() throws(InputError) -> [ConditioningBound] {
    let extremes = try extremes()
    let looseBelow = slope * slope * extremes.inputs.smallest * extremes.outputs.smallest + extremes.features.smallest
    let refinedBelow = extremes.inputs.smallest * extremes.activeOutputs.smallest + extremes.features.smallest
    return [
      ConditioningBound(
        name: "loose", assumptions: [denominatorAssumption(extremes, refined: false, holds: looseBelow > 0)]
      ) {
        (extremes.inputs.largest * extremes.outputs.largest + extremes.features.largest) / looseBelow
      },
      ConditioningBound(
        name: "refined", assumptions: [denominatorAssumption(extremes, refined: true, holds: refinedBelow > 0)]
      ) {
        (extremes.inputs.largest * extremes.activeOutputs.largest + extremes.features.largest) / refinedBelow
      },
    ]
  }

  private func denominatorAssumption(_ extremes: Extremes, refined: Bool, holds: Bool) -> Assumption {
    let active =
      refined
      ? "\(outputs) active hidden units of full rank for every sample" : "α > 0 and m ≥ k"
    return Assumption(
      "the features are independent (n ≤ m), or the inputs are (n ≤ d) with \(active)", holds: holds,
      detail:
        "n = \(samples), m = \(width), d = \(inputs.columns), k = \(outputs), α = \(slope); λ_n(Γ) = \(extremes.features.smallest)"
    )
  }
}
