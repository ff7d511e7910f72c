/// What must hold for a bound to say anything, and whether it does.
public struct Assumption: Sendable, Equatable, Codable {
  /// What must hold, such as "every hidden layer is at least as wide as the inputs".
  public var statement: String
  public var holds: Bool
  /// What was found, with numbers.
  public var detail: String

  public init(_ statement: String, holds: Bool, detail: String) {
    self.statement = statement
    self.holds = holds
    self.detail = detail
  }
}

/// A number that theory gives for a condition number or an eigenvalue, with the assumptions it rests on.
///
/// Where an assumption fails there is *no* value: not infinity, and not the 10¹⁷ that rounding makes of a division by zero.
public struct ConditioningBound: Sendable, Equatable, Codable {
  /// How the value relates to what it is compared with.
  public enum Relation: String, Sendable, Codable {
    case upperBound
    case lowerBound
    /// Equal in exact arithmetic.
    case equality
    /// Approached in a limit; on neither side for certain.
    case prediction
  }

  public var name: String
  public var relation: Relation
  /// Absent where the bound is not applicable.
  public var value: Double?
  public var assumptions: [Assumption]

  public var isApplicable: Bool { value != nil }

  /// The assumptions that do not hold.
  public var failedAssumptions: [Assumption] { assumptions.filter { !$0.holds } }

  /// A bound whose value is computed only if all assumptions hold. A value that is not finite becomes a failed assumption.
  public init(
    name: String, relation: Relation = .upperBound, assumptions: [Assumption], value: () -> Double
  ) {
    self.name = name
    self.relation = relation
    self.assumptions = assumptions
    guard assumptions.allSatisfy(\.holds) else { return }
    let value = value()
    if value.isFinite {
      self.value = value
    } else {
      self.assumptions.append(
        Assumption("the value lies in the range of Double", holds: false, detail: "it came out as \(value)"))
    }
  }
}
