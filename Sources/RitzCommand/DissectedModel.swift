import Foundation
import Ritz

/// One of the models of `ritz dissect`, with the data it is measured on.
struct DissectedModel {
  /// Unique among the models of a run.
  var name: String
  /// The file, the run or the name it comes from.
  var source: String
  var format: String
  var network: Network
  var objective: ObjectiveSettings
  var labelNoise = 0.0
  var labelSeed: UInt64?
  var isOneHot = false

  func dataset() throws -> Dataset {
    var dataset = try objective.dataset()
    if labelNoise != 0 { dataset = try dataset.withLabelNoise(fraction: labelNoise, seed: labelSeed ?? objective.seed) }
    return isOneHot ? try dataset.withOneHotTargets() : dataset
  }

  /// The models that arguments mean, in their order.
  static func all(
    _ arguments: [String], _ flags: ObjectiveFlags, _ execution: ExecutionFlags, network: String?, labelNoise: Double
  ) throws -> [DissectedModel] {
    let template = try network.map { try flags.network($0, seed: execution.seed) }
    var models: [DissectedModel] = []
    for argument in arguments {
      for place in try places(argument, template, flags, execution) {
        models.append(try model(place, flags, execution, labelNoise: labelNoise))
      }
    }
    var seen: [String: Int] = [:]
    for index in models.indices {
      let name = models[index].name
      seen[name, default: 0] += 1
      if let count = seen[name], count > 1 { models[index].name = "\(name) (\(count))" }
    }
    return models
  }

  /// A network found under an argument, and the run it is of.
  private struct Place {
    var name: String
    var source: String
    var format: String
    var network: Network
    var run: TrainSettings?
  }

  private static func places(
    _ argument: String, _ template: Network?, _ flags: ObjectiveFlags, _ execution: ExecutionFlags
  ) throws -> [Place] {
    if Network.isBuiltIn(argument) {
      return [
        Place(
          name: argument, source: argument, format: "built-in",
          network: try flags.network(argument, seed: execution.seed))
      ]
    }
    let path = absolutePath(argument)
    let name = URL(fileURLWithPath: path).lastPathComponent
    if FileBytes.isDirectory(path) {
      if let run = try run(path) {
        let folder = try CheckpointFolder(path + "/" + RunDirectory.checkpointsDirectory)
        guard let last = folder.entries.last else { return [] }
        return [try checkpoint(last, named: name, run, template)]
      }
      let folder = try CheckpointFolder(path)
      let run = try run(parent(path))
      return try folder.entries.map { try checkpoint($0, named: stem($0.name), run, template) }
    }
    guard name.hasSuffix(".safetensors") else {
      return [
        Place(name: stem(name), source: path, format: "pt2", network: try flags.network(argument, seed: execution.seed))
      ]
    }
    let run = try run(parent(parent(path)))
    return [
      try checkpoint(CheckpointFolder.Entry(name: name, path: path, step: 0), named: stem(name), run, template)
    ]
  }

  private static func checkpoint(
    _ entry: CheckpointFolder.Entry, named name: String, _ run: TrainSettings?, _ template: Network?
  ) throws -> Place {
    let isArrays = entry.name.hasSuffix(".safetensors")
    let known =
      try template ?? (isArrays ? run.map { try Network(model: $0.objective.model, seed: $0.objective.seed) } : nil)
    return Place(
      name: name, source: entry.path, format: isArrays ? "safetensors" : "pt2",
      network: try CheckpointFolder.network(of: entry, known), run: run)
  }

  /// The settings of a run of `ritz train`; `nil` where the directory holds none.
  private static func run(_ directory: String) throws -> TrainSettings? {
    FileBytes.exists(directory + "/" + RunDirectory.descriptionFile) && TrainSettings.isThere(directory)
      ? try TrainSettings.read(directory) : nil
  }

  private static func parent(_ path: String) -> String {
    URL(fileURLWithPath: path).deletingLastPathComponent().path
  }

  private static func stem(_ name: String) -> String {
    URL(fileURLWithPath: name).deletingPathExtension().lastPathComponent
  }

  private static func model(
    _ place: Place, _ flags: ObjectiveFlags, _ execution: ExecutionFlags, labelNoise: Double
  ) throws -> DissectedModel {
    var network = place.network
    if place.format != "built-in", let mode = flags.batchNorm.flatMap(BatchNormalizationMode.init) {
      network = try network.withBatchNormalization(mode)
    }
    var model = DissectedModel(
      name: place.name, source: place.source, format: place.format, network: network,
      objective: ObjectiveSettings(model: place.source, data: "", loss: "", standardise: "automatic", seed: 0))
    if flags.data != nil || place.run == nil {
      model.objective = try flags.settings(model: place.source, seed: execution.seed)
      model.labelNoise = labelNoise
      return model
    }
    guard let run = place.run else { return model }
    for (flag, isGiven) in [
      ("--standardise", flags.standardise != "automatic"), ("--init", flags.initializer != nil),
      ("--skip", flags.skip != nil),
    ] where isGiven {
      throw InputError(
        place: flag, "\(place.name) is of a run, which has settled that",
        remedy: "leave the flag out" + (flag == "--standardise" ? ", or give --data" : ""))
    }
    model.objective = run.objective
    model.objective.params = flags.params
    model.objective.batchNormGroup = flags.batchNormGroup
    model.labelNoise = run.labelNoise
    model.labelSeed = run.labelSeed ?? run.objective.seed
    model.isOneHot = run.isOneHot
    if let loss = flags.loss { model.objective.loss = loss }
    if let split = flags.split { model.objective.split = split }
    if let samples = flags.samples {
      // The labels a run was given go by the position of a sample.
      guard
        run.labelNoise == 0 || (!samples.hasSuffix(",random") && run.objective.samples?.hasSuffix(",random") != true)
      else {
        throw InputError(
          place: "--samples \(samples)", "the run's labels carry noise that goes by the positions of its samples",
          remedy: "give a number of first samples")
      }
      model.objective.samples = samples
      // A subset that is drawn is the same for all models.
      model.objective.seed = execution.seed
    }
    return model
  }
}
