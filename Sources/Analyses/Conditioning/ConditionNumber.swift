/// The pseudo-condition number κ = λ₁ / λ_r of a positive semidefinite matrix of rank r: its largest over its smallest
/// non-zero eigenvalue.
///
/// The rank must be known, or be found with care, because one step in it may change κ by orders of magnitude: it is
/// stated with its source, and κ at the neighbouring ranks stands beside it. A measured eigenvalue says something only
/// above the *resolution* of the arithmetic that gave it:
///
///     10·N·ε·λ₁         from the eigenvalues of a matrix of order N,
///     (10·N·ε)²·λ₁      from the singular values of a factor, whose squares are the eigenvalues.
///
/// Those of the first r eigenvalues that lie below are counted as ``unresolved``; κ is then λ₁ over the smallest
/// *resolved* one and a lower bound of the true value, to be printed as "≥".
///
/// Conventions: λ descending, ε = 2⁻⁵², dimensionless. Indefinite matrices have no such κ.
/// Source of the definition for Gauss-Newton matrices: Zhao, Singh, Lucchi, NeurIPS 2024, arXiv:2411.02139.
public struct ConditionNumber: Sendable, Equatable, Codable {
  /// How the rank, or the spectrum it was read from, became known.
  public enum RankSource: String, Sendable, Codable, CaseIterable {
    /// From a formula, such as q(r + k − q) for linear networks.
    case analytic
    /// From the singular values of the factor J of the matrix JᵀJ.
    case singularValues
    /// From the eigenvalues of the dual JJᵀ.
    case dual
    /// From Krylov estimates, which leave an interval.
    case krylov
  }

  /// λ₁/λ_rank for one assumed rank.
  public struct Neighbour: Sendable, Equatable, Codable {
    public var rank: Int
    /// Absent where the eigenvalue of that rank is not positive.
    public var value: Double?
    /// Whether the eigenvalue of that rank lies above the resolution.
    public var isResolved: Bool

    public init(rank: Int, value: Double?, isResolved: Bool) {
      self.rank = rank
      self.value = value
      self.isResolved = isResolved
    }
  }

  /// λ₁
  @ReportedNumber public var largest: Double
  /// The rank-th eigenvalue as measured, even where it is unresolved (rounding can then make it negative).
  @ReportedNumber public var smallest: Double
  public var rank: Int
  public var rankSource: RankSource
  /// The dimension N of the matrix the eigenvalues came from, which sets the resolution.
  public var order: Int
  /// The number below which an eigenvalue is not told from zero.
  public var resolution: Double
  /// How many of the first `rank` eigenvalues lie below the resolution.
  public var unresolved: Int
  /// κ; absent where no eigenvalue is resolved: a zero matrix, rank 0, or a spectrum with elements that are not finite.
  public var value: Double?
  /// Whether ``value`` is only a lower bound of κ, since eigenvalues are unresolved.
  public var isLowerBound: Bool
  /// κ at rank − 1, rank and rank + 1, as far as eigenvalues of these ranks exist.
  public var neighbours: [Neighbour]
  /// The interval that holds κ, where it was estimated and not computed.
  public var interval: ClosedRange<Double>?

  public init(
    largest: Double, smallest: Double, rank: Int, rankSource: RankSource, order: Int, resolution: Double,
    unresolved: Int, value: Double?, isLowerBound: Bool, neighbours: [Neighbour], interval: ClosedRange<Double>? = nil
  ) {
    self.largest = largest
    self.smallest = smallest
    self.rank = rank
    self.rankSource = rankSource
    self.order = order
    self.resolution = resolution
    self.unresolved = unresolved
    self.value = value
    self.isLowerBound = isLowerBound
    self.neighbours = neighbours
    self.interval = interval
  }

  /// κ from the eigenvalues of a matrix of the given order, in any order; those that are exactly zero may be left out.
  ///
  /// A rank above the number of eigenvalues is taken as that number. Cost: a sort.
  public static func of(eigenvalues: [Double], rank: Int, source: RankSource, order: Int) -> ConditionNumber {
    of(eigenvalues, rank: rank, source: source, order: order, relativeResolution: 10 * Double(order) * Double.ulpOfOne)
  }

  /// κ of FᵀF from the singular values of F, in any order; `order` is the larger dimension of F.
  ///
  /// The eigenvalues are the squares, which must be representable; κ resolves to 1/(10·N·ε)², not only to 1/(10·N·ε).
  public static func of(singularValues: [Double], rank: Int, source: RankSource, order: Int) -> ConditionNumber {
    let relative = 10 * Double(order) * Double.ulpOfOne
    return of(
      singularValues.map { $0 * $0 }, rank: rank, source: source, order: order, relativeResolution: relative * relative)
  }

  /// The number of eigenvalues above the resolution 10·N·ε·λ₁: the numerical rank, where none is known.
  public static func resolvedRank(eigenvalues: [Double], order: Int) -> Int {
    let limit = 10 * Double(order) * Double.ulpOfOne * (eigenvalues.max() ?? 0)
    return eigenvalues.count { $0 > limit }
  }

  /// The number of singular values above the resolution 10·N·ε·σ₁: the numerical rank, where none is known.
  public static func resolvedRank(singularValues: [Double], order: Int) -> Int {
    resolvedRank(eigenvalues: singularValues, order: order)
  }

  private static func of(
    _ eigenvalues: [Double], rank: Int, source: RankSource, order: Int, relativeResolution: Double
  ) -> ConditionNumber {
    let rank = Swift.max(0, Swift.min(rank, eigenvalues.count))
    guard eigenvalues.allSatisfy(\.isFinite), let largest = eigenvalues.max() else {
      return ConditionNumber(
        largest: eigenvalues.isEmpty ? 0 : .nan, smallest: eigenvalues.isEmpty ? 0 : .nan, rank: rank,
        rankSource: source, order: order, resolution: 0, unresolved: rank, value: nil, isLowerBound: false,
        neighbours: [])
    }
    let descending = eigenvalues.sorted(by: >)
    let resolution = relativeResolution * Swift.max(largest, 0)
    let resolved = descending[..<rank].prefix { $0 > resolution }.count
    let neighbours = (rank - 1...rank + 1).filter { $0 >= 1 && $0 <= descending.count }.map { rank in
      let eigenvalue = descending[rank - 1]
      return Neighbour(
        rank: rank, value: eigenvalue > 0 ? largest / eigenvalue : nil, isResolved: eigenvalue > resolution)
    }
    return ConditionNumber(
      largest: largest, smallest: rank > 0 ? descending[rank - 1] : 0, rank: rank, rankSource: source, order: order,
      resolution: resolution, unresolved: rank - resolved,
      value: resolved > 0 ? largest / descending[resolved - 1] : nil,
      isLowerBound: resolved > 0 && resolved < rank, neighbours: neighbours)
  }
}
