public import Analyses
public import Foundation
import Tensors

/// Reads and writes `result.json` of `ritz dissect`, whose every key `docs/result-schema.md` explains.
public enum DissectionResultFile {
  /// The text in UTF-8, keys sorted, numbers as short as they round-trip, with a newline at the end.
  public static func encode(_ report: DissectionReport) throws -> Data {
    let compact = try JSONEncoder().encode(report)
    let text = try JSONDecoder().decode(JSONText.self, from: compact).rendered()
    return Data((text + "\n").utf8)
  }

  /// - Throws: ``InputError`` where the bytes are no result of this layout.
  public static func decode(_ data: Data, file: String = "result.json") throws -> DissectionReport {
    do {
      let report = try JSONDecoder().decode(DissectionReport.self, from: data)
      guard report.schema == DissectionReport.currentSchema else {
        throw InputError(
          file: file, place: "schema", "'\(report.schema.prefix(60))' is not '\(DissectionReport.currentSchema)'",
          remedy: "run the command again with this ritz")
      }
      return report
    } catch let error as DecodingError {
      throw InputError(
        file: file, "is no result of ritz dissect (\(error))", remedy: "give one that ritz dissect has written")
    }
  }
}
