public import Analyses

/// What a reader must know before trusting a bound as a whole.
public enum BoundWarnings {
  public static func all(_ report: BoundReport) -> [String] {
    var texts: [String] = []
    for assumption in report.assumptions where !assumption.holdsByConstruction {
      texts.append("not checked here: \(assumption.text)")
    }
    for posterior in report.posteriors where posterior.bound >= 0.5 {
      texts.append(
        "the bound in the \(posterior.basis) basis, \(NumberText.plain(posterior.bound, digits: 3)), says nothing that guessing between two classes would not"
      )
    }
    guard let sharpness = report.sharpness else { return texts }
    let changed = sharpness.rows.filter { $0.changesWithScale == true }
    if let alpha = sharpness.alpha, !changed.isEmpty {
      texts.append(
        "multiplying the first layer by \(NumberText.plain(alpha, digits: 2)) and dividing the second by it leaves the network's answers as they are and changes "
          + changed.map { row in
            let factor = row.rescaled.map { NumberText.plain($0 / row.value, digits: 2) } ?? ""
            return "\(row.measure) (×\(factor))"
          }.joined(separator: ", ") + ": these measures say nothing of generalisation by themselves")
    }
    return texts
  }
}
