import Tensors

/// Lower bounds of the smallest eigenvalue of the empirical tangent kernel Θ = J Jᵀ (order nk, not divided by n).
///
/// Source: Nguyen, Mondelli, Montúfar, "Tight bounds on the smallest eigenvalue of the neural tangent kernel for deep
/// ReLU networks", ICML 2021, arXiv:2012.11654 (the sum over layers and Schur's inequality); deterministic forms at the
/// weights given, no limit of width.
public enum TangentKernelBound {
  /// From the features of the last hidden layer of any network that ends in a dense linear layer:
  ///
  ///     λ_min(Θ) ≥ λ_n(Γ),   Γ = ΦᵀΦ (+ 11ᵀ with a bias in the last layer),
  ///
  /// because the last layer adds Γ ⊗ I_k and all others a positive semidefinite matrix. `features` has a row for each
  /// sample (n × m).
  ///
  /// Cost: O(n m min(n, m)). Throws ``InputError`` when a feature is not finite.
  public static func ofFeatures(_ features: DenseMatrix, hasBias: Bool) throws(InputError) -> ConditioningBound {
    var extended = features
    if hasBias {
      extended = DenseMatrix(zeros: features.rows, features.columns + 1)
      for i in 0..<features.rows {
        for j in 0..<features.columns { extended[i, j] = features[i, j] }
        extended[i, features.columns] = 1
      }
    }
    let (n, m) = (extended.rows, extended.columns)
    let values = try extended.singularValues()
    let smallest = values.smallest(of: n, order: Swift.max(n, m))
    let assumptions = [
      Assumption(
        "the last hidden layer is at least as wide as there are samples", holds: m >= n,
        detail: "\(m) features\(hasBias ? " with the bias" : ""), \(n) samples"),
      Assumption(
        "the features of the samples are linearly independent", holds: smallest > 0,
        detail: "σ_n = \(values.count >= n ? values.last ?? 0 : 0), σ₁ = \(values.first ?? 0)"),
    ]
    return ConditioningBound(name: "features of the last layer", relation: .lowerBound, assumptions: assumptions) {
      smallest * smallest
    }
  }

  /// For one hidden layer of rectifiers: the terms of the two layers together.
  ///
  ///     λ_n(Γ) + α² σ_n²(X) σ_k²(W)                                                          "layers, loose"
  ///     λ_n(Γ) + σ_n²(X) minᵢ λ_k(W Dᵢ² Wᵀ)                                                   "layers, refined"
  ///     λ_n(Γ) + minᵢ ‖xᵢ‖² λ_{nk}(Σ_r d_r d_rᵀ ⊗ w_r w_rᵀ)                                    "layers, Schur"
  ///
  /// The last is Schur's inequality λ_min(A ∘ B) ≥ minᵢ Aᵢᵢ λ_min(B) for the first layer's part (XᵀX ⊗ 11ᵀ) ∘ Σ_r d_r
  /// d_rᵀ ⊗ w_r w_rᵀ; it needs m ≥ nk rather than n ≤ d. Each is not applicable where it comes out as zero, which says
  /// nothing. Cost: that of the bounds of κ, and O((nk)² m) for the last.
  ///
  /// - Throws: ``InputError`` when a number is not finite.
  public static func ofTwoLayerRectifier(
    _ network: TwoLayerRectifierConditioning
  ) throws(InputError) -> [ConditioningBound] {
    let extremes = try network.extremes()
    let active = network.weightedOutputs
    let activeScale = try active.singularValues().smallest(
      of: active.rows, order: Swift.max(active.rows, active.columns))
    let shortest = (0..<network.samples).map { network.inputs.row($0).reduce(0) { $0 + $1 * $1 } }.min() ?? 0
    let gamma = extremes.features.smallest
    let dimensions =
      "n = \(network.samples), d = \(network.inputs.columns), m = \(network.width), k = \(network.outputs), α = \(network.slope)"
    func bound(_ name: String, _ statement: String, _ value: Double) -> ConditioningBound {
      ConditioningBound(
        name: name, relation: .lowerBound,
        assumptions: [Assumption(statement, holds: value > 0, detail: dimensions)]
      ) { value }
    }
    return [
      bound(
        "layers, loose", "the features are independent (n ≤ m), or the inputs are (n ≤ d) with α > 0 and m ≥ k",
        gamma + network.slope * network.slope * extremes.inputs.smallest * extremes.outputs.smallest),
      bound(
        "layers, refined",
        "the features are independent (n ≤ m), or the inputs are (n ≤ d) with k independent active units for every sample",
        gamma + extremes.inputs.smallest * extremes.activeOutputs.smallest),
      bound(
        "layers, Schur",
        "the features are independent (n ≤ m), or the weighted slopes are (nk ≤ m)",
        gamma + shortest * activeScale * activeScale),
    ]
  }

  /// For a deep linear network with n ≤ d samples: λ_min(Θ) ≥ σ_n²(X) Σ_l b_l, with b_l as in ``DeepLinearConditioning/bounds``.
  ///
  /// - Parameters:
  ///   - network: made from the moment of these same samples, squared error.
  ///   - samples: n.
  ///
  /// Cost: none.
  public static func ofDeepLinear(_ network: DeepLinearConditioning, samples n: Int) -> ConditioningBound {
    let terms = network.smallestTerms.reduce(0, +)
    let assumptions = [
      Assumption(
        "output Hessians are the identity", holds: network.moment.weighting == nil,
        detail: network.moment.weighting == nil ? "they are" : "outputs are weighted by the loss"),
      Assumption(
        "the inputs are linearly independent", holds: network.moment.rank == n,
        detail: "\(n) samples of rank \(network.moment.rank)"),
      network.widthAssumption(Swift.min(network.moment.rank, network.outputs)),
      Assumption(
        "the products of weights above and below one layer have full rank", holds: terms > 0, detail: "Σ b_l = \(terms)"
      ),
    ]
    return ConditioningBound(name: "deep linear", relation: .lowerBound, assumptions: assumptions) {
      let scale = network.moment.inputScales.last ?? 0
      return Double(n) * scale * scale * terms
    }
  }
}
