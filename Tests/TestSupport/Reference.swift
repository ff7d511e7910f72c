import Archives
import Foundation

/// The reference material kept beside the repository (`../shared`). Tests that need it are enabled by `Reference.isAvailable`.
public enum Reference {
  /// The repository's root, from this file's own path.
  public static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The directory of the reference material.
  public static let shared = repository.deletingLastPathComponent().appendingPathComponent("shared")

  /// Whether the reference cases are there.
  public static let isAvailable = FileBytes.isDirectory(path("reference/cases"))

  /// Whether the data sets are there.
  public static let hasData = FileBytes.isDirectory(path("data/mnist"))

  /// The path of a file of the reference material.
  public static func path(_ relative: String) -> String { shared.appendingPathComponent(relative).path }

  /// The names of the reference cases, sorted; those that begin with one of `prefixes` where any are given.
  public static func cases(_ prefixes: String...) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path("reference/cases"))) ?? []
    return names.filter { name in prefixes.isEmpty || prefixes.contains { name.hasPrefix($0) } }.sorted()
  }
}

/// A small network with its data and what PyTorch computed for it in double precision.
public struct ReferenceCase: Sendable {
  public struct Parameter: Sendable, Hashable, Codable {
    public let name: String
    public let shape: [Int]
    public var count: Int { shape.reduce(1, *) }
  }

  private struct Description: Codable {
    let name: String
    let loss: String
    let batch_norm: String?
    let parameters: [Parameter]
    let parameter_count: Int
    let samples: Int
    let outputs: Int?
  }

  public let name: String
  public let directory: String
  /// `cross_entropy` or `mse` (½‖z − y‖² summed over outputs).
  public let loss: String
  public let batchNormalization: String?
  /// The parameters in the order of every vector of the case.
  public let parameters: [Parameter]
  public let parameterCount: Int
  public let samples: Int
  /// Numbers the network puts out for a sample.
  public let outputs: Int
  /// `x` and `y`.
  public let data: [String: NumpyArray]
  /// `loss`, `grad`, `v`, `hv`, `ggnv`, `hessian_eigenvalues`, `block_eigenvalues/<name>`, …
  public let expected: [String: NumpyArray]

  /// The file with a dynamic batch size.
  public var modelPath: String { directory + "/model.pt2" }
  /// The file at the fixed batch size of the data.
  public var staticModelPath: String { directory + "/static.pt2" }
  public var dataPath: String { directory + "/data.npz" }

  /// Loads the network trained on real data `reference/real/<name>`.
  public static func loadReal(_ name: String) throws -> ReferenceCase {
    try ReferenceCase(directory: Reference.path("reference/real/" + name))
  }

  /// Loads a case of `reference/cases` by its name.
  public static func load(_ name: String) throws -> ReferenceCase {
    try ReferenceCase(directory: Reference.path("reference/cases/" + name))
  }

  public init(directory: String) throws {
    let bytes = try FileBytes(contentsOf: directory + "/case.json").bytes
    let description = try JSONDecoder().decode(Description.self, from: Data(bytes))
    name = description.name
    self.directory = directory
    loss = description.loss
    batchNormalization = description.batch_norm
    parameters = description.parameters
    parameterCount = description.parameter_count
    samples = description.samples
    // Where the case does not say, its last parameter is the bias of the last layer.
    outputs = description.outputs ?? parameters.last?.shape.first ?? 0
    data = try NumpyArchive(contentsOf: directory + "/data.npz").arrays()
    expected = try NumpyArchive(contentsOf: directory + "/expected.npz").arrays()
  }

  /// An expected quantity as doubles.
  public func doubles(_ name: String) throws -> [Double] {
    guard let array = expected[name] else { throw MissingQuantity(name: name, available: expected.keys.sorted()) }
    return try array.doubles()
  }

  /// The expected quantities whose name begins with `prefix`, by the rest of their name.
  public func doubles(withPrefix prefix: String) throws -> [String: [Double]] {
    var result: [String: [Double]] = [:]
    for (name, array) in expected where name.hasPrefix(prefix) {
      result[String(name.dropFirst(prefix.count))] = try array.doubles()
    }
    return result
  }

  private struct MissingQuantity: Error {
    let name: String
    let available: [String]
  }
}

/// A directory of its own that is removed when the value goes away.
public final class TemporaryDirectory {
  public let path: String

  public init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("ritz-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  public func path(_ name: String) -> String { path + "/" + name }

  /// The names of everything in the directory, hidden files included.
  public var contents: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }
}
