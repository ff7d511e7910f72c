import Tensors

extension DeepLinearConditioning {
  /// a_l = σ₁²(A_l) σ₁²(B_l): the largest eigenvalue of layer l's term of UᵀU.
  var largestTerms: [Double] {
    layers.map { layer in
      let product = (layer.aboveScales.first ?? 0) * (layer.belowScales.first ?? 0)
      return product * product
    }
  }

  /// b_l = σ_k²(A_l) σ_r²(B_l): the smallest eigenvalue of layer l's term, 0 where shapes or the numerical rank leave
  /// it a null space.
  var smallestTerms: [Double] {
    layers.map { layer in
      let product =
        layer.aboveScales.smallest(of: outputs, order: layer.above.columns)
        * layer.belowScales.smallest(of: moment.rank, order: layer.below.columns)
      return product * product
    }
  }

  /// Upper bounds of κ(G): the sum, convex-combination and maximum forms, and the sum over layers of full rank.
  ///
  /// With κ(K) the condition number of the data and the loss (κ(Σ) for squared error), a_l and b_l the largest and
  /// smallest eigenvalue of A_l A_lᵀ ⊗ B_lᵀ B_l,
  ///
  ///     κ ≤ κ(K) Σ a_l / Σ b_l                                        "sum"
  ///       = κ(K) Σ γ_l κ²(A_l) κ²(B_l),   γ_l = b_l / Σ b_j            "convex combination"
  ///       ≤ κ(K) max_l κ²(A_l) κ²(B_l)                                "maximum"
  ///
  /// by Weyl's inequalities for the sum over layers and Ostrowski's for the congruence with K^½. All three need every
  /// hidden layer to be at least as wide as inputs (their rank r) and outputs, so that every b_l > 0. Between that and
  /// min(r, k) some b_l are zero, the sum of the others still bounds ("sum over layers of full rank"), and below it κ
  /// is only a pseudo-condition number, which none of these bound. Cost: none beyond the initializer's.
  ///
  /// Source: Zhao, Singh, Lucchi, arXiv:2411.02139, Lemma 2 and equation 7.
  public var bounds: [ConditioningBound] {
    let (a, b) = (largestTerms, smallestTerms)
    let kappa = moment.conditionNumber
    let full = [dataAssumption, widthAssumption(Swift.max(moment.rank, outputs)), rankAssumption(b, all: true)]
    let partial = [dataAssumption, widthAssumption(Swift.min(moment.rank, outputs)), rankAssumption(b, all: false)]
    let sum = { kappa * a.reduce(0, +) / b.reduce(0, +) }
    return [
      ConditioningBound(name: "sum", assumptions: full, value: sum),
      ConditioningBound(name: "convex combination", assumptions: full) {
        let total = b.reduce(0, +)
        return kappa * zip(a, b).reduce(0) { $0 + $1.1 / total * ($1.0 / $1.1) }
      },
      ConditioningBound(name: "maximum", assumptions: full) { kappa * (zip(a, b).map { $0 / $1 }.max() ?? 1) },
      ConditioningBound(name: "sum over layers of full rank", assumptions: partial, value: sum),
    ]
  }

  /// The bound of the given form: "sum", "convex combination", "maximum", "sum over layers of full rank".
  public func bound(_ name: String) -> ConditioningBound? { bounds.first { $0.name == name } }

  /// κ itself for one hidden layer and white data, bottlenecks included.
  ///
  /// Ĝ = c (W Wᵀ ⊗ I + I ⊗ VᵀV) is a Kronecker sum: with sᵢ the k eigenvalues of W Wᵀ and tⱼ the r eigenvalues of VᵀV,
  /// zeros included,
  ///
  ///     κ = maxᵢⱼ (sᵢ + tⱼ) / min over the non-zero (sᵢ + tⱼ).
  ///
  /// Where the hidden layer is at least as wide as inputs and outputs this is the "sum" bound, which is then attained.
  public var twoLayerWhite: ConditioningBound {
    let assumptions = [
      Assumption("the network has one hidden layer", holds: weights.count == 2, detail: "\(weights.count - 1) found"),
      Assumption(
        "the data are white and the output Hessians are the identity",
        holds: moment.weighting == nil && moment.conditionNumber - 1 < 1e-10,
        detail: moment.weighting == nil ? "κ(Σ) = \(moment.conditionNumber)" : "outputs are weighted by the loss"),
    ]
    return ConditioningBound(name: "two layers, white data", relation: .equality, assumptions: assumptions) {
      let s = layers[0].aboveScales.padded(to: outputs, order: layers[0].above.columns)
      let t = layers[1].belowScales.padded(to: moment.rank, order: layers[1].below.columns)
      let sums = s.flatMap { s in t.map { s * s + $0 * $0 } }
      return (sums.max() ?? .nan) / (sums.filter { $0 > 0 }.min() ?? .nan)
    }
  }

  var dataAssumption: Assumption {
    Assumption(
      "the inputs have a non-zero second moment", holds: moment.conditionNumber.isFinite && moment.rank > 0,
      detail: "rank \(moment.rank) of \(moment.dimension), κ = \(moment.conditionNumber)")
  }

  func widthAssumption(_ width: Int) -> Assumption {
    // The one that biases hand on adds to the width of every layer.
    let hidden = weights.dropLast().map { $0.rows + (hasBiases ? 1 : 0) }
    let narrowest = hidden.min() ?? width
    return Assumption(
      "every hidden layer is at least \(width) wide (inputs of rank \(moment.rank), \(outputs) outputs)",
      holds: narrowest >= width,
      detail: hidden.isEmpty ? "there is no hidden layer" : "the narrowest is \(narrowest) wide")
  }

  private func rankAssumption(_ smallest: [Double], all: Bool) -> Assumption {
    let deficient = smallest.indices.filter { smallest[$0] <= 0 }
    let layers = deficient.map { "\($0 + 1)" }.joined(separator: ", ")
    return Assumption(
      all
        ? "the products of weights above and below every layer have full rank"
        : "the products of weights above and below one layer have full rank",
      holds: all ? deficient.isEmpty : deficient.count < smallest.count,
      detail: deficient.isEmpty ? "all have" : "rank deficient to rounding at layer \(layers)")
  }
}

extension [Double] {
  /// The `count`-th of these descending singular values, 0 if there are fewer or if it is not told from zero by a
  /// matrix of that order.
  func smallest(of count: Int, order: Int) -> Double {
    guard self.count >= count, let first, count > 0 else { return 0 }
    let value = self[count - 1]
    return value > 10 * Double(order) * Double.ulpOfOne * first ? value : 0
  }

  /// These descending singular values with zeros up to `count`, and zeros in place of those not told from it.
  func padded(to count: Int, order: Int) -> [Double] {
    let limit = 10 * Double(order) * Double.ulpOfOne * (first ?? 0)
    return (0..<count).map { $0 < self.count && self[$0] > limit ? self[$0] : 0 }
  }
}
