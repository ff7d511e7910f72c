import Foundation

/// A JSON document as a value, for writing it the way a person reads it.
///
/// Foundation's pretty printer puts every element of an array on a line of its own, which makes a result with a few
/// curves ten thousand lines long. Here arrays of scalars are filled into lines, objects keep one member a line.
enum JSONText: Decodable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case unsigned(UInt64)
  case real(Double)
  case string(String)
  case array([JSONText])
  case object([String: JSONText])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Double.self) {
      // Nearly everything is a number, and a failed attempt is expensive. Beyond 2⁵³ a double may have lost digits.
      if abs(value) < 0x1p53 {
        self = .real(value)
      } else if let whole = try? container.decode(Int64.self) {
        self = .integer(whole)
      } else if let whole = try? container.decode(UInt64.self) {
        self = .unsigned(whole)
      } else {
        self = .real(value)
      }
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode([JSONText].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONText].self))
    }
  }

  /// The text, with keys in ascending order and numbers as short as they round-trip.
  func rendered(indentation: Int = 0) -> String {
    switch self {
    case .null: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .integer(let value): return String(value)
    case .unsigned(let value): return String(value)
    case .real(let value): return Self.number(value)
    case .string(let value): return Self.quoted(value)
    case .array(let elements): return Self.array(elements, indentation)
    case .object(let members):
      if members.isEmpty { return "{}" }
      let inner = String(repeating: " ", count: indentation + 2)
      let lines = members.sorted { $0.key < $1.key }.map {
        inner + Self.quoted($0.key) + ": " + $0.value.rendered(indentation: indentation + 2)
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n" + String(repeating: " ", count: indentation) + "}"
    }
  }

  private var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  private static func array(_ elements: [JSONText], _ indentation: Int) -> String {
    if elements.isEmpty { return "[]" }
    let inner = String(repeating: " ", count: indentation + 2)
    let closing = "\n" + String(repeating: " ", count: indentation) + "]"
    let texts = elements.map { $0.rendered(indentation: indentation + 2) }
    guard elements.allSatisfy(\.isScalar) else {
      return "[\n" + texts.map { inner + $0 }.joined(separator: ",\n") + closing
    }
    let oneLine = texts.joined(separator: ", ")
    if oneLine.count + indentation < 100 { return "[" + oneLine + "]" }
    var lines: [String] = []
    var line = ""
    for (index, text) in texts.enumerated() {
      let piece = index + 1 < texts.count ? text + "," : text
      if !line.isEmpty, line.count + piece.count + indentation > 116 {
        lines.append(inner + line)
        line = ""
      }
      line += line.isEmpty ? piece : " " + piece
    }
    lines.append(inner + line)
    return "[\n" + lines.joined(separator: "\n") + closing
  }

  private static func number(_ value: Double) -> String {
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
