import Foundation
import Ritz

/// A run of `ritz spectrum` from its settings to its directory: measures, stores states on the way, writes the results.
struct SpectrumRun {
  static let version = "0.1.0"
  /// The file whose presence says that a run is complete.
  static let resultFile = "result.json"

  /// What is said while it runs and at the end.
  struct Reporting {
    var json: Bool
    var quiet: Bool
  }

  /// Begins a run.
  static func start(
    _ settings: ObjectiveSettings, operators: [String], _ operatorSettings: OperatorSettings, request: SpectrumRequest,
    execution: ExecutionFlags,
    output: String?, _ reporting: Reporting
  ) throws -> SpectrumReport {
    let network = try settings.network()
    let isCondition = request.condition != nil
    let precision =
      execution.precision.flatMap(Precision.init)
      ?? (isCondition ? .double : .standard(parameters: network.parameterCount))
    let reason =
      execution.precision != nil
      ? "asked for"
      : isCondition
        ? "condition numbers take double" : "\(network.parameterCount) parameters: double up to 200,000, single above"
    let run = RunSettings(
      objective: settings, operators: operators, request: request, precision: precision, precisionReason: reason,
      microbatch: execution.microbatch, command: ["ritz"] + CommandLine.arguments.dropFirst(), fingerprint: 0,
      operatorSettings: operatorSettings)
    let directory = output ?? defaultDirectory(settings)
    return try perform(run, network: network, directory: directory, isResumed: false, pool: execution.pool, reporting)
  }

  /// Goes on with a run that was stopped.
  static func resume(_ directory: String, workers: Int?, _ reporting: Reporting) throws -> SpectrumReport {
    let settings = try RunSettings.read(directory)
    if let report = try RunState.report(of: directory) {
      // A run killed just after its result was written may have left states.
      try? RunState(in: OutputDirectory(directory)).clear()
      try say(report, directory, reporting)
      return report
    }
    let pool = WorkerPool(count: workers ?? WorkerPool.processorCount)
    return try perform(
      settings, network: try RunState.network(of: directory, settings), directory: directory, isResumed: true,
      pool: pool, reporting)
  }

  static func perform(
    _ settings: RunSettings, network: Network, directory: String, isResumed: Bool, pool: WorkerPool,
    _ reporting: Reporting
  ) throws -> SpectrumReport {
    switch settings.precision {
    case .single:
      try perform(settings, network, directory, isResumed, pool, reporting, as: Float.self)
    case .double:
      try perform(settings, network, directory, isResumed, pool, reporting, as: Double.self)
    }
  }

  private static func perform<Scalar: Real>(
    _ given: RunSettings, _ network: Network, _ directory: String, _ isResumed: Bool, _ pool: WorkerPool,
    _ reporting: Reporting, as type: Scalar.Type
  ) throws -> SpectrumReport {
    let begin = secondsNow()
    var settings = given
    let dataset = try settings.objective.dataset()
    let objective = try Objective<Scalar>(
      network: network, dataset: dataset, loss: settings.objective.namedLoss(),
      selection: settings.objective.selection(of: network),
      options: settings.objective.execution(microbatch: settings.microbatch),
      pool: pool)
    let chosen = settings.operatorSettings ?? OperatorSettings()
    let operators = try settings.operators.map { try chosen.setting(OperatorKind(named: $0), objective) }
    if settings.request.condition != nil {
      for setting in operators { try objective.requireCondition(of: setting, isDivided: chosen.division != nil) }
    }
    if settings.request.exact {
      for setting in operators {
        try ExactSpectrum.require(dimension: objective.largestDimension(of: setting.kind, chosen))
      }
    }
    let mark = fingerprint(objective, dataset, operators)
    // Everything the user can have got wrong is known by now; only then does the run leave a trace.
    let (loss, gradient) = try objective.lossAndGradient()
    let output = try OutputDirectory(directory)
    let state = try RunState(in: output)
    var earlier = 0.0
    if isResumed {
      guard mark == settings.fingerprint else {
        throw InputError(
          file: directory, "the model or the data has changed since the run was begun", remedy: "start the run anew")
      }
      earlier = try state.seconds()
    } else {
      settings.fingerprint = mark
      removeResults(of: output)
      try state.begin(settings, network)
    }
    let elapsed: @Sendable () -> Double = { [earlier] in earlier + secondsNow() - begin }
    let progress = reporting.quiet ? ProgressReporter.silent() : ProgressReporter.standardError()
    var measurements: [SpectrumMeasurement<Scalar>] = []
    var blockMass: ReportedBlockMass?
    do {
      for setting in operators {
        guard let division = chosen.division else {
          measurements.append(
            try objective.measureSpectrum(
              of: setting, settings.request, gradient: gradient,
              observer: observer(setting.kind, state, progress, elapsed), interruption: { try Interruption.check() }))
          continue
        }
        let blocks = objective.blocks(division)
        progress.begin("\(setting.kind.title), \(blocks.count) blocks", total: nil)
        measurements += try objective.measureBlockSpectra(
          of: setting, by: division, settings.request, gradient: gradient,
          observer: { observer(setting.kind, state, progress, elapsed, block: blocks.firstIndex(of: $0)) },
          interruption: { try Interruption.check() })
        guard let probes = chosen.blockMassProbes else { continue }
        progress.begin("\(setting.kind.title), mass between blocks", total: nil)
        blockMass = ReportedBlockMass(
          try objective.blockMass(
            of: setting.kind, by: division, probes: probes, options: setting.options,
            preconditioner: setting.preconditioner, seed: settings.request.seed,
            interruption: { try Interruption.check() }), of: setting.kind)
      }
    } catch is Interrupted {
      progress.finish()
      try state.store(seconds: elapsed())
      throw Interrupted(directory: directory)
    }
    progress.finish()
    let accuracy = try objective.accuracy()
    let report = SpectrumReport(
      objective, dataset: dataset, measurements: measurements, loss: loss, accuracy: accuracy, gradient: gradient,
      blockMass: blockMass,
      context: SpectrumReport.Context(
        title: settings.title, command: settings.command, version: version, model: settings.objective.model,
        modelFormat: settings.objective.modelFormat, precisionReason: settings.precisionReason,
        seed: settings.request.seed, seconds: elapsed(), peakMemoryBytes: peakMemoryBytes()))
    try write(report, measurements, objective, to: output)
    state.clear()
    try say(report, directory, reporting)
    return report
  }

  private static func say(_ report: SpectrumReport, _ directory: String, _ reporting: Reporting) throws {
    if reporting.json {
      print(String(decoding: try ResultFile.encode(report), as: UTF8.self), terminator: "")
    } else {
      print(TerminalSummary.text(report, style: .standardOutput()), terminator: "")
      print("\nresults in \(directory): report.html, result.json, arrays.npz, figures")
    }
  }

  /// Progress and stored states of the measurement of one operator, or of one of its blocks.
  private static func observer<Scalar: Real>(
    _ kind: OperatorKind, _ state: RunState, _ progress: ProgressReporter, _ elapsed: @escaping @Sendable () -> Double,
    block: Int? = nil
  ) -> SpectrumObserver<Scalar> {
    var current: SpectrumStage?
    var done = 0
    var lastStored = secondsNow()
    return SpectrumObserver(
      progress: { stage, completed, total in
        if current != stage {
          // Blocks are measured side by side, under a heading of their own.
          if block == nil {
            // What an earlier session did is no measure of how fast this one is.
            progress.begin("\(kind.title), \(stage.rawValue)", total: total > 0 ? total : nil, completed: completed)
          }
          (current, done) = (stage, completed)
        }
        progress.advance(by: completed - done)
        done = completed
      },
      restore: { try state.restore(kind, block, $0, as: Scalar.self) },
      store: { stage, isDone, snapshot in
        // A state can hold many vectors; between the ends of stages one a minute is enough.
        guard isDone || secondsNow() - lastStored > 60 else { return }
        try state.store(snapshot(), kind, block, stage)
        try state.store(seconds: elapsed())
        lastStored = secondsNow()
      })
  }

  private static func write<Scalar: Real>(
    _ report: SpectrumReport, _ measurements: [SpectrumMeasurement<Scalar>], _ objective: Objective<Scalar>,
    to output: OutputDirectory
  ) throws {
    try ResultArrays.write(measurements, objective, to: output)
    let figures = try output.directory("figures")
    for (name, svg) in Figures.all(report) { try figures.write(svg, to: name + ".svg") }
    try output.write(Report.html(report), to: "report.html")
    // Last, as it says that the rest is there.
    try output.write(Array(try ResultFile.encode(report)), to: resultFile)
  }

  /// Removes what an earlier run left, so that it cannot pass for the result of this one if this one is stopped.
  private static func removeResults(of output: OutputDirectory) {
    // Files of these names in a directory that no run was begun in are not ours to remove.
    guard FileBytes.exists(output.path(resultFile)) || RunSettings.isThere(output.path) else { return }
    let figures = (try? FileManager.default.contentsOfDirectory(atPath: output.path("figures"))) ?? []
    for name in [resultFile, "report.html", "arrays.npz"]
      + figures.filter({ $0.hasSuffix(".svg") }).map({ "figures/" + $0 })
    {
      try? FileManager.default.removeItem(atPath: output.path(name))
    }
  }

  /// `runs/` and the model's name; numbered where that is taken.
  private static func defaultDirectory(_ settings: ObjectiveSettings) -> String {
    let name = settings.model.split(separator: "/").suffix(2).joined(separator: "-")
      .map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." ? $0 : "-" }
    let base = "runs/" + String(name)
    if !FileBytes.exists(base) { return base }
    for number in 2... where !FileBytes.exists("\(base)-\(number)") { return "\(base)-\(number)" }
    return base
  }
}

extension Objective {
  /// The largest dimension of what is measured of an operator: its own, or that of its largest block.
  fileprivate func largestDimension(of kind: OperatorKind, _ settings: OperatorSettings) -> Int {
    if let division = settings.division { return blocks(division).map(\.dimension).max() ?? 0 }
    return kind.actsOnParameters ? dimension : outputSpace.dimension
  }
}
