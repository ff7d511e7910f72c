public import Analyses

/// What a terminal shows when a bound is done.
public enum BoundSummary {
  public static func text(_ report: BoundReport) -> String {
    var lines: [String] = []
    for warning in report.warnings { lines.append("warning: \(warning)") }
    lines.append("\(report.network), \(NumberText.grouped(report.parameters)) weights; \(report.data)")
    let start = report.start
    lines.append(
      "start: \(start.source), \(text(start.clock)); training error \(NumberText.plain(start.trainingError, digits: 3))"
        + (start.testError.map { ", test error \(NumberText.plain($0, digits: 3))" } ?? ""))
    for posterior in report.posteriors {
      lines.append("")
      lines.append(
        "basis \(posterior.basis): \(NumberText.plain(posterior.epochs, digits: 4)) epochs, \(clock(posterior))")
      lines.append(
        "  error on fresh data < \(NumberText.plain(posterior.bound, digits: 3)) with confidence \(NumberText.plain(report.confidence, digits: 4))"
      )
      lines.append(
        "  empirical error \(estimate(posterior.empiricalError, posterior.empiricalErrorStandardError)) (\(posterior.drawn)), below \(NumberText.plain(posterior.empiricalErrorBound, digits: 3)) with confidence \(NumberText.plain(1 - report.constants.estimateDelta, digits: 4))"
      )
      lines.append(
        "  KL \(NumberText.plain(posterior.divergence, digits: 5)) from the prior of variance \(NumberText.plain(posterior.priorVariance, digits: 3)) (j = \(posterior.gridIndex)); (KL + ...)/(m - 1) = \(NumberText.plain(posterior.complexity, digits: 3))"
      )
      if let error = posterior.testError {
        lines.append("  test error of the posterior \(estimate(error, posterior.testErrorStandardError))")
      }
    }
    if let bound = report.scaleInvariant {
      lines.append("")
      lines.append(
        "scale-invariant bound at the start: error < \(NumberText.plain(bound.bound, digits: 3)), KL \(NumberText.plain(bound.divergence, digits: 4)), prior variance \(NumberText.plain(bound.priorVariance, digits: 3))"
      )
    }
    if let sharpness = report.sharpness {
      lines.append("")
      lines.append("sharpness at the start, on \(NumberText.grouped(sharpness.samples)) samples:")
      if sharpness.rescaling == nil { lines.append("  \(noRescaling)") }
      for row in sharpness.rows {
        lines.append(
          "  \(row.measure.padding(20))\(estimate(row.value, row.standardError))"
            + (row.isConverged ? "" : " (from below)")
            + (row.rescaled.map { "; rescaled \(NumberText.plain($0, digits: 3))" } ?? ""))
      }
    }
    lines.append("")
    lines.append("assumed:")
    for assumption in report.assumptions {
      lines.append("  \(assumption.holdsByConstruction ? "-" : "?") \(assumption.text)")
    }
    for (name, text) in report.conventions.sorted(by: { $0.key < $1.key }) { lines.append("  \(name): \(text)") }
    return lines.map { TerminalStyle.sanitized($0) + "\n" }.joined()
  }

  static let noRescaling =
    "No rescaling of two layers after one another leaves this network's answers as they are, so whether rescaling changes a measure is not known"

  static func clock(_ posterior: ReportedPosterior) -> String {
    "\(text(posterior.trainingClock)), basis \(text(posterior.basisClock)), draws \(text(posterior.drawClock))"
  }

  static func text(_ clock: ReportedClock) -> String {
    "\(NumberText.duration(clock.seconds)) (\(NumberText.duration(clock.processorSeconds)) of processors)"
  }

  static func estimate(_ value: Double, _ error: Double?) -> String {
    guard let error, error.isFinite else { return NumberText.plain(value, digits: 3) }
    return "\(NumberText.plain(value, digits: 3)) ± \(NumberText.plain(error, digits: 1))"
  }
}

extension String {
  /// With spaces behind it up to a width.
  fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
