import Analyses

/// The part of the page about what lies in and between the blocks of an operator.
enum BlockMassSection {
  static func drawn(_ mass: ReportedBlockMass) -> Markup {
    let columns = [(title: "block", numeric: false)] + mass.blocks.map { (title: $0, numeric: true) }
    let rows = mass.blocks.enumerated().map { index, name -> [Markup] in
      [Page.code(name)]
        + zip(mass.squaredNorms[index], mass.standardErrors[index]).map { value, error in
          .sequence([Page.number(value, digits: 3), "\u{A0}±\u{A0}", Page.number(error, digits: 1)])
        }
    }
    return .element(
      "section", [:],
      [
        .element("h2", ["id": "blocks"], ["In and between blocks"]),
        Page.paragraph([.text(text(mass))]),
        .element(
          "details", [:],
          [
            .element("summary", [:], ["Squared Frobenius norm of every block"]),
            Page.table(columns, rows, label: "Squared norms of blocks"),
          ]),
      ])
  }

  /// The fraction between blocks in one sentence.
  static func text(_ mass: ReportedBlockMass) -> String {
    let error = mass.betweenFractionError.map { " ± \(NumberText.plain(100 * $0, digits: 2))" } ?? ""
    return "\(NumberText.plain(100 * mass.betweenFraction))\(error) % of the squared Frobenius norm of the "
      + "\(OperatorName.full(mass.name)) lies between its \(mass.blocks.count) blocks (\(mass.probes) probes)."
  }
}
