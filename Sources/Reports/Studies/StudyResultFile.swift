public import Analyses
public import Foundation
import Tensors

/// Reads and writes `result.json` of `ritz conditioning`, whose every key `docs/result-schema.md` explains.
public enum StudyResultFile {
  /// The text in UTF-8, keys sorted, numbers as short as they round-trip, with a newline at the end.
  public static func encode(_ report: StudyReport) throws -> Data {
    let compact = try JSONEncoder().encode(report)
    let text = try JSONDecoder().decode(JSONText.self, from: compact).rendered()
    return Data((text + "\n").utf8)
  }

  /// - Throws: ``InputError`` where the bytes are no result of this layout.
  public static func decode(_ data: Data, file: String = "result.json") throws -> StudyReport {
    do {
      let report = try JSONDecoder().decode(StudyReport.self, from: data)
      guard report.schema == StudyReport.currentSchema else {
        throw InputError(
          file: file, place: "schema", "'\(report.schema.prefix(60))' is not '\(StudyReport.currentSchema)'",
          remedy: "run the command again with this ritz")
      }
      return report
    } catch let error as DecodingError {
      throw InputError(
        file: file, "is no result of ritz conditioning (\(error))",
        remedy: "give one that ritz conditioning has written")
    }
  }
}
