import Curvature

/// The ways to the condition number of a Gauss-Newton matrix G = AᵀA, by the name the command line gives them.
public enum ConditionRoute: String, CaseIterable, Sendable, Codable {
  /// The first of those below that fits into time and memory.
  case automatic
  /// Singular values of A, which is never squared: κ is resolved up to 1/(10 N ε)², N the larger dimension.
  case singularValues = "singular-values"
  /// Eigenvalues of A Aᵀ, or of G where that is smaller: κ is resolved up to 1/(10 N ε).
  case dual
  /// The ends of the spectrum by Lanczos: an interval.
  case krylov

  /// The most bytes that the dense matrices of the route chosen by size take, for a weighted Jacobian whose smaller
  /// dimension is `order`.
  public static func forecastBytes(order: Int) -> Int {
    if order <= ConditionLimit.singularOrder { return (1 << 30) + 16 * order * order }
    return order <= ConditionLimit.dualOrder ? DualMatrix.byteCount(order: order) : 0
  }

  /// The name in sentences.
  public var title: String {
    switch self {
    case .automatic: "chosen by size"
    case .singularValues: "singular values of the weighted Jacobian"
    case .dual: "eigenvalues of the dual matrix"
    case .krylov: "Krylov estimates"
    }
  }
}
