import Archives
import Foundation
import Networks
import Tensors
import Training

/// Checkpoints of a training made elsewhere: the `.pt2` and `.safetensors` files of a folder, in natural order of their names.
public struct CheckpointFolder: Sendable {
  /// A checkpoint.
  public struct Entry: Sendable, Hashable {
    public var name: String
    public var path: String
    /// The last number in its name, or its place among the files where not all names end in rising numbers.
    public var step: Int

    public init(name: String, path: String, step: Int) {
      self.name = name
      self.path = path
      self.step = step
    }
  }

  public let path: String
  public let entries: [Entry]
  /// Whether steps are the numbers in the names.
  public let isNumbered: Bool

  /// - Throws: ``InputError`` where the folder cannot be read, or holds no checkpoints.
  public init(_ path: String) throws {
    guard FileBytes.isDirectory(path) else {
      throw InputError(file: path, "is not a directory", remedy: "give the directory that holds the checkpoints")
    }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw InputError(file: path, "cannot be read", remedy: "check that it may be listed")
    }
    let chosen = names.filter { !$0.hasPrefix(".") && ($0.hasSuffix(".pt2") || $0.hasSuffix(".safetensors")) }
    guard !chosen.isEmpty else {
      throw InputError(
        file: path, "holds no checkpoints: no file ends in .pt2 or .safetensors",
        remedy: "export the network at each checkpoint (torch.export.save), or save its arrays with safetensors")
    }
    let ordered = chosen.sorted(by: Self.precedes)
    let numbers = ordered.map { Self.parts($0).compactMap(\.number).last }
    isNumbered =
      numbers.allSatisfy { $0 != nil } && zip(numbers, numbers.dropFirst()).allSatisfy { ($0 ?? 0) < ($1 ?? 0) }
    self.path = path
    let steps = isNumbered ? numbers.compactMap { $0 } : Array(ordered.indices)
    entries = zip(ordered, steps).map { name, step in
      Entry(name: name, path: path.hasSuffix("/") ? path + name : path + "/" + name, step: step)
    }
  }

  /// The network at a checkpoint.
  ///
  /// - Parameter network: whose arrays a `.safetensors` file holds; needed for those.
  public static func network(of entry: Entry, _ network: Network?) throws -> Network {
    guard entry.name.hasSuffix(".safetensors") else { return try Network(exportedProgram: entry.path) }
    guard let network else {
      throw InputError(
        file: entry.path, "holds arrays but no network",
        remedy: "name the network with --network: a built-in one or a .pt2 file")
    }
    return try Checkpoint.network(network, at: SafetensorsFile(contentsOf: entry.path))
  }

  /// Natural order: runs of digits by their number, all else letter by letter.
  static func precedes(_ first: String, _ second: String) -> Bool {
    let (a, b) = (parts(first), parts(second))
    for (x, y) in zip(a, b) where x != y {
      if let m = x.number, let n = y.number, m != n { return m < n }
      return x.text < y.text
    }
    return a.count < b.count
  }

  struct Part: Equatable {
    var text: String
    /// Of a run of digits that fits an integer.
    var number: Int?
  }

  static func parts(_ name: String) -> [Part] {
    // The extension's digits are no step.
    let stem = name.hasSuffix(".pt2") ? String(name.dropLast(4)) : name
    var result: [Part] = []
    var wasDigit: Bool?
    for character in stem {
      let isDigit = character.isASCII && character.isNumber
      if isDigit == wasDigit, let last = result.indices.last {
        result[last].text.append(character)
      } else {
        result.append(Part(text: String(character)))
      }
      wasDigit = isDigit
    }
    for index in result.indices where result[index].text.first?.isNumber == true {
      result[index].number = Int(result[index].text)
    }
    return result
  }
}
