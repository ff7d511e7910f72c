import Analyses

/// The extreme eigenvalue at one end, from the best source there is.
struct Extreme {
  var value: Double
  var pair: ReportedEigenpair?
  /// Where the value is from, in words.
  var source: String

  static func largest(_ spectrum: ReportedSpectrum) -> Extreme? {
    if let pair = spectrum.top?.first { return Extreme(value: pair.value, pair: pair, source: "eigensolver") }
    if let value = spectrum.exact?.eigenvalues.last { return Extreme(value: value, pair: nil, source: "dense matrix") }
    return nil
  }

  static func smallest(_ spectrum: ReportedSpectrum) -> Extreme? {
    if let pair = spectrum.bottom?.first { return Extreme(value: pair.value, pair: pair, source: "eigensolver") }
    if let value = spectrum.exact?.eigenvalues.first { return Extreme(value: value, pair: nil, source: "dense matrix") }
    return nil
  }
}
