import Analyses
import Foundation

/// The part of a terminal summary about one operator.
struct OperatorSummary {
  private let spectrum: ReportedSpectrum
  private let style: TerminalStyle

  init(_ spectrum: ReportedSpectrum, _ style: TerminalStyle) {
    self.spectrum = spectrum
    self.style = style
  }

  var lines: [String] {
    let title = "Spectrum of the \(TerminalSummary.name(spectrum, style))"
    var lines = TerminalSummary.wrap(title, style).map { style.styled($0, .strong) }
    if title.count + 3 <= style.width {
      let rule = String(repeating: style.unicode ? "─" : "-", count: style.width - title.count - 1)
      lines = [style.styled(title, .strong) + " " + style.styled(rule, .faint)]
    }
    lines += keyNumbers
    lines += plot
    lines += tables
    return lines
  }

  private var keyNumbers: [String] {
    var rows: [(String, String)] = [("dimension", NumberText.grouped(spectrum.dimension))]
    let lambda = style.unicode ? "λ" : "lambda_"
    for (name, extreme) in [("max", Extreme.largest(spectrum)), ("min", Extreme.smallest(spectrum))] {
      guard let extreme else { continue }
      var text = NumberText.plain(extreme.value, digits: 5)
      if let pair = extreme.pair {
        text += ", residual \(NumberText.plain(pair.residual, digits: 2))" + (pair.converged ? "" : ", not converged")
      } else {
        text += ", \(extreme.source)"
      }
      rows.append((lambda + name, text))
    }
    if let trace = spectrum.trace {
      var text = NumberText.plain(trace.value)
      if trace.standardError.isFinite, trace.standardError != 0 {
        text += " \(TerminalSummary.plusMinus(style)) \(NumberText.plain(trace.standardError, digits: 2))"
      }
      rows.append(("trace", text + ", " + trace.evidenceText))
    }
    if let outliers = spectrum.outliers {
      var text = "\(outliers.count), gap ratio \(NumberText.plain(outliers.ratio, digits: 3))"
      if let ratio = outliers.ratioToClasses {
        text += style.unicode ? ", λ₁/λ(C+1) " : ", lambda_1/lambda_(C+1) "
        text += NumberText.plain(ratio, digits: 3)
      }
      rows.append(("outliers", text))
    }
    if let fraction = spectrum.gradientFraction {
      rows.append(
        (
          "gradient",
          "\(percentage(fraction.value)) in the top \(fraction.subspaceDimension), chance \(percentage(fraction.chance))"
        ))
    }
    if let condition = spectrum.condition { rows += ConditionSection.lines(condition, isUnicode: style.unicode) }
    let width = rows.map(\.0.count).max() ?? 0
    return rows.flatMap { name, text in
      let padded = name.padding(toLength: width, withPad: " ", startingAt: 0)
      return TerminalSummary.wrap("\(TerminalStyle.sanitized(text))", narrowed(by: width + 4)).enumerated().map {
        "  " + ($0 == 0 ? padded : String(repeating: " ", count: width)) + "  " + $1
      }
    }
  }

  private func narrowed(by columns: Int) -> TerminalStyle {
    var style = style
    style.width = style.width - columns
    return style
  }

  private func percentage(_ fraction: Double) -> String {
    fraction.isFinite ? NumberText.plain(fraction * 100, digits: 3) + " %" : "not finite"
  }

  private var plot: [String] {
    guard let density = spectrum.density else { return [] }
    let lines = TerminalPlot(style: style).lines(density, dimension: spectrum.dimension)
    if lines.isEmpty { return ["", "  No finite density to plot."] }
    var key = style.unicode ? "density φ(λ) over λ, log axis" : "density over eigenvalue, log axis"
    key += ", " + density.samplingText(times: "x")
    if !density.deflated.isEmpty { key += style.unicode ? ", ▲ deflated" : ", ^ deflated" }
    return [""] + TerminalSummary.wrap(key, style) + lines
  }

  private var tables: [String] {
    var lines: [String] = []
    if let top = spectrum.top, !top.isEmpty { lines += table("largest eigenvalues", top) { "\($0 + 1)" } }
    if let bottom = spectrum.bottom, !bottom.isEmpty {
      lines += table("smallest eigenvalues", bottom) { $0 == 0 ? "P" : "P-\($0)" }
    }
    return lines
  }

  /// At most twenty rows; all of them are in the report.
  private func table(_ title: String, _ pairs: [ReportedEigenpair], rank: (Int) -> String) -> [String] {
    let shown = pairs.prefix(20)
    var rows = [["rank", "eigenvalue", "residual", "converged"]]
    rows += shown.enumerated().map { index, pair in
      [
        rank(index), NumberText.plain(pair.value, digits: 6), NumberText.plain(pair.residual, digits: 2),
        pair.converged ? "yes" : "NO",
      ]
    }
    let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
    var lines = ["", title]
    for (index, row) in rows.enumerated() {
      let cells = row.enumerated().map { column, text in
        let pad = String(repeating: " ", count: widths[column] - text.count)
        return column < 3 ? pad + text : text
      }
      let line = "  " + cells.joined(separator: style.width < 48 ? " " : "  ")
      lines.append(index == 0 ? style.styled(line, .faint) : row[3] == "NO" ? style.styled(line, .caution) : line)
    }
    if pairs.count > shown.count { lines.append("  and \(pairs.count - shown.count) more in the report") }
    return lines
  }
}
