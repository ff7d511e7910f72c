import Curvature

/// The condition number κ of an operator with the rank it rests on. Eigenvalues are in `arrays.npz`.
public struct ReportedCondition: Codable, Sendable, Equatable {
  /// κ = λ₁/λ_rank; missing where no eigenvalue is resolved.
  @OptionalReportedNumber public var value: Double?
  /// Whether κ is at least this, as eigenvalues up to the rank are not resolved.
  public var isLowerBound: Bool
  /// The ends of the interval that holds κ, where it was estimated.
  @OptionalReportedNumber public var lower: Double?
  @OptionalReportedNumber public var upper: Double?
  /// λ₁
  @ReportedNumber public var largest: Double
  /// λ_rank as measured.
  @ReportedNumber public var smallest: Double
  public var rank: Int
  /// `analytic`, `singularValues`, `dual` or `krylov`.
  public var rankSource: String
  /// What the rank follows from.
  public var rankReason: String
  /// The dimension of the matrix that the eigenvalues came from.
  public var order: Int
  /// The eigenvalue below which nothing is told from zero.
  @ReportedNumber public var resolution: Double
  /// How many of the first `rank` eigenvalues lie below it.
  public var unresolved: Int
  /// κ at the neighbouring ranks and at the rank itself.
  public var neighbours: [Neighbour]
  /// The route by its name on the command line, and why it was taken.
  public var route: String
  public var routeReason: String
  /// Rows and columns of the weighted Jacobian.
  public var rows: Int
  public var columns: Int
  /// The rank of the functional part H − G beside it.
  public var functionalRank: FunctionalRank?

  public struct Neighbour: Codable, Sendable, Equatable {
    public var rank: Int
    @OptionalReportedNumber public var value: Double?
    public var resolved: Bool

    public init(rank: Int, value: Double?, resolved: Bool) {
      self.rank = rank
      self.value = value
      self.resolved = resolved
    }
  }

  public struct FunctionalRank: Codable, Sendable, Equatable {
    public var rank: Int
    public var reason: String
    /// As counted in the dense matrix, where it was formed.
    public var dense: Int?

    public init(rank: Int, reason: String, dense: Int? = nil) {
      self.rank = rank
      self.reason = reason
      self.dense = dense
    }
  }

  public init(
    value: Double?, isLowerBound: Bool, lower: Double? = nil, upper: Double? = nil, largest: Double, smallest: Double,
    rank: Int, rankSource: String, rankReason: String, order: Int, resolution: Double, unresolved: Int,
    neighbours: [Neighbour], route: String, routeReason: String, rows: Int, columns: Int,
    functionalRank: FunctionalRank? = nil
  ) {
    self.value = value
    self.isLowerBound = isLowerBound
    self.lower = lower
    self.upper = upper
    self.largest = largest
    self.smallest = smallest
    self.rank = rank
    self.rankSource = rankSource
    self.rankReason = rankReason
    self.order = order
    self.resolution = resolution
    self.unresolved = unresolved
    self.neighbours = neighbours
    self.route = route
    self.routeReason = routeReason
    self.rows = rows
    self.columns = columns
    self.functionalRank = functionalRank
  }

  private enum CodingKeys: String, CodingKey {
    case value, lower, upper, largest, smallest, rank, order, resolution, unresolved, neighbours, route, rows, columns
    case isLowerBound = "is_lower_bound"
    case rankSource = "rank_source"
    case rankReason = "rank_reason"
    case routeReason = "route_reason"
    case functionalRank = "functional_rank"
  }
}

extension ReportedCondition {
  /// The reported form of a measurement.
  public init(_ measurement: ConditionMeasurement) {
    let number = measurement.number
    self.init(
      value: number.value, isLowerBound: number.isLowerBound, lower: number.interval?.lowerBound,
      upper: number.interval?.upperBound, largest: number.largest, smallest: number.smallest, rank: number.rank,
      rankSource: number.rankSource.rawValue, rankReason: measurement.rankReason, order: number.order,
      resolution: number.resolution, unresolved: number.unresolved,
      neighbours: number.neighbours.map { Neighbour(rank: $0.rank, value: $0.value, resolved: $0.isResolved) },
      route: measurement.route.rawValue, routeReason: measurement.routeReason, rows: measurement.rows,
      columns: measurement.columns,
      functionalRank: measurement.functionalRank.map {
        FunctionalRank(rank: $0.rank, reason: $0.reason, dense: $0.dense)
      })
  }
}
