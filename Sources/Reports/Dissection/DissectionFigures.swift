public import Analyses

/// The figures of a dissection, layer by layer.
public enum DissectionFigures {
  /// File names without extension and the text of the SVG files, in reading order.
  public static func all(_ report: DissectionReport) -> [(name: String, svg: String)] {
    let views = DissectionLayerView.all(report)
    return views.flatMap { view in
      let shared = figures(between: view, width: FigureWidth.wide)
      let own = view.members.indices.flatMap { figures(of: view, member: $0, width: FigureWidth.wide) }
      return (shared + own).map { ($0.name, $0.standalone) }
    }
  }

  /// The most lines of a figure.
  static let mostLines = 8

  /// What compares models at one layer.
  static func figures(between view: DissectionLayerView, width: Double) -> [Figure] {
    let pairs = view.betweenModels.filter { $0.first.operator == view.operators.first }
    // Of one pair of models all operators have room in one figure.
    if pairs.count == 1, let first = pairs.first {
      let lines = view.betweenModels.prefix(mostLines).enumerated().map { number, comparison in
        line(short(comparison.first.operator), comparison, number)
      }
      let figure = overlapFigure(
        lines, first, view, name: "\(view.identifier)-between-models",
        title: "Overlap between \(first.first.model) and \(first.second.model)", further: "", width: width)
      return figure.map { [$0] } ?? []
    }
    return view.operators.compactMap { name in
      let comparisons = view.betweenModels.filter { $0.first.operator == name }
      guard let first = comparisons.first else { return nil }
      let lines = comparisons.prefix(mostLines).enumerated().map { number, comparison in
        line("\(comparison.first.model), \(comparison.second.model)", comparison, number)
      }
      let rest = comparisons.count - lines.count
      return overlapFigure(
        lines, first, view, name: "\(view.identifier)-\(OperatorName.identifier(name))-between-models",
        title: "Overlap between models: \(OperatorName.full(name))",
        further: rest > 0 ? " \(rest) further pairs are in result.json." : "", width: width)
    }
  }

  /// What is of one model at one layer.
  static func figures(of view: DissectionLayerView, member index: Int, width: Double) -> [Figure] {
    let member = view.members[index]
    let prefix = "\(view.identifier)-\(member.identifier)"
    return [
      eigenvalues(member, view, prefix, width), withinModel(member, view, prefix, ofOperators: true, width),
      withinModel(member, view, prefix, ofOperators: false, width),
      rankOne(member, view, prefix, width), correspondence(member, view, prefix, ofInputs: true, width),
      correspondence(member, view, prefix, ofInputs: false, width), outputMoment(member, view, prefix, width),
    ].compactMap { $0 }
  }

  // MARK: Overlaps

  private static func line(_ label: String, _ comparison: ReportedComparison, _ number: Int) -> RankChart.Line {
    RankChart.Line(
      label: label, color: .ofLine(number), values: comparison.overlaps, isSure: comparison.errors.map(\.isFinite))
  }

  private static func overlapFigure(
    _ lines: [RankChart.Line], _ comparison: ReportedComparison, _ view: DissectionLayerView, name: String,
    title: String, further: String, width: Double
  ) -> Figure? {
    let chart = RankChart(
      lines: lines, vertical: .share, title: "overlap", horizontal: "number of eigenvectors *k*",
      chance: { (comparison.chance($0), comparison.chanceDeviation($0)) },
      mark: view.outputs < comparison.overlaps.count ? (view.outputs, "m = \(view.outputs)") : nil)
    guard let (height, content) = chart.drawn(name: name, width: width) else { return nil }
    let ends = lines.compactMap { line -> String? in
      guard let first = line.values.first, let last = line.values.last else { return nil }
      return
        "\(line.label): \(NumberText.plain(first, digits: 3)) at k = 1, \(NumberText.plain(last, digits: 3)) at k = \(line.values.count)."
    }
    return Figure(
      name: name, title: title, description: ends.joined(separator: " "),
      caption:
        "Tr(P₁P₂)/k of the k leading eigenvectors: 1 for equal, 0 for orthogonal subspaces. Open marks: the k-th eigenvalue is not told from "
        + "the next by the residuals, so that the subspace is one choice of many.\(further)",
      width: width, height: height, content: content)
  }

  /// The first operator with all others, or with the approximations.
  private static func withinModel(
    _ member: DissectionLayerView.Member, _ view: DissectionLayerView, _ prefix: String, ofOperators: Bool,
    _ width: Double
  ) -> Figure? {
    guard let name = view.operators.first else { return nil }
    let chosen = member.comparisons.filter {
      $0.first.operator == name && view.operators.contains($0.second.operator) == ofOperators
    }
    guard let first = chosen.first else { return nil }
    let lines = chosen.prefix(mostLines).enumerated().map { number, comparison in
      line(short(comparison.second.operator), comparison, number)
    }
    return overlapFigure(
      lines, first, view, name: prefix + (ofOperators ? "-between-operators" : "-with-approximations"),
      title: "Overlap of the \(OperatorName.full(name)) with \(ofOperators ? "other operators" : "its approximations")",
      further: member.comparisons.count > lines.count ? " All pairs are in result.json." : "", width: width)
  }

  /// An approximation's name, with what it is of where that is not the rule.
  static func label(_ approximation: ReportedApproximation) -> String {
    let name = short(approximation.name)
    let isUsual = approximation.source == "ggn" || approximation.name == "shampoo"
    return isUsual ? name : "\(name) of \(short(approximation.source))"
  }

  /// The letter of an operator.
  static func short(_ name: String) -> String {
    switch name {
    case "hessian": "H"
    case "ggn": "G"
    case "gradient-second-moment": "second moment"
    case "gradient-covariance": "covariance"
    case "decoupled": "E[M] ⊗ E[xxᵀ]"
    case "kfac-reduce": "K-FAC, reduce"
    case "kfac-expand": "K-FAC, expand"
    case "ekfac": "EKFAC"
    case "shampoo": "Shampoo"
    default: name
    }
  }

  // MARK: One model

  private static func eigenvalues(
    _ member: DissectionLayerView.Member, _ view: DissectionLayerView, _ prefix: String, _ width: Double
  ) -> Figure? {
    var lines = member.layer.spectra.enumerated().map { number, spectrum in
      RankChart.Line(
        label: short(spectrum.operator), color: .ofLine(number), values: spectrum.eigenvalues,
        isSure: zip(spectrum.eigenvalues, spectrum.residuals).map {
          $1 <= spectrum.tolerance * (spectrum.eigenvalues.first ?? 0)
        })
    }
    lines += member.layer.approximations.enumerated().map { number, approximation in
      RankChart.Line(
        label: label(approximation), color: .ofLine(7 - number % 4), values: approximation.eigenvalues,
        isDashed: true)
    }
    let chart = RankChart(
      lines: lines, vertical: .logarithmic, title: "eigenvalue *λ*", horizontal: "rank",
      mark: view.classes.map { ($0 - 1, "c − 1 = \($0 - 1)") })
    guard let (height, content) = chart.drawn(name: prefix, width: width) else { return nil }
    return Figure(
      name: prefix + "-eigenvalues", title: "Leading eigenvalues, exact and approximate",
      description: lines.map { "\($0.label): from \(NumberText.typeset($0.values.first ?? .nan))." }
        .joined(separator: " "),
      caption:
        "Of the layer's block of each operator, and dashed of its Kronecker approximations. Only positive ones have a place on the axis; open "
        + "marks have a residual above the tolerance.",
      width: width, height: height, content: content)
  }

  private static func rankOne(
    _ member: DissectionLayerView.Member, _ view: DissectionLayerView, _ prefix: String, _ width: Double
  ) -> Figure? {
    let lines = member.layer.spectra.enumerated().filter { !$1.rankOneShares.isEmpty }.map { number, spectrum in
      RankChart.Line(label: short(spectrum.operator), color: .ofLine(number), values: spectrum.rankOneShares)
    }
    let chart = RankChart(
      lines: lines, vertical: .share, title: "*σ*_{1}^{2}/Σ*σ*^{2}", horizontal: "rank of the eigenvector",
      mark: view.classes.map { ($0 - 1, "c − 1 = \($0 - 1)") })
    guard let (height, content) = chart.drawn(name: prefix, width: width) else { return nil }
    return Figure(
      name: prefix + "-rank-one", title: "How close reshaped eigenvectors are to rank one",
      description: lines.map {
        "\($0.label): \(NumberText.plain($0.values.first ?? .nan, digits: 3)) for the first eigenvector."
      }.joined(separator: " "),
      caption:
        "Each eigenvector as an m × n matrix: the share of its largest singular value in the sum of squares. 1 is a product of two vectors, "
        + "as all eigenvectors of a Kronecker product can be chosen.",
      width: width, height: height, content: content)
  }

  private static func correspondence(
    _ member: DissectionLayerView.Member, _ view: DissectionLayerView, _ prefix: String, ofInputs: Bool,
    _ width: Double
  ) -> Figure? {
    guard let spectrum = member.layer.spectra.first else { return nil }
    let most = 40
    let rows = (ofInputs ? spectrum.inputShares : spectrum.outputShares).prefix(most)
    let factor = ofInputs ? "E[xxᵀ]" : "E[M]"
    let map = ShareMap(
      rows: Array(rows), vertical: Label(plain: "eigenvector of \(short(spectrum.operator))"),
      horizontal: Label(plain: "eigenvector of \(factor)"))
    guard let (height, content) = map.drawn(width: width) else { return nil }
    let first = rows.first?.first ?? .nan
    return Figure(
      name: prefix + (ofInputs ? "-inputs" : "-outputs"),
      title: "Correspondence with the eigenvectors of \(factor)",
      description:
        "The first eigenvector has \(NumberText.percentage(first)) of its square along the first of \(factor).",
      caption: (ofInputs
        ? "‖Mat(hᵢ)vⱼ‖²: the part of eigenvector i that lies along direction j of the layer's inputs."
        : "‖Mat(hᵢ)ᵀuⱼ‖²: the part of eigenvector i that lies along direction j of the layer's outputs.")
        + " Rows add up to 1 over all directions; below \(NumberText.shortest(ShareMap.least)) they are blank."
        + (spectrum.eigenvalues.count > most ? " The first \(most) eigenvectors." : ""),
      width: width, height: height, content: content)
  }

  private static func outputMoment(
    _ member: DissectionLayerView.Member, _ view: DissectionLayerView, _ prefix: String, _ width: Double
  ) -> Figure? {
    guard let factors = member.layer.factors else { return nil }
    let lines = [
      RankChart.Line(label: "E[M]", color: .blue, values: factors.outputEigenvalues),
      RankChart.Line(label: "E[xxᵀ]", color: .vermilion, values: factors.inputEigenvalues),
    ]
    let chart = RankChart(
      lines: lines, vertical: .logarithmic, title: "eigenvalue *λ*", horizontal: "rank",
      mark: view.classes.map { ($0 - 1, "c − 1 = \($0 - 1)") })
    guard let (height, content) = chart.drawn(name: prefix, width: width) else { return nil }
    return Figure(
      name: prefix + "-factors", title: "Eigenvalues of the two factors",
      description:
        "E[M] from \(NumberText.typeset(factors.outputEigenvalues.first ?? .nan)), E[xxᵀ] from "
        + "\(NumberText.typeset(factors.inputEigenvalues.first ?? .nan)).",
      caption:
        "With c classes, E[M] is expected to have c − 1 outliers; the first eigenvector of E[xxᵀ] to be the mean of the inputs, where they are "
        + "not centred.", width: width, height: height, content: content)
  }
}
