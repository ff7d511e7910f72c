import Analyses

/// What estimates rest on, in words.
extension ReportedDensity {
  /// `10 probes × 90 steps`, or that nothing was left to sample.
  func samplingText(times: String) -> String {
    guard probes > 0, steps > 0 else { return "every eigenvalue found" }
    return NumberText.counted(probes, "probe") + " \(times) " + NumberText.counted(steps, "step")
  }
}

extension ReportedTrace {
  /// The method and its probes: `hutchinson, 30 probes`.
  var evidenceText: String {
    if standardError == 0 { return probes > 1 ? "\(method), \(NumberText.counted(probes, "probe"))" : method }
    let text = "\(method), \(NumberText.counted(probes, "probe"))"
    return standardError.isFinite ? text : text + ", error unknown"
  }
}
