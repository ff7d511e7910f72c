public import Analyses

/// The figures of a report.
///
///     for figure in Figures.all(report) { write(figure.svg, to: figure.name + ".svg") }
///
/// Each is one SVG file without references to anything outside, in light and dark by the reader's preference.
public enum Figures {
  /// File names without extension and the text of the SVG files, in reading order. What was not measured has no figure.
  public static func all(_ report: SpectrumReport) -> [(name: String, svg: String)] {
    report.operators.indices.flatMap { index in
      of(report, operator: index, width: FigureWidth.wide).map { ($0.name, $0.standalone) }
    }
  }

  /// The figures of one operator. Two operators of one name get different file names.
  static func of(_ report: SpectrumReport, operator index: Int, width: Double) -> [Figure] {
    let spectrum = report.operators[index]
    let prefix = anchor(report, operator: index)
    return [
      DensityFigure.drawn(spectrum, name: prefix + "-density", width: width),
      LogarithmicDensityFigure.drawn(spectrum, name: prefix + "-log-density", width: width),
      EigenvalueFigure.drawn(spectrum, name: prefix + "-eigenvalues", width: width),
      ConvergenceFigure.drawn(spectrum, name: prefix + "-convergence", width: width),
      ExactFigure.drawn(spectrum, name: prefix + "-exact", width: width),
    ].compactMap { $0 }
  }

  /// A name for the operator that is unique within the report, for files and anchors.
  static func anchor(_ report: SpectrumReport, operator index: Int) -> String {
    let name = OperatorName.identifier(report.operators[index])
    let earlier = report.operators[..<index].filter { OperatorName.identifier($0) == name }.count
    return earlier == 0 ? name : "\(name)-\(earlier + 1)"
  }
}
