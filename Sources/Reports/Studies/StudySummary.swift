public import Analyses

/// What a terminal shows when studies are done: what each of them found.
public enum StudySummary {
  public static func text(_ report: StudyReport, width: Int = 80) -> String {
    var text = ""
    for warning in report.warnings { text += TerminalStyle.sanitized("warning: \(warning)") + "\n" }
    for study in report.studies {
      if !text.isEmpty { text += "\n" }
      text += heading(TerminalStyle.sanitized(study.title), width) + "\n"
      for finding in study.findings { text += wrapped(TerminalStyle.sanitized(finding.text), width) }
    }
    let execution = report.execution
    text +=
      "\n\(NumberText.counted(execution.cellsMeasured, "network")) measured, \(NumberText.grouped(execution.cellsFromCache)) kept from before, "
      + "\(NumberText.duration(execution.seconds))\n"
    return text
  }

  private static func heading(_ title: String, _ width: Int) -> String {
    title.count + 2 >= width ? title : title + " " + String(repeating: "─", count: width - title.count - 1)
  }

  /// A paragraph under a dash, broken between words.
  private static func wrapped(_ paragraph: String, _ width: Int) -> String {
    var lines: [String] = []
    var line = "-"
    for word in paragraph.split(separator: " ") {
      if line.count + 1 + word.count > width {
        lines.append(line)
        line = " "
      }
      line += " " + word
    }
    lines.append(line)
    return lines.joined(separator: "\n") + "\n"
  }
}
