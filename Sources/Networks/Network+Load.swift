import Archives
import Tensors

extension Network {
  /// The network that `model` names: a built-in one such as `mlp:784-200-10`, or a file of `torch.export.save`.
  ///
  /// - Parameter seed: of a built-in network's first parameters; a file brings its own.
  public static func load(_ model: String, seed: UInt64 = 0) throws(InputError) -> Network {
    if FileBytes.exists(model) { return try Network(exportedProgram: model) }
    if isBuiltIn(model) { return try Network(named: model, seed: seed) }
    guard !FileBytes.isDirectory(model) else {
      throw InputError(file: model, "is a directory, not a model", remedy: "give the .pt2 file in it")
    }
    throw InputError(
      file: model, "is neither a file nor a built-in network",
      remedy: "give a file written by torch.export.save, or one of \(NamedNetworkFamily.usages)")
  }
}
