/// What random-matrix theory predicts for κ of a wide linear network of one hidden layer on white data, at initialisation.
///
/// For V (m × d) with elements of variance g/d, W (k × m) with variance g/m and Σ = cI, the extreme singular values lie
/// near the edges of the Marchenko-Pastur law, (√m ± √d) √(g/d) and (√m ± √k) √(g/m), and the Kronecker sum WWᵀ ⊗ I + I
/// ⊗ VᵀV has
///
///     κ ≈ [(√m + √d)²/d + (√m + √k)²/m] / [(√m − √d)²/d + (√m − √k)²/m]  →  1   as m → ∞.
///
/// The gain g cancels: Kaiming (g = 2) and LeCun (g = 1) initialisation agree. At finite m the extremes of most draws
/// lie inside the edges, so that κ is below the prediction: for d = 16, k = 4 by 16 % on average at m = 128, and by 4 %
/// at m = 512.
///
/// Source: Marchenko, Pastur, Mathematics of the USSR-Sbornik 1 (1967), 457–483, doi:10.1070/SM1967v001n04ABEH001994.
public enum LargeWidthPrediction {
  /// The prediction for d inputs, m hidden units and k outputs. Not applicable unless m > d and m > k.
  public static func twoLayerWhite(inputs d: Int, width m: Int, outputs k: Int) -> ConditioningBound {
    let assumptions = [
      Assumption("there are inputs and outputs", holds: d > 0 && k > 0, detail: "\(d) inputs, \(k) outputs"),
      Assumption(
        "the hidden layer is wider than inputs and outputs", holds: m > Swift.max(d, k),
        detail: "\(m) wide, \(d) inputs, \(k) outputs"),
    ]
    return ConditioningBound(name: "Marchenko-Pastur edges", relation: .prediction, assumptions: assumptions) {
      let (root, d, k, m) = (Double(m).squareRoot(), Double(d), Double(k), Double(m))
      func edge(_ sign: Double) -> Double {
        let inner = root + sign * d.squareRoot()
        let outer = root + sign * k.squareRoot()
        return inner * inner / d + outer * outer / m
      }
      return edge(1) / edge(-1)
    }
  }
}
