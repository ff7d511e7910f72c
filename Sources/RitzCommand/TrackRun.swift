import Foundation
import Ritz

/// A run of `ritz track` from its checkpoints to its directory.
struct TrackRun {
  var folder: CheckpointFolder
  /// The network of `.safetensors` files.
  var template: Network?
  var objective: ObjectiveSettings
  var execution: ExecutionFlags
  var observe: ObserveFlags
  var edge: SharpnessEdge
  var learningRate: Double?
  var batch: Int?
  var output: String
  var isQuiet: Bool

  func perform<Scalar: Real>(as type: Scalar.Type) throws {
    let first = try network(0)
    let dataset = observe.chosen(of: try objective.dataset())
    let settings = try observe.settings(seed: execution.seed)
    let pool = execution.pool
    var observers = try TrajectoryObservers<Scalar>(
      network: first, modes: observe.modes(), dataset: dataset, loss: objective.namedLoss(),
      selection: objective.selection(of: first), execution: objective.execution(microbatch: execution.microbatch),
      settings: settings, batchSize: batch, pool: pool)
    // Everything the user can have got wrong beside the files is known by now; only then does the run leave a trace.
    let directory = try OutputDirectory(output)
    guard !FileBytes.exists(directory.path("state/train.json")) else {
      throw InputError(
        file: output, "holds a run of ritz train, whose history and report would be overwritten",
        remedy: "give another --output")
    }
    for name in [RunDirectory.historyFile, "report.html"] {
      try? FileManager.default.removeItem(atPath: directory.path(name))
    }
    try directory.write(
      description(first, dataset, settings, Scalar.self).encoded(), to: RunDirectory.descriptionFile)
    let progress = isQuiet ? ProgressReporter.silent() : ProgressReporter.standardError()
    progress.begin("checkpoints", total: folder.entries.count)
    var lines: [UInt8] = []
    do {
      for (index, entry) in folder.entries.enumerated() {
        let network = try network(index)
        let records = try measure(network, entry, index, &observers)
        for record in records { lines += try record.line() }
        // Rewritten as a whole: a checkpoint takes far longer than its lines.
        try directory.write(lines, to: RunDirectory.historyFile)
        progress.advance()
      }
    } catch is Interrupted {
      progress.finish()
      throw Interrupted(resumption: "what was measured is in \(output)")
    }
    progress.finish()
    try RunReport.write(
      RunDirectory(output),
      tool: ReportedTool(version: SpectrumRun.version, libraries: ["numerics": LinearAlgebraLibrary.description]))
    if !folder.isNumbered {
      print("steps are the places of checkpoints among the files, as not all their names end in numbers that rise")
    }
    print("\(folder.entries.count) checkpoints measured; results in \(output): report.html, history.jsonl, run.json")
  }

  /// The network at a checkpoint, its batch normalisation as asked for.
  private func network(_ index: Int) throws -> Network {
    let network = try CheckpointFolder.network(of: folder.entries[index], template)
    guard let mode = objective.batchNorm.flatMap(BatchNormalizationMode.init) else { return network }
    return try network.withBatchNormalization(mode)
  }

  private func measure<Scalar: Real>(
    _ network: Network, _ entry: CheckpointFolder.Entry, _ index: Int, _ observers: inout TrajectoryObservers<Scalar>
  ) throws -> [RunRecord] {
    let known = observers.observers[0].objective.network
    guard network.parameters.map(\.shape) == known.parameters.map(\.shape),
      network.literals.map(\.type) == known.literals.map(\.type)
    else {
      throw InputError(
        file: entry.path, "has other arrays than the first checkpoint",
        remedy: "give checkpoints of one network, one training a directory")
    }
    var literals: [Int: [Double]] = [:]
    for (index, literal) in network.literals.enumerated() where literal.element == .real {
      literals[index] = literal.values.values(as: Double.self)
    }
    let context = learningRate.map { OptimizerContext<Scalar>(learningRate: $0, batchSize: batch, edge: edge) }
    let reason: ObservationReason = index == 0 ? .start : index == folder.entries.count - 1 ? .end : .schedule
    let moment = TrajectoryMoment<Scalar>(
      step: entry.step, epoch: Double(entry.step), reason: reason, parameters: network.parameterVector(),
      literals: literals, optimizer: context)
    do {
      let observation = try observers.measure(at: moment, interruption: { try Interruption.check() })
      var records: [RunRecord] = []
      if let loss = observation.measurements.first?.loss {
        records.append(
          .evaluation(
            RunEvaluation(
              step: entry.step, set: "observed", samples: observers.observers[0].objective.effectiveSamples, loss: loss)
          ))
      }
      return records + observation.measurements.map { .measurement($0) }
    } catch let error as InputError where error.file == nil {
      throw error.inFile(entry.path)
    }
  }

  private func description<Scalar: Real>(
    _ network: Network, _ dataset: Dataset, _ settings: TrajectorySettings, _ type: Scalar.Type
  ) throws -> RunDescription {
    RunDescription(
      title: URL(fileURLWithPath: folder.path).lastPathComponent, command: ["ritz"] + CommandLine.arguments.dropFirst(),
      network: network.source, parameters: network.parameterCount, data: dataset.description.source,
      samples: dataset.count, loss: objective.loss, precision: Scalar.precisionName,
      optimizer: "checkpoints made elsewhere" + (learningRate.map { ", learning rate \($0)" } ?? ""),
      edgeFormula: learningRate == nil ? nil : edge.formula, plannedSteps: folder.entries.last?.step ?? 0,
      stepsPerEpoch: 1, batchSize: batch ?? dataset.count, seed: execution.seed,
      conventions: [
        RunDescription.Convention(
          name: "steps",
          text: folder.isNumbered
            ? "the last number in a checkpoint's name"
            : "a checkpoint's place among the files, as not all names end in numbers that rise")
      ] + observe.conventions(settings, samples: dataset.count))
  }
}
