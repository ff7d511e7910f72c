import Analyses

/// The names of operators for people.
enum OperatorName {
  /// `Hessian`, `Gauss–Newton matrix`; another name as it is.
  static func full(_ name: String) -> String {
    switch name.lowercased() {
    case "hessian": "Hessian"
    case "ggn", "gauss-newton": "Gauss–Newton matrix"
    case "ggn-class": "class part of the Gauss–Newton matrix"
    case "ggn-cross-class": "cross-class part of the Gauss–Newton matrix"
    case "ggn-same-class": "same-class part of the Gauss–Newton matrix"
    case "ggn-within-class": "within-class part of the Gauss–Newton matrix"
    case "functional": "functional part of the Hessian"
    case "gradient-second-moment": "second moment of the gradients"
    case "gradient-covariance": "covariance of the gradients"
    case "fisher": "Fisher matrix"
    case "fisher-mc": "Monte Carlo Fisher matrix"
    case "ntk": "neural tangent kernel"
    case "kfac-expand": "K-FAC approximation (expand)"
    case "kfac-reduce": "K-FAC approximation (reduce)"
    case "ekfac": "EKFAC approximation"
    case "decoupled": "decoupled approximation"
    case "shampoo": "Shampoo’s approximation"
    default: name
    }
  }

  /// The name with what was done to the operator: `preconditioned Hessian, block fc1`.
  static func full(_ spectrum: ReportedSpectrum) -> String {
    (spectrum.preconditioned == true ? "preconditioned " : "") + full(spectrum.name)
      + (spectrum.block.map { ", block \($0)" } ?? "")
  }

  /// A name for files and anchors, of the operator and its block.
  static func identifier(_ spectrum: ReportedSpectrum) -> String {
    identifier([spectrum.name, spectrum.block].compactMap { $0 }.joined(separator: "-"))
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
