public import Analyses

/// The page of `ritz dissect`: the models, every layer with its figures, and how it was done.
///
/// One self-contained file, as ``Report`` makes them.
public enum DissectionPage {
  /// The text of `report.html`.
  public static func html(_ report: DissectionReport) -> String {
    let views = DissectionLayerView.all(report)
    let title = title(report)
    return Page.document(
      title, tool: report.tool,
      [header(report, views, title), models(report), layers(report, views)]
        + views.map { DissectionLayerSection.drawn($0) } + [setting(report), footer(report)])
  }

  private static func title(_ report: DissectionReport) -> String {
    guard report.models.count == 1, let model = report.models.first else {
      return "The layers of \(report.models.count) models"
    }
    return "The layers of \(SourceName.short(model.model.source))"
  }

  private static func header(
    _ report: DissectionReport, _ views: [DissectionLayerView], _ title: String
  ) -> Markup {
    let operators = views.first?.operators.map { OperatorName.full($0) } ?? []
    let lead =
      [
        NumberText.counted(views.count, "layer"), NumberText.counted(report.models.count, "model"),
        "\(report.execution.precision) precision",
      ] + operators
    let links =
      [("models", "Models"), ("layers", "Layers")] + views.map { ($0.identifier, $0.heading) }
      + [("setting", "Setting"), ("conventions", "Conventions"), ("reproduce", "Reproduce")]
    return .element(
      "header", [:],
      [
        .element("h1", [:], [.text(title)]), Page.paragraph([.text(lead.joined(separator: " · "))], class: "lead"),
        .element(
          "nav", ["aria-label": "Sections"], links.map { .element("a", ["href": "#" + $0.0], [.text($0.1)]) }),
        Page.warnings(report.warnings + ownWarnings(report)),
      ])
  }

  /// What is to be said of single models, once for all of whom it is to be said.
  private static func ownWarnings(_ report: DissectionReport) -> [String] {
    var texts: [String] = []
    for text in report.models.flatMap(\.warnings) where !texts.contains(text) { texts.append(text) }
    return texts.map { text in
      let names = report.models.filter { $0.warnings.contains(text) }.map(\.name)
      return names.count == report.models.count ? text : ModelNames.joined(names) + ": " + text
    }
  }

  private static func models(_ report: DissectionReport) -> Markup {
    let columns = [
      (title: "model", numeric: false), (title: "data", numeric: false), (title: "loss", numeric: true),
      (title: "accuracy", numeric: true), (title: "‖M − H_p − H‖, relative", numeric: true),
      (title: "‖H_p‖/‖M‖", numeric: true),
    ]
    let rows = report.models.map { model -> [Markup] in
      [
        .text(model.name),
        .text(
          "\(NumberText.counted(model.data.samples, "sample", separator: "\u{202F}")) of \(SourceName.short(model.data.source))"
        ),
        Page.number(model.loss.value),
        model.loss.accuracy.map { Markup.text(NumberText.percentage($0)) } ?? "–",
        model.identity.map { Page.number($0.relativeError, digits: 2) } ?? "–",
        model.identity.map { Page.number($0.relativeSize, digits: 3) } ?? "–",
      ]
    }
    return .element(
      "section", [:],
      [
        .element("h2", ["id": "models"], ["Models"]), Page.table(columns, rows, label: "Models"),
        Page.paragraph([
          .text(
            "H = M − H_p, the Hessian as the second moment of the gradients less the curvature of the probabilities, is an "
              + "identity: what is left of it is rounding. ‖H_p‖/‖M‖ tells how far the two are from each other.")
        ]),
      ])
  }

  /// What is most asked of every layer, a row each.
  private static func layers(_ report: DissectionReport, _ views: [DissectionLayerView]) -> Markup {
    let hasPairs = views.contains { $0.characteristicOverlap != nil }
    var columns: [(title: String, numeric: Bool)] = [
      ("layer", false), ("m × n", true), ("λ₁", true), ("σ₁²/Σσ²", true), ("cos²", true), ("E[M] outliers", true),
      ("error", true), ("overlap", true),
    ]
    if hasPairs { columns.append(("of models", true)) }
    let rows = views.compactMap { view -> [Markup]? in
      guard let member = view.members.first else { return nil }
      let layer = member.layer
      let spectrum = layer.spectra.first
      let outliers = max(1, (view.classes ?? 2) - 1)
      let shares = spectrum?.convergedRankOneShares.prefix(outliers) ?? []
      let decoupled = member.comparisons.first {
        $0.first.operator == spectrum?.operator && $0.second.operator == layer.approximations.first?.name
      }
      var row: [Markup] = [
        .element("a", ["href": "#" + view.identifier], [.text(view.heading)]),
        .text("\(NumberText.count(layer.outputs))\u{A0}×\u{A0}\(NumberText.count(layer.inputs))"),
        spectrum?.eigenvalues.first.map { Page.number($0, digits: 3) } ?? "–",
        shares.isEmpty ? "–" : Page.number(shares.reduce(0, +) / Double(shares.count), digits: 3),
        layer.factors.map { Page.number($0.meanAlignment, digits: 3) } ?? "–",
        DissectionLayerSection.outliers(layer), error(layer),
        decoupled.map { overlap($0, min(outliers, $0.overlaps.count)) } ?? "–",
      ]
      if hasPairs { row.append(view.characteristicOverlap.map { overlap($0.comparison, $0.k) } ?? "–") }
      return row
    }
    let name = report.models.first?.name ?? ""
    return .element(
      "section", [:],
      [
        .element("h2", ["id": "layers"], ["Layers"]), Page.table(columns, rows, label: "Layers", isTight: true),
        Page.paragraph([
          .text(
            (views.contains { $0.heading != $0.name } ? "Of the first model named" : "Of model \(name)")
              + " and its first operator; c classes. σ₁²/Σσ²: mean over the first c − 1 eigenvectors, as far as they have converged. cos²: between E[x] and the first eigenvector of "
              + "E[xxᵀ]. Error and overlap (chance): of the decoupled block, at k = c − 1."
              + (hasPairs
                ? " Of models: the overlap (chance) of the first two at k = m, or of as many eigenvectors as were computed."
                : "") + " A star: not told apart from the next eigenvector by the residuals.")
        ]),
      ])
  }

  private static func error(_ layer: ReportedLayer) -> Markup {
    guard let error = layer.approximations.first?.errors.first else { return "–" }
    guard let deviation = error.standardError, deviation > 0 else { return Page.number(error.value, digits: 3) }
    return .sequence([Page.number(error.value, digits: 3), " ±\u{A0}", Page.number(deviation, digits: 1)])
  }

  private static func overlap(_ comparison: ReportedComparison, _ k: Int) -> Markup {
    guard k > 0, k <= comparison.overlaps.count else { return "–" }
    return .sequence([
      Page.number(comparison.overlaps[k - 1], digits: 3), " (", Page.number(comparison.chance(k), digits: 2), ")",
      .text(comparison.errors[k - 1].isFinite ? "" : " *"),
    ])
  }

  private static func setting(_ report: DissectionReport) -> Markup {
    let execution = report.execution
    let libraries = report.tool.libraries.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    var parts: [Markup] = [
      .element("h2", ["id": "setting"], ["Setting"]),
      Page.properties([
        ("tool", [.text(([report.tool.name + " " + report.tool.version] + libraries).joined(separator: ", "))]),
        ("precision", [.text(execution.precision)]), ("workers", [Page.count(execution.workers)]),
        ("seed", [.text(String(execution.seed))]), ("products", [Page.count(execution.products)]),
        ("time", [.text(NumberText.duration(execution.seconds))]),
        ("peak memory", execution.peakMemoryBytes.map { [.text(NumberText.bytes($0))] }),
      ]),
    ]
    for model in report.models {
      parts.append(.element("h3", [:], [.text(model.name)]))
      parts.append(
        Page.properties([
          ("source", [Page.code(model.model.source)]), ("format", [.text(model.model.format)]),
          ("parameters", [Page.count(model.model.parameterCount)]),
          ("selection", model.model.selection.map { [Page.code($0)] }),
          ("data", [Page.code(model.data.source)]), ("samples", [Page.count(model.data.samples)]),
          ("chosen", model.data.selection.map { [.text($0)] }),
          ("inputs", model.data.standardisation.map { [.text($0)] }), ("loss", [.text(model.loss.name)]),
          ("products", [Page.count(model.products)]), ("time", [.text(NumberText.duration(model.seconds))]),
        ]))
    }
    parts.append(.element("h2", ["id": "conventions"], ["Conventions"]))
    parts.append(
      Page.properties(report.conventions.sorted { $0.key < $1.key }.map { (name: $0.key, value: [.text($0.value)]) }))
    parts.append(.element("h2", ["id": "reproduce"], ["Reproduce"]))
    parts.append(.element("pre", [:], [.text(CommandLineText.quoted(report.command))]))
    return .element("section", [:], parts)
  }

  private static func footer(_ report: DissectionReport) -> Markup {
    .element(
      "footer", [:],
      [
        .text(
          "\(report.tool.name) \(report.tool.version) · schema \(report.schema) · every number here is in result.json with all its digits, "
            + "arrays are in arrays.npz")
      ])
  }
}
