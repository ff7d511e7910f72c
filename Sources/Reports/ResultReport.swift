public import Analyses

/// What `result.json` of a command holds.
public protocol ResultReport: Codable, Sendable {
  /// Name and version of the layout, as `ritz.spectrum/1`.
  static var currentSchema: String { get }
  /// The commands that write it, in words.
  static var writers: String { get }
}

extension SpectrumReport: ResultReport { public static var writers: String { "ritz spectrum or ritz demo" } }
extension StudyReport: ResultReport { public static var writers: String { "ritz conditioning" } }
extension DissectionReport: ResultReport { public static var writers: String { "ritz dissect" } }
extension BoundReport: ResultReport { public static var writers: String { "ritz bound" } }
