public import Foundation
import Tensors

/// Reads and writes `result.json`, whose every key `docs/result-schema.md` explains.
///
///     let data = try ResultFile.encode(report)
///     let again = try ResultFile.decode(SpectrumReport.self, data, file: "runs/first/result.json")
///
/// Keys are sorted and numbers are as short as they round-trip, so equal reports give equal bytes. Numbers that are not
/// finite become `null` and come back as NaN.
public enum ResultFile {
  /// The text of `result.json` in UTF-8, with a newline at the end.
  public static func encode(_ report: some ResultReport) throws -> Data {
    let compact = try JSONEncoder().encode(report)
    let text = try JSONDecoder().decode(JSONText.self, from: compact).rendered()
    return Data((text + "\n").utf8)
  }

  /// The report in the bytes of a `result.json`.
  ///
  /// - Throws: `InputError` naming the file and the place in it, if it is not JSON, of another layout or version, or if a
  ///   key is missing or of another type.
  public static func decode<Report: ResultReport>(
    _ type: Report.Type, _ data: Data, file: String = "result.json"
  ) throws -> Report {
    let schema: String
    do {
      schema = try JSONDecoder().decode(Envelope.self, from: data).schema
    } catch {
      throw InputError(file: file, problem(of: error), remedy: remedy(type))
    }
    guard schema == Report.currentSchema else { throw unreadable(schema, file, type) }
    do {
      return try JSONDecoder().decode(Report.self, from: data)
    } catch {
      throw InputError(
        file: file, place: place(of: error), problem(of: error), remedy: "the file was altered; run the command again")
    }
  }

  private struct Envelope: Decodable { let schema: String }

  private static func remedy(_ type: any ResultReport.Type) -> String {
    "give a run directory that \(type.writers) has written"
  }

  private static func unreadable(_ schema: String, _ file: String, _ type: any ResultReport.Type) -> InputError {
    let shown = String(schema.prefix(60))
    let expected = type.currentSchema
    let name = expected.prefix { $0 != "/" }
    guard shown.hasPrefix(name + "/"), let version = Int(shown.dropFirst(name.count + 1)) else {
      return InputError(
        file: file, place: "schema", "'\(shown)' is not a result of \(type.writers), whose schema is '\(expected)'",
        remedy: remedy(type))
    }
    return InputError(
      file: file, place: "schema", "version \(version) of \(name), and this program reads '\(expected)'",
      remedy: version > 1 ? "use a newer ritz" : "run the command again with this ritz")
  }

  private static func problem(of error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "key '\(key.stringValue)' is missing"
    case DecodingError.typeMismatch(let type, _): "found a value of another type than \(type)"
    case DecodingError.valueNotFound(let type, _): "found null instead of \(type)"
    default: "not a JSON document"
    }
  }

  private static func place(of error: any Error) -> String? {
    let path: [any CodingKey]
    switch error {
    case DecodingError.keyNotFound(_, let context), DecodingError.typeMismatch(_, let context),
      DecodingError.valueNotFound(_, let context), DecodingError.dataCorrupted(let context):
      path = context.codingPath
    default: return nil
    }
    let text = path.reduce("") { text, key in
      if let index = key.intValue { return text + "[\(index)]" }
      return text.isEmpty ? key.stringValue : text + "." + key.stringValue
    }
    return text.isEmpty ? nil : text
  }
}
