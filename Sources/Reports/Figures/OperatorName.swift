/// The names of operators for people.
enum OperatorName {
  /// `Hessian`, `Gauss–Newton matrix`; another name as it is.
  static func full(_ name: String) -> String {
    switch name.lowercased() {
    case "hessian": "Hessian"
    case "ggn", "gauss-newton": "Gauss–Newton matrix"
    case "fisher": "Fisher matrix"
    default: name
    }
  }

  /// A name for files and anchors: letters, digits and hyphens.
  static func identifier(_ name: String) -> String {
    let kept = name.lowercased().unicodeScalars.map { scalar -> Character in
      scalar.isASCII && scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) ? Character(scalar) : "-"
    }
    let text = String(kept.prefix(40))
    return text.isEmpty ? "operator" : text
  }
}
