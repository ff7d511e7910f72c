import Tensors

/// The Gauss-Newton matrix of a linear network with skip connections of strength β, F(x) = (W_L + βI) ⋯ (W₁ + βI) x.
///
/// The Jacobian by W_l is that by W_l + βI: everything ``DeepLinearConditioning`` knows holds for the shifted weights.
/// Skips are added to square layers; layers that change the width stay as they are (a convention of this library for d
/// ≠ m).
///
/// Limit: κ(G) → κ(K), that is κ(Σ) for squared error, as β → ∞ when all layers are square. κ need not fall with β near zero.
/// Source: Zhao, Singh, Lucchi, arXiv:2411.02139 (residual networks).
public struct ResidualLinearConditioning: Sendable {
  /// The network of the shifted weights: spectrum, rank, κ and the sum, convex and maximum bounds.
  public let linear: DeepLinearConditioning
  /// β
  public let skip: Double
  /// s = max_l σ₁(W_l) over the unshifted weights.
  public let largestSingularValue: Double
  private let isSquare: Bool

  /// - Throws: ``InputError`` when shapes do not fit or a number is not finite.
  public init(weights: [DenseMatrix], skip: Double, moment: InputMoment) throws(InputError) {
    guard skip.isFinite, skip >= 0 else {
      throw InputError("the skip strength is \(skip)", remedy: "give a finite number, zero or above")
    }
    var shifted = weights
    var largest = 0.0
    for l in weights.indices {
      largest = Swift.max(largest, try weights[l].singularValues().first ?? 0)
      if weights[l].rows == weights[l].columns {
        for i in 0..<weights[l].rows { shifted[l][i, i] += skip }
      }
    }
    self.skip = skip
    largestSingularValue = largest
    isSquare = weights.allSatisfy { $0.rows == $0.columns }
    linear = try DeepLinearConditioning(weights: shifted, moment: moment)
  }

  /// κ of G, see ``DeepLinearConditioning/conditionNumber(accuracy:)``.
  public func conditionNumber(accuracy: Double = 1e-6) throws(InputError) -> ConditionNumber {
    try linear.conditionNumber(accuracy: accuracy)
  }

  /// The bounds of the shifted network, and in closed form in β: where s < β and all layers are square,
  ///
  ///     κ ≤ κ(K) ((β + s)/(β − s))^{2(L − 1)}                         "skip strength"
  ///
  /// since the singular values of W_l + βI lie in [β − s, β + s] (Weyl). It is above the "sum" bound.
  public var bounds: [ConditioningBound] {
    let assumptions = [
      linear.dataAssumption,
      Assumption(
        "all layers are square", holds: isSquare,
        detail: linear.weights.map { "\($0.rows) × \($0.columns)" }.joined(separator: ", ")),
      Assumption(
        "the skip is stronger than every layer, β > max σ₁(W)", holds: skip > largestSingularValue,
        detail: "β = \(skip), max σ₁ = \(largestSingularValue)"),
    ]
    let strength = ConditioningBound(name: "skip strength", assumptions: assumptions) {
      let ratio = (skip + largestSingularValue) / (skip - largestSingularValue)
      return (0..<(2 * (linear.weights.count - 1))).reduce(linear.moment.conditionNumber) { product, _ in
        product * ratio
      }
    }
    return linear.bounds + [strength]
  }
}
