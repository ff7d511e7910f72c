/// The value of one setting of a study.
public enum SettingValue: Sendable, Hashable, CustomStringConvertible {
  case integer(Int)
  case number(Double)
  case text(String)
  case flag(Bool)
  /// A multiple of the depth, as in `width: 16 * depth`.
  case perDepth(Int)

  /// As it is written in a study, and in the canonical text of a cell: the shortest digits that give the same number.
  public var description: String {
    switch self {
    case .integer(let value): String(value)
    case .number(let value): value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
    case .text(let value): value
    case .flag(let value): value ? "true" : "false"
    case .perDepth(let factor): "\(factor) * depth"
    }
  }

  /// Its place on a numerical axis; nil for what is a name.
  public var position: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .text, .flag, .perDepth: nil
    }
  }

  var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  var flag: Bool? { if case .flag(let value) = self { value } else { nil } }
}
