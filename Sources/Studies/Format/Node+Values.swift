import Yams

/// The values that unquoted scalars of a study stand for.
///
/// Yams reads more notations, base 60 among them, and traps where such a number does not fit; a study needs decimal numbers only.
extension Node {
  private var plainText: String? {
    guard let scalar, scalar.style == .plain || scalar.style == .any else { return nil }
    return scalar.string
  }

  /// A decimal whole number that fits.
  var wholeNumber: Int? { plainText.flatMap { Int($0) } }

  /// A decimal number, which is finite.
  var decimalNumber: Double? {
    guard let text = plainText, text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }),
      let value = Double(text), value.isFinite
    else { return nil }
    return value
  }

  /// `true` or `false`, also as yes, no, on and off.
  var truth: Bool? {
    switch plainText?.lowercased() {
    case "true", "yes", "on": true
    case "false", "no", "off": false
    default: nil
    }
  }

  /// Whether nothing stands there.
  var isNothing: Bool { plainText.map { ["", "~", "null"].contains($0) } ?? false }
}
