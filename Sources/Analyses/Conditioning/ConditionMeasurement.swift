import Curvature

/// The condition number of an operator of a network with all that is known of its rank.
public struct ConditionMeasurement: Sendable, Equatable {
  public var kind: OperatorKind
  public var number: ConditionNumber
  /// The route taken, and why.
  public var route: ConditionRoute
  public var routeReason: String
  /// What the rank follows from.
  public var rankReason: String
  /// n·r, the rows of the weighted Jacobian.
  public var rows: Int
  /// P, its columns.
  public var columns: Int
  /// Eigenvalues, descending; none where only the ends were estimated.
  public var eigenvalues: [Double]
  /// The rank of the functional part H − G of the Hessian beside it; `nil` where neither a formula nor a small dense
  /// matrix gives it.
  public var functionalRank: FunctionalRank?
  /// Products of the operator or of its factors, beside the passes that make rows.
  public var products: Int

  /// The rank of H − G.
  public struct FunctionalRank: Sendable, Equatable {
    public var rank: Int
    public var reason: String
    /// The number of |λ| above 10·P·ε·max|λ| of the dense matrix, where it was formed beside a formula.
    public var dense: Int?
  }

  /// What a reader must know before trusting the number.
  public var warnings: [String] {
    var result: [String] = []
    if number.unresolved > 0, number.value != nil {
      result.append(
        "\(number.unresolved) of the \(number.rank) eigenvalues up to the rank lie below the resolution of the arithmetic, so kappa is a lower bound"
          + (route == .singularValues ? "" : "; singular values (--condition-route singular-values) resolve more"))
    } else if number.isLowerBound {
      result.append("the smallest eigenvalue was not separated from zero, so kappa is a lower bound")
    }
    if number.value == nil { result.append("no eigenvalue is resolved, so there is no kappa") }
    return result
  }
}
