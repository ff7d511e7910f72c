/// How far the leading eigenvalues λ₁ ≥ λ₂ ≥ … of E[M] stand apart, with c classes.
///
/// Eigenvalues that rounding cannot tell from zero take no part in the search for the largest ratio: outputs that no
/// sample changes, as those of relus that are never positive, make as many zeros, and say nothing of outliers. Only
/// where no more than c − 1 eigenvalues are left is zero itself the gap, as in the last layer, whose M annihilates the
/// vector of ones.
///
/// Source: Y. Wu et al., "Dissecting Hessian", 2020, arXiv:2010.04261, which expects c − 1 outliers.
public struct OutputGaps: Sendable, Hashable {
  /// The outliers: the i up to 3c at which λᵢ/λᵢ₊₁ is largest.
  public var outliers: Int
  /// That ratio; infinite where all after the outliers are zero.
  public var ratio: Double
  /// λ_{c−1}/λ_c; infinite where λ_c is zero, `nil` where there are fewer than c − 1 or no λ_c.
  public var atClasses: Double?
  /// λ₁/λ_{c+1}, by the same rules.
  public var toClasses: Double?

  /// - Parameters:
  ///   - values: descending.
  ///   - rounding: eigenvalues up to this part of the largest are zero.
  public init?(_ values: [Double], classes: Int, rounding: Double) {
    guard let largest = values.first, largest > 0 else { return nil }
    let rank = values.prefix { $0 > rounding * largest }.count
    func ratio(_ upper: Int, _ lower: Int) -> Double? {
      guard upper > 0, upper <= rank, lower <= values.count else { return nil }
      return lower <= rank ? values[upper - 1] / values[lower - 1] : .infinity
    }
    (outliers, self.ratio) = (rank, .infinity)
    if rank >= classes || rank == values.count {
      let places = 1..<max(1, min(3 * classes + 1, rank))
      guard let best = places.max(by: { values[$0 - 1] / values[$0] < values[$1 - 1] / values[$1] }) else { return nil }
      (outliers, self.ratio) = (best, values[best - 1] / values[best])
    }
    atClasses = ratio(classes - 1, classes)
    toClasses = ratio(1, classes + 1)
  }
}
