public import Analyses
import Foundation

/// A result as text for a terminal: key numbers, a plot of the density, tables of eigenvalues.
///
///     print(TerminalSummary.text(report, style: .standardOutput()))
///
/// The text depends on the report and the style only.
public enum TerminalSummary {
  public static func text(_ report: SpectrumReport, style: TerminalStyle = TerminalStyle()) -> String {
    var style = style
    style.width = max(40, style.width)
    var lines = heading(report, style)
    for spectrum in report.operators { lines += [""] + OperatorSummary(spectrum, style).lines }
    if let mass = report.blockMass {
      let text = TerminalStyle.sanitized(BlockMassSection.text(mass))
      let plain = text.replacingOccurrences(of: "–", with: "-").replacingOccurrences(of: "±", with: "+-")
      lines += [""] + wrap(style.unicode ? text : plain, style)
    }
    let warnings =
      report.warnings.map { ("", $0) }
      + report.operators.flatMap { spectrum in
        spectrum.warnings.map { (report.operators.count > 1 ? name(spectrum, style) + ": " : "", $0) }
      }
    if !warnings.isEmpty {
      lines.append("")
      for (subject, text) in warnings {
        let wrapped = wrap("! " + subject + TerminalStyle.sanitized(text), style, indentation: 2)
        lines += wrapped.map { style.styled($0, .caution) }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func heading(_ report: SpectrumReport, _ style: TerminalStyle) -> [String] {
    let separator = style.unicode ? " · " : ", "
    let title = TerminalStyle.sanitized(Report.title(report))
    let samples = NumberText.grouped(report.data.samples)
    var model = [NumberText.counted(report.model.parameterCount, "parameter")]
    model.append(
      "\(samples) of \(NumberText.counted(report.data.samplesAvailable, "sample")) of \(SourceName.short(report.data.source))"
    )
    model.append("\(report.execution.precision) precision")
    var loss = "loss \(NumberText.plain(report.loss.value)) (\(report.loss.name))"
    if let error = report.loss.standardError { loss += " \(plusMinus(style)) \(NumberText.plain(error, digits: 2))" }
    var numbers = [loss]
    if let gradient = report.gradient { numbers.append("gradient norm \(NumberText.plain(gradient.norm))") }
    numbers.append(NumberText.counted(report.execution.operatorProducts, "product"))
    numbers.append(NumberText.duration(report.execution.seconds))
    return wrap(title, style).map { style.styled($0, .strong) }
      + [model, numbers].flatMap { wrap(TerminalStyle.sanitized($0.joined(separator: separator)), style) }
  }

  static func name(_ spectrum: ReportedSpectrum, _ style: TerminalStyle) -> String {
    let full = TerminalStyle.sanitized(OperatorName.full(spectrum))
    return style.unicode ? full : full.replacingOccurrences(of: "–", with: "-")
  }

  static func plusMinus(_ style: TerminalStyle) -> String { style.unicode ? "±" : "+-" }

  /// The text in lines of the style's width, broken between words (or inside one that is too long).
  static func wrap(_ text: String, _ style: TerminalStyle, indentation: Int = 0) -> [String] {
    let width = max(16, style.width)
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      var word = word
      if !line.isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = ""
      }
      let lead = line.isEmpty ? (lines.isEmpty ? "" : String(repeating: " ", count: indentation)) : line + " "
      var rest = lead
      while rest.count + word.count > width {
        let room = width - rest.count
        lines.append(rest + word.prefix(room))
        word = word.dropFirst(room)
        rest = String(repeating: " ", count: indentation)
      }
      line = rest + word
    }
    if !line.isEmpty { lines.append(line) }
    return lines
  }
}
