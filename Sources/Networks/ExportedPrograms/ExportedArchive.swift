import Archives
import Autodiff
import Tensors

/// The archive of `torch.export.save`: one program and the bytes of its arrays.
///
///     <any folder>/archive_format, archive_version, byteorder
///     <any folder>/models/<name>.json
///     <any folder>/data/weights/<name>_weights_config.json, weight_0, weight_1, …
///     <any folder>/data/constants/<name>_constants_config.json, …
///
/// `data/sample_inputs` is a pickle and never read.
struct ExportedArchive: Sendable {
  /// An array's description and where its bytes are.
  struct Entry: Sendable {
    let member: String
    let tensor: StoredTensor
    let requiresGradient: Bool
  }

  let program: ExportedProgram
  /// The member that holds the program, for messages.
  let programMember: String
  /// By the names that the program's signature uses.
  let weights: [String: Entry]
  let constants: [String: Entry]
  private let archive: ZipArchive
  private let isBigEndian: Bool

  private struct Configuration: Decodable {
    struct Payload: Decodable {
      let path_name: String
      let use_pickle: Bool?
      let tensor_meta: TensorDescription?
    }
    let config: [String: Payload]
  }

  private static let remedy = "write the file with torch.export.save"

  init(_ archive: ZipArchive) throws(InputError) {
    self.archive = archive
    let root = try Self.root(of: archive)
    func text(_ name: String) throws(InputError) -> String? {
      guard archive.contains(root + name) else { return nil }
      let bytes = try archive.contents(of: root + name)
      guard bytes.count <= 64 else { throw InputError(place: root + name, "is no \(name)", remedy: Self.remedy) }
      return String(decoding: bytes.filter { $0 > 32 && $0 < 127 }, as: UTF8.self)
    }
    func require(_ name: String, _ expected: [String]) throws(InputError) -> String? {
      guard let found = try text(name) else { return nil }
      guard expected.contains(found) else {
        throw InputError(
          place: root + name, "is '\(found)', expected '\(expected.joined(separator: "' or '"))'", remedy: Self.remedy)
      }
      return found
    }
    _ = try require("archive_format", ["pt2"])
    _ = try require("archive_version", ["0"])
    isBigEndian = try require("byteorder", ["little", "big"]) == "big"

    let models = archive.names.filter {
      $0.hasPrefix(root + "models/") && $0.hasSuffix(".json") && !$0.dropFirst(root.count + 7).contains("/")
    }
    guard let model = models.first, models.count == 1 else {
      throw InputError(
        place: root + "models", "holds \(models.count) programs, expected one", remedy: "save one model a file")
    }
    programMember = model
    let version = try ProgramJSON.decode(ExportedProgramVersion.self, member: model, of: archive).version
    guard version.major == 8 else {
      throw InputError(
        place: model, "has schema version \(version.major).\(version.minor), version 8 is read",
        remedy: "export the model with PyTorch 2.7 or later, or update this program")
    }
    program = try ProgramJSON.decode(ExportedProgram.self, member: model, of: archive)
    let name = model.dropFirst((root + "models/").count).dropLast(".json".count)
    weights = try Self.entries(
      in: archive, folder: root + "data/weights/",
      configurations: ["\(name)_weights_config.json", "\(name)_model_param_config.json"], isRequired: true)
    constants = try Self.entries(
      in: archive, folder: root + "data/constants/",
      configurations: ["\(name)_constants_config.json", "\(name)_model_constants_config.json"], isRequired: false)
  }

  /// The folder that everything lies in: empty, or ending in a slash.
  private static func root(of archive: ZipArchive) throws(InputError) -> String {
    let formats = archive.names.filter { $0 == "archive_format" || $0.hasSuffix("/archive_format") }
    guard let format = formats.first, formats.count == 1 else {
      throw InputError(
        formats.isEmpty ? "is a zip file but no PyTorch export" : "holds several exports",
        remedy: "write the file with torch.export.save(torch.export.export(model, (x,)), path)")
    }
    return String(format.dropLast("archive_format".count))
  }

  private static func entries(
    in archive: ZipArchive, folder: String, configurations: [String], isRequired: Bool
  ) throws(InputError) -> [String: Entry] {
    guard let configuration = configurations.first(where: { archive.contains(folder + $0) }) else {
      guard isRequired else { return [:] }
      throw InputError(place: folder + configurations[0], "is missing from the archive", remedy: remedy)
    }
    let payloads = try ProgramJSON.decode(Configuration.self, member: folder + configuration, of: archive).config
    var entries: [String: Entry] = [:]
    for (name, payload) in payloads.sorted(by: { $0.key < $1.key }) {
      let place = "\(folder)\(configuration): '\(name)'"
      guard payload.use_pickle != true else {
        throw InputError(
          place: place, "is a pickle, which could run code and is not read",
          remedy: "replace tensor subclasses by plain tensors and export the model again")
      }
      guard let description = payload.tensor_meta else {
        throw InputError(place: place, "has no description of its tensor", remedy: remedy)
      }
      let member = folder + payload.path_name
      guard let size = archive.size(of: member) else {
        throw InputError(place: place, "its bytes '\(member)' are missing from the archive", remedy: remedy)
      }
      do {
        entries[name] = Entry(
          member: member, tensor: try StoredTensor(description, byteCount: size),
          requiresGradient: description.requiresGradient ?? true)
      } catch {
        throw InputError(place: place, error.problem, remedy: error.remedy)
      }
    }
    return entries
  }

  /// The elements of an array.
  func values(of entry: Entry) throws(InputError) -> StoredValues {
    entry.tensor.values(in: try archive.contents(of: entry.member), isBigEndian: isBigEndian)
  }
}
