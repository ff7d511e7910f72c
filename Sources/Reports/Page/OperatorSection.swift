import Analyses

/// The part of the page about one operator: key numbers, figures, tables, evidence.
enum OperatorSection {
  static func drawn(_ report: SpectrumReport, operator index: Int) -> Markup {
    let spectrum = report.operators[index]
    let wide = Figures.of(report, operator: index, width: FigureWidth.wide)
    let compact = Figures.of(report, operator: index, width: FigureWidth.compact)
    var parts: [Markup] = [
      .element(
        "h2", ["id": Figures.anchor(report, operator: index)],
        [.text("Spectrum of the \(OperatorName.full(spectrum))")]),
      .element("div", ["class": "cards"], cards(spectrum)),
    ]
    if !wide.isEmpty {
      parts.append(
        .element(
          "div", ["class": "figures"],
          wide.map { figure in Page.figure(wide: figure, compact: compact.first { $0.name == figure.name }) }))
    }
    if let top = spectrum.top, !top.isEmpty {
      parts.append(.element("h3", [:], ["Largest eigenvalues"]))
      parts.append(table(top, "Largest eigenvalues") { String($0 + 1) })
    }
    if let bottom = spectrum.bottom, !bottom.isEmpty {
      parts.append(.element("h3", [:], ["Smallest eigenvalues"]))
      parts.append(table(bottom, "Smallest eigenvalues") { $0 == 0 ? "P" : "P−\($0)" })
    }
    if let condition = spectrum.condition { parts.append(ConditionSection.drawn(condition)) }
    parts.append(evidence(spectrum))
    return .element("section", [:], parts)
  }

  private static func cards(_ spectrum: ReportedSpectrum) -> [Markup] {
    var cards: [Markup] = []
    for (name, extreme) in [("λmax", Extreme.largest(spectrum)), ("λmin", Extreme.smallest(spectrum))] {
      guard let extreme else { continue }
      cards.append(Page.card(name, [Page.number(extreme.value)], note: note(extreme)))
    }
    if let trace = spectrum.trace {
      let isEstimate = trace.standardError.isFinite && trace.standardError != 0
      let note: [Markup] =
        isEstimate
        ? ["±\u{A0}", Page.number(trace.standardError, digits: 2), .text(" s.e., \(trace.evidenceText)")]
        : [.text(trace.evidenceText)]
      cards.append(Page.card("trace", [Page.number(trace.value)], note: note))
    }
    if let outliers = spectrum.outliers {
      var note: [Markup] = ["gap ratio ", Page.number(outliers.ratio, digits: 3)]
      if let ratio = outliers.ratioToClasses {
        note += [", λ₁/λ", .element("sub", [:], ["C+1"]), " ", Page.number(ratio, digits: 3)]
      }
      cards.append(Page.card("outliers", [Page.count(outliers.count)], note: note))
    }
    if let fraction = spectrum.gradientFraction {
      cards.append(
        Page.card(
          "gradient in top \(fraction.subspaceDimension)",
          [.element("data", ["value": fraction.value.description], [.text(NumberText.percentage(fraction.value))])],
          note: [
            "chance ",
            .element("data", ["value": fraction.chance.description], [.text(NumberText.percentage(fraction.chance))]),
          ]))
    }
    if let condition = spectrum.condition { cards.append(ConditionSection.card(condition)) }
    cards.append(Page.card("dimension P", [Page.count(spectrum.dimension)], note: ["selected parameters"]))
    return cards
  }

  private static func note(_ extreme: Extreme) -> [Markup] {
    guard let pair = extreme.pair else { return [.text(extreme.source)] }
    return [
      "residual ", Page.number(pair.residual, digits: 2),
      pair.converged ? "" : .element("span", ["class": "unconverged"], [", not converged"]),
    ]
  }

  private static func table(_ pairs: [ReportedEigenpair], _ label: String, rank: (Int) -> String) -> Markup {
    let bounded = pairs.contains { $0.errorBound != nil }
    let noted = pairs.contains { $0.multiplicityNote != nil }
    var columns = [("rank", true), ("eigenvalue", true), ("residual", true), ("converged", false)]
    if bounded { columns.append(("error at most", true)) }
    if noted { columns.append(("note", false)) }
    let rows = pairs.enumerated().map { index, pair -> [Markup] in
      var row: [Markup] = [
        .text(rank(index)), Page.number(pair.value, digits: 7), Page.number(pair.residual, digits: 2),
        pair.converged ? "yes" : .element("span", ["class": "unconverged"], ["no"]),
      ]
      if bounded { row.append(pair.errorBound.map { Page.number($0, digits: 2) } ?? "–") }
      if noted { row.append(.text(pair.multiplicityNote ?? "")) }
      return row
    }
    return Page.table(columns.map { (title: $0.0, numeric: $0.1) }, rows, label: label)
  }

  private static func evidence(_ spectrum: ReportedSpectrum) -> Markup {
    var rows: [(name: String, value: [Markup]?)] = []
    for (name, solver) in [("largest", spectrum.topSolver), ("smallest", spectrum.bottomSolver)] {
      guard let solver else { continue }
      rows.append(
        (
          "solver, \(name)",
          [
            .text(sentence(solver.message) + " Outcome "), Page.code(solver.reason), ", tolerance ",
            Page.number(solver.tolerance, digits: 2), ", ", Page.count(solver.products), " products, ",
            Page.count(solver.restarts), " restarts, basis orthogonal to ",
            Page.number(solver.orthogonality, digits: 2),
          ]
        ))
    }
    if let density = spectrum.density {
      var value: [Markup] = [
        .text(density.samplingText(times: "×") + ", σ = "),
        Page.number(density.sigma, digits: 3), ", ", Page.count(density.deflated.count), " eigenpairs deflated",
      ]
      if let defect = density.quadratureDefect { value += [", quadrature defect ", Page.number(defect, digits: 2)] }
      if let orthogonality = density.orthogonality {
        value += [", bases orthogonal to ", Page.number(orthogonality, digits: 2)]
      }
      if let mass = density.negativeMass { value += [", negative share of ∫|λ|φ ", Page.number(mass, digits: 3)] }
      if let compatible = density.compatible { value.append(.text(", kernel as in \(compatible)")) }
      rows.append(("density", value))
    }
    if let exact = spectrum.exact {
      var value: [Markup] = [Page.count(exact.eigenvalues.count), " eigenvalues of the dense matrix"]
      if let asymmetry = exact.asymmetry { value += [", asymmetry ", Page.number(asymmetry, digits: 2)] }
      rows.append(("exact", value))
    }
    if rows.isEmpty { return .empty }
    return .sequence([.element("h3", [:], ["Evidence"]), Page.properties(rows)])
  }

  /// The text with a capital at its start and a full stop at its end.
  private static func sentence(_ text: String) -> String {
    guard let last = text.last else { return text }
    return text.prefix(1).uppercased() + text.dropFirst() + (".!?".contains(last) ? "" : ".")
  }
}
