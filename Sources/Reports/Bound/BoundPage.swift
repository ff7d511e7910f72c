public import Analyses

/// The page of `ritz bound`: the bounds with what they rest on, how they came about, and sharpness beside them.
///
/// One self-contained file, as ``Report`` makes them.
public enum BoundPage {
  /// The text of `report.html`.
  public static func html(_ report: BoundReport) -> String {
    Page.document(
      title, tool: report.tool,
      [header(report), bounds(report), training(report), scaleInvariant(report), sharpness(report), setting(report)])
  }

  private static let title = "Bounds on the error"

  private static func header(_ report: BoundReport) -> Markup {
    let thin = "\u{202F}"
    let lead = [
      report.network, NumberText.counted(report.parameters, "weight", separator: thin),
      "\(NumberText.counted(report.samples, "sample", separator: thin)) of \(SourceName.ofData(report.data))",
      "\(report.loss) loss", "\(report.precision) precision",
    ]
    var links = [("bounds", "Bounds"), ("assumptions", "Assumptions")]
    if !BoundFigures.charts(report).isEmpty { links.append(("training", "Training")) }
    if report.scaleInvariant != nil { links.append(("scale-invariant", "Scale-invariant bound")) }
    if report.sharpness != nil { links.append(("sharpness", "Sharpness")) }
    links += [("setting", "Setting"), ("conventions", "Conventions"), ("reproduce", "Reproduce")]
    return .element(
      "header", [:],
      [
        .element("h1", [:], [.text(title)]), Page.paragraph([.text(lead.joined(separator: " · "))], class: "lead"),
        .element(
          "nav", ["aria-label": "Sections"], links.map { .element("a", ["href": "#" + $0.0], [.text($0.1)]) }),
        Page.warnings(report.warnings),
        .element("div", ["class": "cards"], cards(report)),
      ])
  }

  private static func cards(_ report: BoundReport) -> [Markup] {
    report.posteriors.map { posterior in
      Page.card(
        "error below, \(posterior.basis) basis", [Page.number(posterior.bound, digits: 3)],
        note: [.text("with confidence \(NumberText.typeset(report.confidence))")])
    } + [
      Page.card(
        "training error of the start", [Page.number(report.start.trainingError, digits: 3)],
        note: report.start.testError.map { [.text("on the test set \(NumberText.typeset($0, digits: 3))")] } ?? [])
    ]
  }

  private static func bounds(_ report: BoundReport) -> Markup {
    // δ is one event for all posteriors of one prior's grid; each estimate may fail by itself.
    let all = 1 - report.constants.delta - Double(report.posteriors.count) * report.constants.estimateDelta
    let joint =
      report.posteriors.count > 1
      ? " All \(report.posteriors.count) hold at once with confidence \(NumberText.typeset(all))." : ""
    let columns = [
      (title: "basis", numeric: false), (title: "error below", numeric: true), (title: "by Pinsker", numeric: true),
      (title: "empirical error", numeric: true), (title: "below", numeric: true), (title: "test error", numeric: true),
      (title: "KL", numeric: true), (title: "λ", numeric: true), (title: "complexity", numeric: true),
    ]
    let rows = report.posteriors.map { posterior -> [Markup] in
      [
        .text(posterior.basis), .element("strong", [:], [Page.number(posterior.bound, digits: 3)]),
        Page.number(posterior.pinskerBound, digits: 3),
        estimate(posterior.empiricalError, posterior.empiricalErrorStandardError),
        Page.number(posterior.empiricalErrorBound, digits: 3),
        posterior.testError.map { estimate($0, posterior.testErrorStandardError) } ?? .text("–"),
        Page.number(posterior.divergence), Page.number(posterior.priorVariance, digits: 3),
        Page.number(posterior.complexity, digits: 3),
      ]
    }
    return .element(
      "section", [:],
      [
        .element("h2", ["id": "bounds"], ["Bounds"]),
        Page.paragraph([
          .text(
            "With confidence \(NumberText.typeset(report.confidence)) for each basis, weights drawn anew from the posterior for each answer err on fresh data with a probability below the second column. The empirical error is a mean over draws with its standard error, and “below” what it lies below with confidence \(NumberText.typeset(1 - report.constants.estimateDelta)), which the bound begins from. The test error is no part of the bound.\(joint)"
          )
        ]), Page.table(columns, rows, label: "Bounds"),
        Page.properties(report.posteriors.map { ($0.basis, [.text($0.definition + "; " + $0.drawn)]) }),
        .element("h2", ["id": "assumptions"], ["Assumptions"]),
        .element(
          "ul", [:],
          report.assumptions.map { assumption in
            .element(
              "li", [:],
              [
                .text(assumption.text),
                assumption.holdsByConstruction
                  ? .text(" — so by construction") : .element("strong", [:], [" — not checked here"]),
              ])
          }),
      ])
  }

  private static func training(_ report: BoundReport) -> Markup {
    let figures = BoundFigures.charts(report).compactMap { RunFigure.drawn($0, BoundFigures.steps(report)) }
    guard !figures.isEmpty else { return .empty }
    let columns = [
      (title: "basis", numeric: false), (title: "epochs", numeric: true), (title: "steps", numeric: true),
      (title: "basis", numeric: true), (title: "training", numeric: true), (title: "draws", numeric: true),
    ]
    let rows = report.posteriors.map { posterior -> [Markup] in
      [
        .text(posterior.basis), Page.number(posterior.epochs), Page.count(posterior.steps),
        clock(posterior.basisClock), clock(posterior.trainingClock), clock(posterior.drawClock),
      ]
    }
    return .element(
      "section", [:],
      [
        .element("h2", ["id": "training"], ["Training"]),
        Page.paragraph([
          .text(
            "The start: \(report.start.source), \(BoundSummary.text(report.start.clock)), ‖w − w₀‖ = \(NumberText.typeset(report.start.move)). "
          ),
          .text(
            (report.posteriors.first.map { "Each posterior: \($0.training)." } ?? "")
              + " Times are by the wall clock, and of processors."),
        ]),
      ] + figures + [Page.table(columns, rows, label: "Clocks")])
  }

  private static func scaleInvariant(_ report: BoundReport) -> Markup {
    guard let bound = report.scaleInvariant else { return .empty }
    return .element(
      "section", [:],
      [
        .element("h2", ["id": "scale-invariant"], ["Scale-invariant bound"]),
        Page.paragraph([
          "The posterior is not trained: its variances are the smaller of the prior’s and the inverse curvature at the start (diagonal of the Gauss-Newton matrix, in nats). A rescaling of layers that leaves the network’s answers as they are leaves this bound as it is if the prior is carried along."
        ]),
        Page.properties([
          ("error below", [Page.number(bound.bound, digits: 3)]),
          ("KL", [Page.number(bound.divergence), " of at most ", Page.number(bound.divergenceBound)]),
          ("prior variance", [Page.number(bound.priorVariance, digits: 3), .text(", j = \(bound.gridIndex)")]),
          ("weights narrower than the prior", [Page.count(bound.curvedWeights)]),
          ("empirical error", [Page.number(bound.empiricalError, digits: 3), .text(" over \(bound.draws) draws")]),
        ]),
      ])
  }

  private static func sharpness(_ report: BoundReport) -> Markup {
    guard let sharpness = report.sharpness else { return .empty }
    let columns = [
      (title: "measure", numeric: false), (title: "value", numeric: true), (title: "rescaled", numeric: true),
      (title: "definition", numeric: false),
    ]
    let rows = sharpness.rows.map { row -> [Markup] in
      [
        .text(row.measure + (row.isConverged ? "" : " (from below)")), estimate(row.value, row.standardError),
        row.rescaled.map { value in
          row.changesWithScale == true
            ? .element("strong", ["class": "unconverged"], [Page.number(value, digits: 3)])
            : Page.number(value, digits: 3)
        } ?? .text("–"),
        .text(row.definition),
      ]
    }
    let rescaling =
      sharpness.rescaling.map {
        "“Rescaled” is after \($0.text), which leaves the network’s answers as they are: what changes there by more than its error (in bold) says nothing of generalisation by itself."
      } ?? "\(BoundSummary.noRescaling)."
    return .element(
      "section", [:],
      [
        .element("h2", ["id": "sharpness"], ["Sharpness"]),
        Page.paragraph([
          .text(
            "At the start, on the first \(NumberText.count(sharpness.samples)) samples; errors are over the data, from a jackknife of \(sharpness.groups) groups. \(rescaling)"
          )
        ]), Page.table(columns, rows, label: "Sharpness"),
      ])
  }

  private static func setting(_ report: BoundReport) -> Markup {
    let libraries = report.tool.libraries.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return .element(
      "section", [:],
      [
        .element("h2", ["id": "setting"], ["Setting"]),
        Page.properties([
          ("tool", [.text(([report.tool.name + " " + report.tool.version] + libraries).joined(separator: ", "))]),
          ("data", [.text(report.data)]), ("workers", [Page.count(report.workers)]),
          ("seed", [.text(String(report.seed))]),
        ]), .element("h2", ["id": "conventions"], ["Conventions"]),
        Page.properties(
          report.conventions.sorted { $0.key < $1.key }.map { (name: $0.key, value: [.text($0.value)]) }),
        .element("h2", ["id": "reproduce"], ["Reproduce"]),
        .element("pre", [:], [.text(CommandLineText.quoted(report.command))]),
      ])
  }

  private static func clock(_ clock: ReportedClock) -> Markup {
    .sequence([duration(clock.seconds), " (", duration(clock.processorSeconds), ")"])
  }

  private static func duration(_ seconds: Double) -> Markup {
    .element("data", ["value": seconds.description], [.text(NumberText.duration(seconds))])
  }

  private static func estimate(_ value: Double, _ error: Double?) -> Markup {
    guard let error, error.isFinite else { return Page.number(value, digits: 3) }
    return .sequence([Page.number(value, digits: 3), .text(" ± "), Page.number(error, digits: 1)])
  }
}
