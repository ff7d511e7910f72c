import Curvature
import Krylov

/// How much of an operator lies in its diagonal blocks and how much between them.
public struct ReportedBlockMass: Codable, Sendable, Equatable {
  /// The name of the operator.
  public var name: String
  /// The names of the blocks.
  public var blocks: [String]
  /// ‖A_ab‖_F², a row a block.
  public var squaredNorms: [[Double]]
  /// Their standard errors; 0 where a single probe says nothing of them.
  public var standardErrors: [[Double]]
  /// The part of ‖A‖_F² between blocks.
  @ReportedNumber public var betweenFraction: Double
  /// Its standard error.
  @OptionalReportedNumber public var betweenFractionError: Double?
  /// The number of random probes.
  public var probes: Int

  public init(
    name: String, blocks: [String], squaredNorms: [[Double]], standardErrors: [[Double]], betweenFraction: Double,
    betweenFractionError: Double?, probes: Int
  ) {
    self.name = name
    self.blocks = blocks
    self.squaredNorms = squaredNorms
    self.standardErrors = standardErrors
    self.betweenFraction = betweenFraction
    self.betweenFractionError = betweenFractionError
    self.probes = probes
  }

  /// The reported form of a measurement.
  public init(_ mass: BlockMass, of kind: OperatorKind) {
    self.init(
      name: kind.rawValue, blocks: mass.names, squaredNorms: mass.squaredNorms.map { $0.map(\.value) },
      standardErrors: mass.squaredNorms.map { $0.map { $0.standardError ?? 0 } },
      betweenFraction: mass.betweenFraction, betweenFractionError: mass.betweenFractionError, probes: mass.probes)
  }

  private enum CodingKeys: String, CodingKey {
    case blocks, probes
    case name = "operator"
    case squaredNorms = "squared_norms"
    case standardErrors = "standard_errors"
    case betweenFraction = "between_fraction"
    case betweenFractionError = "between_fraction_error"
  }
}
