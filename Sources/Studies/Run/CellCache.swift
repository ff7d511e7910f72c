import Archives
import Foundation
import Tensors

/// Measurements of cells by their content, one file each in a directory, so that an interrupted or extended grid goes
/// on where it was.
///
/// A file is named after a hash of the cell's canonical text and holds that text; where it is another, or the file is damaged,
/// the cell is measured anew. Files are complete: written beside and renamed. Several runs may share a directory.
public struct CellCache: Sendable {
  public let directory: String

  private struct Entry: Codable {
    var cell: String
    var measurement: CellMeasurement
  }

  /// - Throws: ``InputError`` where the directory cannot be made.
  public init(_ directory: String) throws {
    guard !directory.isEmpty else {
      throw InputError(place: "--cache", "names no directory", remedy: "give one, or leave the flag out")
    }
    self.directory = directory
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw InputError(file: directory, "cannot be made a directory", remedy: "give another one for the cache")
    }
  }

  func path(of text: String) -> String { directory + "/" + TextHash.of(text) + ".json" }

  /// What was measured for a cell of this canonical text; nil where nothing usable is stored.
  func measurement(of text: String) -> CellMeasurement? {
    let path = path(of: text)
    guard FileBytes.exists(path), let file = try? FileBytes(contentsOf: path, limit: 1 << 26) else { return nil }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let entry = try? decoder.decode(Entry.self, from: Data(file.bytes)), entry.cell == text else { return nil }
    return entry.measurement
  }

  func store(_ measurement: CellMeasurement, of text: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    try AtomicFile.write(Array(try encoder.encode(Entry(cell: text, measurement: measurement))), to: path(of: text))
  }
}
