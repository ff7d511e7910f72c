import Analyses

/// One layer of a dissection: between models first, then model by model.
enum DissectionLayerSection {
  static func drawn(_ view: DissectionLayerView) -> Markup {
    var parts: [Markup] = [
      .element("h2", ["id": view.identifier], [.text("\(view.heading): \(view.outputs) × \(view.inputs)")])
    ]
    let between = zip(
      DissectionFigures.figures(between: view, width: FigureWidth.wide),
      DissectionFigures.figures(between: view, width: FigureWidth.compact))
    if !view.betweenModels.isEmpty {
      parts.append(.element("div", ["class": "figures"], between.map { Page.figure(wide: $0, compact: $1) }))
    }
    for (index, member) in view.members.enumerated() {
      let content = [summary(member), figures(view, index)]
      if view.members.count == 1 {
        parts += content
      } else {
        let element = Markup.element(
          "details", [:], [.element("summary", [:], [.text(member.model.name)])] + content)
        parts.append(index == 0 ? element.with("open", "open") : element)
      }
    }
    return .element("section", [:], parts)
  }

  private static func figures(_ view: DissectionLayerView, _ index: Int) -> Markup {
    let drawings = zip(
      DissectionFigures.figures(of: view, member: index, width: FigureWidth.wide),
      DissectionFigures.figures(of: view, member: index, width: FigureWidth.compact))
    return .element("div", ["class": "figures"], drawings.map { Page.figure(wide: $0, compact: $1) })
  }

  private static func summary(_ member: DissectionLayerView.Member) -> Markup {
    let layer = member.layer
    var rows: [(name: String, value: [Markup]?)] = [
      (
        "block",
        [
          Page.count(layer.dimension), layer.dimension == 1 ? " parameter" : " parameters",
          .text(layer.hasBias ? ", the bias as the last column" : ", without bias"),
        ]
      ),
      ("rows a sample", layer.positions > 1 ? [Page.count(layer.positions)] : nil),
    ]
    if let factors = layer.factors {
      rows.append(
        (
          "E[xxᵀ]",
          [
            "λ₁ is ", .text(NumberText.percentage(factors.inputLeadingShare)),
            " of the trace, cos² of its eigenvector and E[x] ",
            Page.number(factors.meanAlignment, digits: 4),
          ]
        ))
      rows.append(("outliers of E[M]", [outliers(layer)]))
      if let gaps = factors.outliers {
        let ratios = [("λᵢ/λᵢ₊₁ at c − 1 is", gaps.ratioAtClasses), ("λ₁/λᵢ₊₁ at c is", gaps.ratioToClasses)]
        let texts = ratios.compactMap { name, ratio in
          ratio.map { "\(name) \($0.isFinite ? NumberText.typeset($0, digits: 3) : "infinite")" }
        }
        if !texts.isEmpty { rows.append(("with c classes", [.text(texts.joined(separator: ", "))])) }
      }
    }
    return .sequence([Page.properties(rows), spectra(layer), approximations(layer), steps(layer)])
  }

  /// Where the largest gap is, and how large.
  static func outliers(_ layer: ReportedLayer) -> Markup {
    guard let gaps = layer.factors?.outliers else { return "–" }
    guard gaps.ratio.isFinite else { return .sequence([Page.count(gaps.count), " (all\u{A0}else\u{A0}0)"]) }
    return .sequence([Page.count(gaps.count), " (ratio\u{A0}", Page.number(gaps.ratio, digits: 3), ")"])
  }

  /// The error of each approximation for each operator.
  private static func approximations(_ layer: ReportedLayer) -> Markup {
    let operators = layer.approximations.first?.errors.map(\.operator) ?? []
    guard !operators.isEmpty else { return .empty }
    let columns =
      [(title: "‖A − Â‖/‖A‖ (less the first)", numeric: false), (title: "λ₁", numeric: true)]
      + operators.map { (title: OperatorName.full($0), numeric: true) }
    let rows = layer.approximations.map { approximation -> [Markup] in
      [.text(DissectionFigures.label(approximation)), Page.number(approximation.eigenvalues.first ?? .nan)]
        + approximation.errors.enumerated().map { index, error in
          let own = estimate(error.value, error.standardError)
          guard let first = layer.approximations.first, first.name != approximation.name,
            first.errors.indices.contains(index)
          else { return own }
          return .sequence([
            own, " (", estimate(error.value - first.errors[index].value, error.differenceError), ")",
          ])
        }
    }
    return Page.table(columns, rows, label: "Approximations")
  }

  private static func estimate(_ value: Double, _ deviation: Double?) -> Markup {
    guard let deviation, deviation > 0 else { return Page.number(value, digits: 3) }
    return .sequence([Page.number(value, digits: 3), " ±\u{A0}", Page.number(deviation, digits: 1)])
  }

  /// What the direction of each approximation's damped inverse gets of the decrease that the block's own promises.
  private static func steps(_ layer: ReportedLayer) -> Markup {
    let operators = layer.approximations.first?.steps ?? []
    guard !operators.isEmpty else { return .empty }
    let columns =
      [(title: "share of the damped step", numeric: false)]
      + operators.map { (title: OperatorName.full($0.operator), numeric: true) }
    let rows = layer.approximations.map { approximation -> [Markup] in
      [.text(DissectionFigures.label(approximation))]
        + operators.map { step in
          guard let own = approximation.steps.first(where: { $0.operator == step.operator }) else { return "–" }
          return own.isConverged
            ? Page.number(own.share, digits: 3) : .sequence(["≤\u{A0}", Page.number(own.share, digits: 3)])
        }
    }
    return Page.table(columns, rows, label: "Damped steps")
  }

  private static func spectra(_ layer: ReportedLayer) -> Markup {
    let columns = [
      (title: "operator", numeric: false), (title: "λ₁", numeric: true), (title: "last", numeric: true),
      (title: "converged", numeric: true), (title: "largest residual/λ₁", numeric: true),
      (title: "products", numeric: true),
    ]
    let rows = layer.spectra.map { spectrum -> [Markup] in
      let first = spectrum.eigenvalues.first ?? .nan
      let isConverged = spectrum.converged == spectrum.eigenvalues.count
      return [
        .text(OperatorName.full(spectrum.operator)), Page.number(first),
        Page.number(spectrum.eigenvalues.last ?? .nan),
        .element(
          "span", isConverged ? [:] : ["class": "unconverged"],
          [.text("\(spectrum.converged) of \(spectrum.eigenvalues.count)")]),
        Page.number((spectrum.residuals.max() ?? .nan) / abs(first), digits: 2), Page.count(spectrum.products),
      ]
    }
    return Page.table(columns, rows, label: "Eigenpairs")
  }
}
