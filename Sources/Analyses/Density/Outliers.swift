import Krylov

/// Eigenvalues that stand apart from the bulk at the top: the i ≤ 3C that maximises λᵢ/λᵢ₊₁ among converged top eigenvalues
/// above ten residuals.
public struct Outliers: Sendable, Hashable {
  public let count: Int
  /// λᵢ/λᵢ₊₁ at that i.
  public let ratio: Double
  /// λ₁/λ_{C+1}, where that many are known.
  public let ratioToClasses: Double?

  /// - Parameter classes: C.
  /// - Returns: `nil` where fewer than two eigenvalues qualify.
  public init?<Vector>(_ top: [Eigenpair<Vector>], classes: Int) {
    let usable = Array(top.prefix { $0.converged && $0.value > 10 * $0.residual })
    let values = usable.map(\.value)
    let ratios = zip(values, values.dropFirst()).prefix(3 * classes).map { $0 / $1 }
    guard let largest = ratios.max(), let index = ratios.firstIndex(of: largest) else { return nil }
    count = index + 1
    ratio = largest
    ratioToClasses = values.count > classes ? values[0] / values[classes] : nil
  }
}
