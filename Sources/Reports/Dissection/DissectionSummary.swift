public import Analyses

/// What a terminal shows when a dissection is done: a line for every layer.
public enum DissectionSummary {
  public static func text(_ report: DissectionReport) -> String {
    var text = ""
    for warning in report.warnings { text += TerminalStyle.sanitized("warning: \(warning)") + "\n" }
    for model in report.models {
      if !text.isEmpty { text += "\n" }
      text += TerminalStyle.sanitized(
        "\(model.name): \(model.model.source), loss \(NumberText.plain(model.loss.value))")
      if let accuracy = model.loss.accuracy { text += ", accuracy \(NumberText.plain(accuracy * 100, digits: 3)) %" }
      text += "\n"
      for warning in model.warnings { text += TerminalStyle.sanitized("! \(warning)") + "\n" }
      if let identity = model.identity {
        text += "H = M - H_p holds to \(NumberText.plain(identity.relativeError, digits: 2)) of the largest term\n"
      }
      text += table(model)
    }
    text += comparisons(report)
    text +=
      "\n\(NumberText.counted(report.execution.products, "product")), \(NumberText.duration(report.execution.seconds))\n"
    return text
  }

  private static func table(_ model: ReportedDissection) -> String {
    let outliers = max(1, (model.data.classes ?? 2) - 1)
    var rows = [["layer", "m x n", "lambda 1", "converged", "rank one", "outliers E[M] (ratio)", "decoupling"]]
    for layer in model.layers {
      guard let spectrum = layer.spectra.first else { continue }
      let shares = spectrum.convergedRankOneShares.prefix(outliers)
      rows.append([
        layer.name, "\(layer.outputs) x \(layer.inputs)",
        spectrum.eigenvalues.first.map { NumberText.plain($0, digits: 3) } ?? "-",
        "\(spectrum.converged)/\(spectrum.eigenvalues.count)",
        shares.isEmpty ? "-" : NumberText.plain(shares.reduce(0, +) / Double(shares.count), digits: 3),
        layer.factors?.outliers.map { gaps in
          "\(gaps.count) (\(gaps.ratio.isFinite ? NumberText.plain(gaps.ratio, digits: 3) : "all else 0"))"
        } ?? "-",
        layer.approximations.first?.errors.first.map { error in
          NumberText.plain(error.value, digits: 3)
            + (error.standardError.map { $0 > 0 ? " ± \(NumberText.plain($0, digits: 1))" : "" } ?? "")
        } ?? "-",
      ])
    }
    return columns(rows)
  }

  /// The overlap of each layer between two models, at k = m or as far as eigenvectors were computed.
  private static func comparisons(_ report: DissectionReport) -> String {
    var rows = [["layer", "models", "k", "overlap", "chance"]]
    for view in DissectionLayerView.all(report) {
      guard let (comparison, k) = view.characteristicOverlap else { continue }
      rows.append([
        view.name, "\(comparison.first.model), \(comparison.second.model)", String(k),
        NumberText.plain(comparison.overlaps[k - 1], digits: 3), NumberText.plain(comparison.chance(k), digits: 3),
      ])
    }
    return rows.count > 1 ? "\noverlap of leading eigenspaces\n" + columns(rows) : ""
  }

  /// The first column to the left, all others to the right.
  private static func columns(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? TerminalStyle.sanitized(cell) + space : space + TerminalStyle.sanitized(cell)
      }
      return "  " + cells.joined(separator: "  ") + "\n"
    }.joined()
  }
}
