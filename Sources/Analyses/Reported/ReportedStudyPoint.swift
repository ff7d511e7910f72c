import Foundation

/// κ of one network of a study, at one step where it was trained.
public struct ReportedStudyPoint: Codable, Sendable, Equatable {
  /// The value of each axis, by its key.
  public var coordinates: [String: String]
  public var seed: Int
  /// P, the parameters of the network.
  public var parameters: Int
  /// κ; absent where no eigenvalue is resolved.
  @OptionalReportedNumber public var kappa: Double?
  /// Whether κ is a lower bound only, since eigenvalues are unresolved.
  public var isLowerBound: Bool
  /// The rank used, and where it is from.
  public var rank: Int
  public var rankSource: String
  /// The dimension of the matrix the eigenvalues came from.
  public var order: Int
  /// How many of the first `rank` eigenvalues are not told from zero.
  public var unresolved: Int
  @ReportedNumber public var largest: Double
  @ReportedNumber public var smallest: Double
  /// κ at rank − 1 and at rank + 1.
  @OptionalReportedNumber public var kappaBelowRank: Double?
  @OptionalReportedNumber public var kappaAboveRank: Double?
  /// How it was found, in a few words.
  public var route: String
  public var bounds: [ReportedBound]
  /// The loss, where the network was trained.
  @OptionalReportedNumber public var loss: Double?
  /// Seconds the cell took when it was measured.
  @ReportedNumber public var seconds: Double

  public init(
    coordinates: [String: String], seed: Int, parameters: Int, condition: ConditionNumber, route: String,
    bounds: [ReportedBound], loss: Double?, seconds: Double
  ) {
    self.coordinates = coordinates
    self.seed = seed
    self.parameters = parameters
    kappa = condition.value
    isLowerBound = condition.isLowerBound
    rank = condition.rank
    rankSource = condition.rankSource.rawValue
    order = condition.order
    unresolved = condition.unresolved
    largest = condition.largest
    smallest = condition.smallest
    kappaBelowRank = condition.neighbours.first { $0.rank == condition.rank - 1 }?.value
    kappaAboveRank = condition.neighbours.first { $0.rank == condition.rank + 1 }?.value
    self.route = route
    self.bounds = bounds
    self.loss = loss
    self.seconds = seconds
  }

  private enum CodingKeys: String, CodingKey {
    case coordinates, seed, parameters, kappa, rank, order, unresolved, largest, smallest, route, bounds, loss, seconds
    case isLowerBound = "is_lower_bound"
    case rankSource = "rank_source"
    case kappaBelowRank = "kappa_below_rank"
    case kappaAboveRank = "kappa_above_rank"
  }
}

/// A bound or prediction of κ beside a measured one.
public struct ReportedBound: Codable, Sendable, Equatable {
  public var name: String
  /// `upperBound`, `lowerBound`, `equality` or `prediction`.
  public var relation: String
  /// Absent where the bound is not applicable.
  @OptionalReportedNumber public var value: Double?
  /// The assumptions that do not hold.
  public var failed: [String]

  public init(name: String, relation: String, value: Double?, failed: [String] = []) {
    self.name = name
    self.relation = relation
    self.value = value
    self.failed = failed
  }

  /// The reported form of a bound.
  public init(_ bound: ConditioningBound) {
    self.init(
      name: bound.name, relation: bound.relation.rawValue, value: bound.value,
      failed: bound.failedAssumptions.map { "\($0.statement): \($0.detail)" })
  }
}

/// The mean and spread of a quantity over seeds, on the logarithmic scale: the geometric mean, and one standard
/// deviation of the logarithm to either side.
public struct ReportedSpread: Codable, Sendable, Equatable {
  @ReportedNumber public var mean: Double
  @ReportedNumber public var lower: Double
  @ReportedNumber public var upper: Double
  /// How many values there are; those that are absent are left out.
  public var count: Int

  public init(mean: Double, lower: Double, upper: Double, count: Int) {
    self.mean = mean
    self.lower = lower
    self.upper = upper
    self.count = count
  }

  /// Of positive values; nil where there are none. The standard deviation divides by count − 1, and is 0 for one value.
  public init?(of values: [Double]) {
    let logarithms = values.filter { $0 > 0 && $0.isFinite }.map { log($0) }
    guard !logarithms.isEmpty else { return nil }
    let count = Double(logarithms.count)
    let mean = logarithms.reduce(0, +) / count
    let square = logarithms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = count > 1 ? (square / (count - 1)).squareRoot() : 0
    self.init(
      mean: exp(mean), lower: exp(mean - deviation), upper: exp(mean + deviation), count: logarithms.count)
  }
}

/// The points of a study that differ in their seed only.
public struct ReportedStudyGroup: Codable, Sendable, Equatable {
  /// A bound over the seeds; only where it applies for all of them.
  public struct Bound: Codable, Sendable, Equatable {
    public var name: String
    public var relation: String
    public var spread: ReportedSpread

    public init(name: String, relation: String, spread: ReportedSpread) {
      self.name = name
      self.relation = relation
      self.spread = spread
    }
  }

  public var coordinates: [String: String]
  /// κ over the seeds; absent where none is resolved.
  public var kappa: ReportedSpread?
  /// How many of the seeds have only a lower bound of κ.
  public var lowerBounds: Int
  public var bounds: [Bound]
  @OptionalReportedNumber public var loss: Double?

  /// The group of points of the same coordinates.
  public init(_ points: [ReportedStudyPoint]) {
    coordinates = points.first?.coordinates ?? [:]
    kappa = ReportedSpread(of: points.compactMap(\.kappa))
    lowerBounds = points.count { $0.isLowerBound }
    bounds = (points.first?.bounds ?? []).compactMap { bound in
      let values = points.compactMap { point in point.bounds.first { $0.name == bound.name }?.value }
      guard values.count == points.count, let spread = ReportedSpread(of: values) else { return nil }
      return Bound(name: bound.name, relation: bound.relation, spread: spread)
    }
    let losses = points.compactMap(\.loss)
    loss = losses.isEmpty ? nil : losses.reduce(0, +) / Double(losses.count)
  }

  private enum CodingKeys: String, CodingKey {
    case coordinates, kappa, bounds, loss
    case lowerBounds = "lower_bounds"
  }
}
