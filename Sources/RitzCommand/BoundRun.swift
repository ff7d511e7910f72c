import Foundation
import Ritz

/// A run of `ritz bound` from its settings to its directory.
enum BoundRun {
  /// What goes to the terminal.
  struct Prints {
    var json: Bool
    var isQuiet: Bool
  }

  static func perform(
    _ given: BoundSettings, directory: String, isResumed: Bool, pool: WorkerPool, prints: Prints
  ) throws {
    if isResumed, FileBytes.exists(directory + "/" + SpectrumRun.resultFile) {
      print("the run is complete; results in \(directory): report.html, result.json, figures")
      return
    }
    var settings = given
    let (prior, dataset) = (try settings.network(), try settings.dataset())
    var found = fingerprint(try settings.objective.network(), dataset)
    if let path = settings.weights {
      found ^= fingerprint(try Checkpoint.network(prior, at: SafetensorsFile(contentsOf: path)), dataset)
    }
    if isResumed, found != settings.fingerprint {
      throw InputError(
        file: directory, "the model or the data has changed since the run was begun", remedy: "start the run anew")
    }
    settings.fingerprint = found
    switch settings.precision {
    case .single:
      try BoundWork<Float>(settings, prior, dataset, directory, isResumed: isResumed, pool, prints).perform()
    case .double:
      try BoundWork<Double>(settings, prior, dataset, directory, isResumed: isResumed, pool, prints).perform()
    }
  }
}

/// A session of a run in one precision.
struct BoundWork<Scalar: Real> {
  private let settings: BoundSettings
  private let prior: Network
  private let dataset: Dataset
  private let test: Dataset?
  private let output: OutputDirectory
  private let state: StoredParts
  private let pool: WorkerPool
  private let progress: ProgressReporter
  private let prints: BoundRun.Prints

  init(
    _ settings: BoundSettings, _ prior: Network, _ dataset: Dataset, _ directory: String, isResumed: Bool,
    _ pool: WorkerPool, _ prints: BoundRun.Prints
  ) throws {
    self.settings = settings
    self.prior = prior
    self.dataset = dataset
    self.pool = pool
    self.prints = prints
    test = try settings.testSet(dataset)
    progress = prints.isQuiet ? .silent() : .standardError()
    // Everything the user can have got wrong is known before the run leaves a trace.
    _ = try settings.posterior(samples: dataset.count)
    _ = try settings.start(samples: dataset.count)
    let small = dataset.selecting([0])
    _ = try Objective<Scalar>(network: prior, dataset: small, loss: settings.namedLoss(), pool: pool).errorFunction()
    if settings.bases.contains(.exact) { try WorkingBasis.requireExact(prior) }
    output = try OutputDirectory(directory)
    state = try StoredParts(output, of: BoundSettings.self)
    guard !isResumed else { return }
    state.clear()
    for name in [SpectrumRun.resultFile, "report.html"] {
      try? FileManager.default.removeItem(atPath: output.path(name))
    }
    try settings.write(to: output)
  }

  func perform() throws {
    do {
      var report = try begun()
      let start = try startNetwork(&report)
      for basis in settings.bases {
        let session = BoundSession<Scalar>(
          basis: basis, settings: settings, network: start, prior: prior, dataset: dataset, test: test, pool: pool,
          state: state, progress: progress)
        report.posteriors.append(try session.perform())
        try Interruption.check()
      }
      report.scaleInvariant = try scaleInvariant(start)
      report.sharpness = try sharpness(start)
      try finish(&report)
    } catch is Interrupted {
      progress.finish()
      throw Interrupted(resumption: "go on with: ritz bound --resume \(output.path)")
    }
  }

  private func begun() throws -> BoundReport {
    BoundReport(
      command: settings.command,
      tool: ReportedTool(version: SpectrumRun.version, libraries: ["numerics": LinearAlgebraLibrary.description]),
      network: prior.source, parameters: prior.parameterCount, data: dataset.description.summary,
      samples: dataset.count, classes: settings.isBinary ? 2 : dataset.description.classes ?? 2,
      loss: settings.objective.loss, precision: Scalar.precisionName, workers: pool.count,
      seed: settings.objective.seed, constants: settings.bound,
      assumptions: BoundReport.assumptions(
        BoundPremises(
          prior: settings.hasZeroPrior ? .zero : Network.isBuiltIn(settings.objective.model) ? .drawn : .file,
          hasStandardConstants: settings.bound == PACBayesBound(),
          hasRunningAverages: prior.batchNormalization != nil,
          measuresScaling: dataset.description.standardisation == "mean-std")),
      conventions: BoundReport.conventions(settings.bound, loss: settings.objective.loss),
      start: ReportedStart(source: "", trainingError: .nan, testError: nil, move: .nan))
  }

  /// The network at the weights the posteriors begin with: read, trained, or trained by an earlier session.
  private func startNetwork(_ report: inout BoundReport) throws -> Network {
    let start: Network
    var clock = ReportedClock()
    if let path = settings.weights {
      start = try Checkpoint.network(prior, at: SafetensorsFile(contentsOf: path))
      report.start.source = "read from \(path)"
    } else if settings.hasZeroPrior && !Network.isBuiltIn(settings.objective.model) {
      start = try settings.objective.network()
      report.start.source = "the parameters of \(start.source)"
    } else {
      let training = try settings.start(samples: dataset.count)
      let stored: (vectors: [String: Vector<Scalar>], note: ReportedClock)? = try state.read(
        "start", as: ReportedClock.self)
      if let stored, let weights = stored.vectors["parameters"], weights.count == prior.parameterCount {
        (start, clock) = (try prior.withParameters(weights), stored.note)
      } else {
        (start, clock) = try train(training)
        try state.write("start", [("parameters", start.parameterVector(as: Scalar.self))], clock)
      }
      report.start.source = "\(settings.startEpochs) epochs of \(training.summary), batch \(training.batchSize)"
    }
    report.start.clock = clock
    report.start.trainingError = try error(start, dataset)
    report.start.testError = try test.map { try error(start, $0) }
    let move = zip(start.parameterVector(as: Double.self).elements, prior.parameterVector(as: Double.self).elements)
    report.start.move = move.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    return start
  }

  private func train(_ training: TrainingSettings) throws -> (Network, ReportedClock) {
    var run = try TrainingRun<Scalar>(
      network: settings.objective.network(), dataset: dataset, loss: settings.namedLoss(), settings: training,
      options: settings.objective.execution(microbatch: settings.microbatch), pool: pool)
    let begin = ReportedClock.now
    progress.begin("training the start", total: training.steps)
    defer { progress.finish() }
    while !run.isFinished {
      try Interruption.check()
      _ = try run.advance()
      progress.advance()
    }
    return (try run.trainedNetwork(), begin.elapsed)
  }

  private func error(_ network: Network, _ data: Dataset) throws -> Double {
    let objective = try Objective<Scalar>(network: network, dataset: data, loss: settings.namedLoss(), pool: pool)
    return try objective.errorFunction()(network.parameterVector(as: Scalar.self))
  }

  /// The bound of the posterior that the curvature at the start makes, for the best of the variances c e⁻¹, c e⁻², … of the grid.
  private func scaleInvariant(_ start: Network) throws -> ReportedScaleInvariantBound? {
    progress.begin("scale-invariant bound", total: nil)
    defer { progress.finish() }
    let objective = try Objective<Scalar>(network: start, dataset: dataset, loss: settings.namedLoss(), pool: pool)
    let diagonal = try objective.gaussNewtonDiagonal(seed: settings.objective.seed) { try Interruption.check() }
    let weights = start.parameterVector(as: Scalar.self)
    let move = zip(weights.elements, prior.parameterVector(as: Scalar.self).elements).map { Double($0) - Double($1) }
    let batch = try MinibatchGradient<Scalar>(
      network: start, dataset: dataset, loss: settings.namedLoss(), batchSize: settings.batch, pool: pool)
    var best: ReportedScaleInvariantBound?
    // A union over the candidates: their errors are all estimated with δ′ divided by their number.
    let candidates = (1...12).map { Int((Double($0) * settings.bound.grid.precision).rounded()) }
    for j in candidates {
      try Interruption.check()
      let variance = settings.bound.grid.variance(j)
      let variances = [Double](repeating: variance, count: diagonal.count)
      let value = ScaleInvariantBound(diagonal: diagonal, move: move, priorVariances: variances)
      let deviations = ScaleInvariantBound.variances(diagonal: diagonal, priorVariances: variances)
      let posterior = DiagonalPosterior<Scalar>(
        mean: weights, logDeviation: Vector(deviations.map { Scalar(0.5 * log($0)) }), prior: weights, pool: pool)
      var error = PosteriorError(samplesPerDraw: settings.batch)
      try BatchDraws(posterior: posterior, batch: batch, seed: settings.objective.seed &+ UInt64(j)).extend(
        &error, to: min(settings.draws, 500)
      ) { _ in try Interruption.check() }
      var corrected = settings.bound
      corrected.estimateDelta /= Double(candidates.count)
      let empirical = corrected.empiricalError(mean: error.mean, draws: error.draws)
      let complexity = value.complexity(
        samples: dataset.count, delta: settings.bound.delta, union: log(Double(candidates.count)))
      let bound = settings.bound.error(empirical: empirical, complexity: complexity)
      guard bound < best?.bound ?? .infinity else { continue }
      best = ReportedScaleInvariantBound(
        gridIndex: j, priorVariance: variance, divergence: value.divergence, divergenceBound: value.divergenceBound,
        curvedWeights: value.curvedWeights, empiricalError: error.mean, draws: error.draws, bound: bound)
    }
    return best
  }

  private func sharpness(_ start: Network) throws -> ReportedSharpness? {
    guard settings.sharpnessSamples > 0 else { return nil }
    progress.begin("sharpness", total: nil)
    defer { progress.finish() }
    let some = dataset.selecting(Array(0..<min(settings.sharpnessSamples, dataset.count)))
    var options = SharpnessMeasures.Options()
    options.seed = settings.objective.seed
    let loss = try settings.namedLoss()
    func measures(_ network: Network) throws -> SharpnessMeasures {
      try SharpnessMeasures(
        Scalar.self, network: network, dataset: some, loss: loss, options: options, pool: pool,
        interruption: { try Interruption.check() })
    }
    let here = try measures(start)
    let objective = try Objective<Scalar>(network: start, dataset: some, loss: loss, pool: pool)
    let rescaling = try Rescaling.find(objective, alpha: 4)
    let there = try rescaling.map { try measures(start.withParameters($0.apply(to: objective.parameters))) }
    return ReportedSharpness(
      samples: some.count, groups: options.groups,
      rescaling: rescaling.map {
        ReportedSharpness.Rescaling(alpha: $0.alpha, multiplied: $0.multiplied, divided: $0.divided)
      },
      rows: SharpnessMeasures.Measure.allCases.compactMap { measure in
        here[measure].map { value in
          let changed = there.flatMap { there in
            there[measure].flatMap { other in here.changeError(measure, to: there).map { (other.value, $0) } }
          }
          return ReportedSharpness.Row(
            measure: measure.rawValue, definition: measure.definition(options), value: value.value,
            standardError: value.standardError, isConverged: value.isConverged, rescaled: changed)
        }
      })
  }

  private func finish(_ report: inout BoundReport) throws {
    report.warnings = BoundWarnings.all(report)
    try output.write(BoundPage.html(report), to: "report.html")
    let figures = try output.directory("figures")
    for figure in BoundFigures.all(report) { try figures.write(figure.svg, to: figure.name + ".svg") }
    let text = try ResultFile.encode(report)
    // Last, as it says that the rest is there.
    try output.write(Array(text), to: SpectrumRun.resultFile)
    state.clear()
    if prints.json {
      print(String(decoding: text, as: UTF8.self), terminator: "")
    } else {
      print(BoundSummary.text(report), terminator: "")
      print("\nresults in \(output.path): report.html, result.json, figures")
    }
  }
}
