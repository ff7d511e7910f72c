import Foundation
import Ritz

/// A run of `ritz train` from its settings to its directory.
enum TrainRun {
  /// Begins a run.
  static func start(_ given: TrainSettings, output: String, pool: WorkerPool, isQuiet: Bool) throws {
    var settings = given
    let (network, dataset) = (try settings.network(), try settings.dataset())
    settings.fingerprint = fingerprint(network, dataset)
    try perform(settings, network, dataset, directory: output, isResumed: false, pool: pool, isQuiet: isQuiet)
  }

  /// Goes on with a run that was stopped.
  static func resume(_ directory: String, pool: WorkerPool, isQuiet: Bool) throws {
    let settings = try TrainSettings.read(directory)
    if FileBytes.exists(directory + "/" + SpectrumRun.resultFile) {
      print("the run is complete; results in \(directory): report.html, result.json, history.jsonl, checkpoints")
      return
    }
    let (network, dataset) = (try settings.network(), try settings.dataset())
    guard fingerprint(network, dataset) == settings.fingerprint else {
      throw InputError(
        file: directory, "the model or the data has changed since the run was begun", remedy: "start the run anew")
    }
    try perform(settings, network, dataset, directory: directory, isResumed: true, pool: pool, isQuiet: isQuiet)
  }

  private static func perform(
    _ settings: TrainSettings, _ network: Network, _ dataset: Dataset, directory: String, isResumed: Bool,
    pool: WorkerPool, isQuiet: Bool
  ) throws {
    switch settings.precision {
    case .single:
      var session = try TrainSession<Float>(
        settings, network, dataset, directory: directory, isResumed: isResumed, pool: pool, isQuiet: isQuiet)
      try session.perform()
    case .double:
      var session = try TrainSession<Double>(
        settings, network, dataset, directory: directory, isResumed: isResumed, pool: pool, isQuiet: isQuiet)
      try session.perform()
    }
  }
}

/// One session of a run: from its beginning, or from where an earlier session was stopped.
struct TrainSession<Scalar: Real> {
  private let settings: TrainSettings
  private let output: OutputDirectory
  private var run: TrainingRun<Scalar>
  private var watch: TrainObservation<Scalar>?
  private let evaluation: Evaluation<Scalar>?
  private let log: RunLog
  private let events: RunEventFile
  private let state: TrainState
  private let view: RunTerminalView
  /// Seconds of the sessions before this one, and when this one began.
  private var earlier = 0.0
  private let begin = secondsNow()

  init(
    _ settings: TrainSettings, _ network: Network, _ dataset: Dataset, directory: String, isResumed: Bool,
    pool: WorkerPool, isQuiet: Bool
  ) throws {
    self.settings = settings
    let loss = try settings.objective.namedLoss()
    let start = try TrainingRun<Scalar>(
      network: network, dataset: dataset, loss: loss, settings: settings.training,
      options: settings.objective.execution(microbatch: settings.microbatch), pool: pool)
    evaluation = try settings.validationSet().map {
      try Evaluation(
        name: settings.validation == "test" ? "validation" : "training", network: network, dataset: $0, loss: loss,
        microbatch: nil, pool: pool)
    }
    watch = try settings.observation.map {
      try TrainObservation($0, settings, network, dataset, loss, start, pool: pool)
    }
    run = start
    // Everything the user can have got wrong is known by now; only then does the run leave a trace.
    output = try OutputDirectory(directory)
    state = try TrainState(output)
    let description = try settings.description(network, dataset, run)
    view = isQuiet ? .silent(description) : .standardError(description)
    if isResumed, let stored = try state.read() {
      try run.restore(stored.file)
      try watch?.restore(stored, state)
      earlier = stored.seconds
      log = try RunLog(directory: directory, end: stored.historyEnd)
      // What is damaged is known now and not when the report is written, hours from here.
      _ = try RunDirectory(directory).records()
      events = try RunEventFile(in: directory, description, continuingAt: stored.eventsEnd)
    } else {
      try state.begin(settings)
      try output.write(description.encoded(), to: RunDirectory.descriptionFile)
      log = try RunLog(directory: directory)
      events = try RunEventFile(in: directory, description)
      try Checkpoint.write(run, to: checkpointPath())
    }
  }

  private func checkpointPath() throws -> String {
    try output.directory(RunDirectory.checkpointsDirectory).path(Checkpoint.fileName(step: run.step))
  }

  private var seconds: Double { earlier + secondsNow() - begin }

  mutating func perform() throws {
    view.begin(at: run.step)
    var lastStored = secondsNow()
    do {
      while !run.isFinished {
        try Interruption.check()
        try advance()
        let isDue = settings.storeSteps.map { run.step % $0 == 0 } ?? (secondsNow() - lastStored > 20)
        if isDue {
          try store()
          lastStored = secondsNow()
        }
      }
      try finish()
    } catch is Interrupted {
      view.finish()
      // In the middle of an observation there is no state to store: the one before it serves.
      if !isAmidStep { try store() }
      throw Interrupted(resumption: "go on with: ritz train --resume \(output.path)")
    } catch let error as Diverged {
      view.finish()
      try events.flush()
      try report()
      throw InputError(
        file: output.path, place: "step \(run.step)", error.error.problem,
        remedy: (error.error.remedy.map { $0 + "; " } ?? "") + "report.html shows the run up to there")
    }
  }

  /// A step that training cannot take, whatever is done.
  private struct Diverged: Error {
    var error: InputError
  }

  /// Whether a step has been taken whose observation is not complete.
  private var isAmidStep = false

  private mutating func advance() throws {
    let step: TrainingStep<Scalar>
    do { step = try run.advance() } catch let error as InputError where error.file == nil {
      throw Diverged(error: error)
    }
    isAmidStep = true
    try record(
      .step(
        RunStep(
          step: step.step, epoch: step.epoch, loss: step.loss, learningRate: step.learningRate,
          gradientNorm: step.gradientNorm, updateNorm: step.updateNorm)))
    for measurement in try watch?.observe(step, run) ?? [] { try record(.measurement(measurement)) }
    log.note(seconds: seconds, step: run.step)
    let perEpoch = run.stepsPerEpoch
    if run.step % (settings.validationEpochs * perEpoch) == 0 { try evaluate() }
    if run.step % settings.checkpointSteps == 0 { try Checkpoint.write(run, to: checkpointPath()) }
    isAmidStep = false
  }

  private func evaluate() throws {
    guard let evaluation else { return }
    let (loss, accuracy) = try evaluation(run.trainedNetwork())
    try record(
      .evaluation(
        RunEvaluation(
          step: run.step, set: evaluation.name, samples: evaluation.samples, loss: loss, accuracy: accuracy)))
  }

  /// Every record goes into the history and the events, and onto the terminal.
  private func record(_ record: RunRecord) throws {
    try log.append(record)
    try events.append(record)
    view.record(record)
  }

  private func store() throws {
    try log.synchronize()
    try state.write(
      run.state, watch: watch, historyEnd: log.end, eventsEnd: try events.flush(), seconds: seconds)
  }

  private mutating func finish() throws {
    isAmidStep = true
    for measurement in try watch?.observeEnd(run) ?? [] { try record(.measurement(measurement)) }
    if run.step % (settings.validationEpochs * run.stepsPerEpoch) != 0 { try evaluate() }
    try Checkpoint.write(run, to: checkpointPath())
    try events.flush()
    view.finish()
    let result = RunResult(
      steps: run.step, parameters: run.parameters, history: try RunDirectory(output.path).records().records,
      stepsPerEpoch: run.stepsPerEpoch)
    try report()
    // Last, as it says that the rest is there.
    try output.write(result.encoded(), to: SpectrumRun.resultFile)
    state.clear()
    print(result.summary)
    if let watch { print(watch.summary) }
    print("results in \(output.path): report.html, result.json, history.jsonl, checkpoints")
  }

  private func report() throws {
    try RunReport.write(
      RunDirectory(output.path),
      tool: ReportedTool(version: SpectrumRun.version, libraries: ["numerics": LinearAlgebraLibrary.description]))
  }
}

extension RunResult {
  /// One line for people.
  fileprivate var summary: String {
    var parts = ["\(steps) steps"]
    if let loss = lossOfLastEpoch { parts.append("loss of the last epoch \((loss * 1e5).rounded() / 1e5)") }
    for evaluation in evaluations {
      let right = evaluation.accuracy.map { ", \(($0 * 1000).rounded() / 10) % right" } ?? ""
      parts.append("\(evaluation.set) loss \((evaluation.loss * 1e5).rounded() / 1e5)\(right)")
    }
    if measurements > 0 { parts.append("\(measurements) measurements with \(products) products") }
    return parts.joined(separator: "; ")
  }
}

extension TrainSettings {
  fileprivate func description<Scalar: Real>(
    _ network: Network, _ dataset: Dataset, _ run: TrainingRun<Scalar>
  ) throws -> RunDescription {
    var conventions = [
      RunDescription.Convention(name: "loss", text: try objective.namedLoss().convention),
      RunDescription.Convention(
        name: "order of samples",
        text: training.batchSize == dataset.count
          ? "all samples in every step"
          : "shuffled anew for every epoch by the seed; what no batch holds at its end is left out"),
      RunDescription.Convention(name: "augmentation", text: training.augmentation.summary),
    ]
    if let mode = network.batchNormalization {
      conventions.append(
        RunDescription.Convention(
          name: "batch normalisation",
          text: mode == .running
            ? mode.convention
            : "mean and biased variance of each batch, derivatives through them; running averages with unbiased variance, momentum \(training.normalizationMomentum)"
        ))
    }
    return RunDescription(
      title: "", command: command, network: network.source, parameters: network.parameterCount,
      data: dataset.description.summary, samples: dataset.count, loss: objective.loss,
      precision: Scalar.precisionName, optimizer: training.summary, edgeFormula: training.optimizer.edge?.formula,
      plannedSteps: training.steps, stepsPerEpoch: run.stepsPerEpoch, batchSize: training.batchSize,
      seed: training.seed, conventions: conventions + (observation?.conventions ?? []))
  }
}
