public import Analyses

/// What a reader must know before trusting a bound as a whole.
public enum BoundWarnings {
  public static func all(_ report: BoundReport) -> [String] {
    var texts: [String] = []
    for assumption in report.assumptions where !assumption.holdsByConstruction {
      texts.append("not checked here: \(assumption.text)")
    }
    // A guess at one of c classes that are equally likely errs with probability 1 − 1/c.
    let guess = 1 - 1 / Double(max(2, report.classes))
    for posterior in report.posteriors where posterior.bound >= guess {
      texts.append(
        "the bound in the \(posterior.basis) basis, \(NumberText.plain(posterior.bound, digits: 3)), is no better than guessing among \(max(2, report.classes)) classes, which errs with probability \(NumberText.plain(guess, digits: 3))"
      )
    }
    guard let sharpness = report.sharpness else { return texts }
    let changed = sharpness.rows.filter { $0.changesWithScale == true }
    if let rescaling = sharpness.rescaling, !changed.isEmpty {
      texts.append(
        "\(rescaling.text) leaves the network's answers as they are and changes "
          + changed.map { row in
            let factor = row.rescaled.map { NumberText.plain($0 / row.value, digits: 2) } ?? ""
            return "\(row.measure) (×\(factor))"
          }.joined(separator: ", ") + ": these measures say nothing of generalisation by themselves")
    }
    return texts
  }
}

extension ReportedSharpness.Rescaling {
  /// "multiplying … by 4 and dividing … by it"
  var text: String {
    "multiplying layer \(multiplied) by \(NumberText.plain(alpha, digits: 1)) and dividing layer \(divided) by it"
  }
}
