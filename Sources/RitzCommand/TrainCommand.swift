import ArgumentParser
import Ritz

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a network and measures its curvature meanwhile.",
    discussion: """
      Leaves the directory of a run: history.jsonl with a line for every step, evaluation and measurement, checkpoints in the \
      safetensors format, report.html and result.json. 'ritz watch DIR' shows it while it grows. A run that was stopped or killed goes \
      on with --resume DIR and ends with the same bits.
      """)

  @Argument(help: "A .pt2 file, or a built-in network such as resnet20.") var model: String?
  @OptionGroup var objective: ObjectiveFlags
  @OptionGroup var execution: ExecutionFlags
  @OptionGroup var training: TrainFlags

  @Option(
    help: ArgumentHelp("Evaluate this split of the data, train or test, as training goes on.", valueName: "split"))
  var validation: String?
  @Option(help: ArgumentHelp("Epochs between two evaluations.", valueName: "n")) var validationEpochs: Int = 1
  @Option(help: ArgumentHelp("Steps between two checkpoints; by default an epoch.", valueName: "n"))
  var checkpointEvery: Int?
  @Option(help: ArgumentHelp("Steps between two stored states; by default 20 seconds.", valueName: "n"))
  var storeEvery: Int?

  @Option(
    help: ArgumentHelp(
      "Observe curvature at steps:N, epochs:N, log:N (a decade), spikes or ends, joined by commas.", valueName: "when"))
  var observe: String?
  @Option(help: ArgumentHelp("Observations' part of the training's work, at most, such as 20%.", valueName: "part"))
  var observeBudget: String?
  @OptionGroup var observation: ObserveFlags

  @Option(help: ArgumentHelp("The directory to leave results in.", valueName: "dir")) var output: String?
  @Option(help: ArgumentHelp("Finish the run that was begun in this directory.", valueName: "dir")) var resume: String?
  @Flag(help: "Replace the run that the directory holds.") var overwrite = false
  @Flag(help: "Say nothing on standard error.") var quiet = false

  func validate() throws {
    try requireCounts(
      [
        ("--checkpoint-every", checkpointEvery), ("--store-every", storeEvery),
        ("--validation-epochs", validationEpochs),
      ], atMost: 1_000_000_000)
    if let validation, DatasetOptions.Split(rawValue: validation) == nil {
      throw ValidationError("--validation is train or test, not '\(validation)'")
    }
    if observe == nil && (observeBudget != nil || (observation.isGiven && resume == nil)) {
      throw ValidationError("a flag that begins with --observe- goes with --observe, which says when")
    }
    _ = try budget()
    if resume != nil && isGiven {
      throw ValidationError(
        "--resume takes everything from the run that was begun; beside it go --workers and --quiet only")
    }
  }

  /// Whether anything is given that would make the run another one.
  private var isGiven: Bool {
    model != nil || output != nil || objective.isGiven || execution.isGiven || training.isGiven || validation != nil
      || validationEpochs != 1 || checkpointEvery != nil || storeEvery != nil || observe != nil || observeBudget != nil
      || observation.isGiven || overwrite
  }

  private func budget() throws -> Double? {
    guard let observeBudget else { return nil }
    let isPercentage = observeBudget.hasSuffix("%")
    let number = Double(isPercentage ? observeBudget.dropLast() : observeBudget[...]) ?? .nan
    let part = isPercentage ? number / 100 : number
    guard part > 0, part.isFinite, isPercentage || part <= 1 else {
      throw ValidationError("--observe-budget is a part such as 0.2 or 20%, not '\(observeBudget)'")
    }
    return part
  }

  func run() throws {
    Interruption.install()
    if let resume {
      try TrainRun.resume(resume, pool: execution.pool, isQuiet: quiet)
      return
    }
    guard objective.params == nil else {
      throw InputError(place: "--params", "training moves all parameters", remedy: "leave the flag out")
    }
    let objective = try objective.settings(model: model, seed: execution.seed)
    let dataset = try objective.dataset()
    var settings = TrainSettings(
      objective: objective, training: try training.settings(samples: dataset.count, seed: execution.seed),
      precision: .single, microbatch: execution.microbatch, labelNoise: training.labelNoise,
      labelSeed: training.labelSeed, isOneHot: training.oneHot,
      validation: validation,
      validationEpochs: validationEpochs, checkpointSteps: 1, storeSteps: storeEvery,
      observation: try observationSettings(samples: dataset.count),
      command: ["ritz"] + CommandLine.arguments.dropFirst(), fingerprint: 0)
    settings.checkpointSteps = checkpointEvery ?? dataset.count / settings.training.batchSize
    settings.precision =
      try execution.precision.flatMap(Precision.init)
      ?? .standard(parameters: settings.network().parameterCount)
    let directory = output ?? "runs/train"
    guard overwrite || !FileBytes.exists(directory + "/" + RunDirectory.historyFile) else {
      throw InputError(
        file: directory, "holds a run already",
        remedy: "go on with --resume \(directory), choose another --output, or replace it with --overwrite")
    }
    try TrainRun.start(settings, output: directory, pool: execution.pool, isQuiet: quiet)
  }

  private func observationSettings(samples: Int) throws -> TrainSettings.Observation? {
    guard let observe else { return nil }
    let settings = try observation.settings(seed: execution.seed)
    let chosen = observation.observeSamples == 0 ? samples : min(samples, observation.observeSamples)
    return TrainSettings.Observation(
      settings: settings, schedule: try ObservationSchedule(parsing: observe), budget: try budget(),
      samples: observation.observeSamples, modes: try observation.modes(),
      conventions: observation.conventions(settings, samples: chosen))
  }
}
