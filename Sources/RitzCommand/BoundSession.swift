import Foundation
import Ritz

/// One posterior of a bound, from the start or from where an earlier session was stopped.
struct BoundSession<Scalar: Real> {
  let basis: WorkingBasis
  let settings: BoundSettings
  /// At the start, and at the prior's mean.
  let network: Network
  let prior: Network
  let dataset: Dataset
  let test: Dataset?
  let pool: WorkerPool
  let state: StoredParts
  let progress: ProgressReporter

  private var name: String { "posterior-" + basis.rawValue }

  /// Weights the basis belongs to, and the coordinates there.
  private func coordinates(at weights: Vector<Scalar>) throws -> WorkingCoordinates {
    let objective = try Objective<Scalar>(
      network: network.withParameters(weights), dataset: dataset, loss: settings.namedLoss(),
      options: settings.objective.execution(microbatch: settings.microbatch), pool: pool)
    return WorkingCoordinates(
      network: network, bases: try objective.parameterBases(basis) { try Interruption.check() })
  }

  /// A training in some coordinates; deviations are those to begin with where nil.
  private func training(
    _ coordinates: WorkingCoordinates, mean: Vector<Scalar>, logDeviation: Vector<Scalar>?
  ) throws -> PosteriorTraining<Scalar> {
    let working = try network.withParameters(coordinates.weights(of: mean)).inCoordinates(coordinates.bases)
    let priorMean = try coordinates.coordinates(of: prior.parameterVector(as: Scalar.self))
    let deviations = try logDeviation ?? initialLogDeviation(coordinates, mean: mean, prior: priorMean)
    return try PosteriorTraining(
      network: working, dataset: dataset, loss: settings.namedLoss(),
      posterior: DiagonalPosterior(mean: mean, logDeviation: deviations, prior: priorMean, pool: pool),
      settings: settings.posterior(samples: dataset.count),
      options: settings.objective.execution(microbatch: settings.microbatch), pool: pool)
  }

  private func initialLogDeviation(
    _ coordinates: WorkingCoordinates, mean: Vector<Scalar>, prior: Vector<Scalar>
  ) throws -> Vector<Scalar> {
    switch settings.deviations {
    case .weights: return Vector(mean.elements.map { Scalar(log(max(1e-4, abs(Double($0))))) })
    case .curvature:
      let working = try network.withParameters(coordinates.weights(of: mean)).inCoordinates(
        coordinates.bases, turnsRows: true)
      let objective = try Objective<Scalar>(
        network: working, dataset: dataset, loss: settings.namedLoss(),
        options: settings.objective.execution(microbatch: settings.microbatch), pool: pool)
      let diagonal = try objective.gaussNewtonDiagonal(seed: settings.objective.seed) { try Interruption.check() }
      let move = zip(mean.elements, prior.elements).reduce(0.0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
      }
      let found = QuadraticPosterior.consistent(
        diagonal: diagonal.map { $0 / log(2) }, squaredMove: move, samples: dataset.count, bound: settings.bound)
      return Vector(found.variances.map { Scalar(0.5 * log($0)) })
    }
  }

  /// Trains the posterior and draws from it.
  func perform() throws -> ReportedPosterior {
    var note = PosteriorProgress(
      error: PosteriorError(samplesPerDraw: settings.drawsAreWhole ? nil : settings.batch))
    var anchor = network.parameterVector(as: Scalar.self)
    let stored: (vectors: [String: Vector<Scalar>], note: PosteriorProgress)? = try state.read(
      name, as: PosteriorProgress.self)
    if let stored {
      note = stored.note
      if let weights = stored.vectors["anchor"], weights.count == anchor.count { anchor = weights }
    }
    let begin = ReportedClock.now
    progress.begin("basis \(basis.rawValue)", total: nil)
    var place = try coordinates(at: anchor)
    var run = try training(
      place, mean: stored?.vectors["mean"] ?? place.coordinates(of: anchor),
      logDeviation: stored?.vectors["log-deviation"])
    if let stored { try run.restore(stored.vectors, step: note.step) }
    progress.finish()
    if stored == nil {
      note.basisClock = begin.elapsed
      try store(run, note, anchor)
    }
    do {
      try train(&run, &place, &anchor, &note)
      return try report(run, &note, anchor)
    } catch is Interrupted {
      progress.finish()
      try store(run, note, anchor)
      throw Interrupted(resumption: "")
    }
  }

  private func store(
    _ run: PosteriorTraining<Scalar>, _ note: PosteriorProgress, _ anchor: Vector<Scalar>
  ) throws {
    try state.write(name, run.state + [("anchor", anchor)], note)
  }

  private func train(
    _ run: inout PosteriorTraining<Scalar>, _ place: inout WorkingCoordinates, _ anchor: inout Vector<Scalar>,
    _ note: inout PosteriorProgress
  ) throws {
    let perEpoch = run.stepsPerEpoch
    let recordSteps = max(1, min(perEpoch, run.settings.steps / 100))
    progress.begin("posterior \(basis.rawValue)", total: run.settings.steps, completed: run.step)
    defer { progress.finish() }
    var (clock, lastStored) = (ReportedClock.now, secondsNow())
    if note.history.isEmpty { note.history.append(record(run, loss: nil)) }
    while !run.isFinished {
      try Interruption.check()
      if let epochs = settings.refreshEpochs, run.step > 0, run.step % (epochs * perEpoch) == 0, basis != .standard {
        try refresh(&run, &place, &anchor)
      }
      note.lossSum += try run.advance()
      note.step = run.step
      if run.step % recordSteps == 0 || run.isFinished {
        let steps = run.step - (note.history.last?.step ?? 0)
        note.history.append(record(run, loss: note.lossSum / Double(max(1, steps))))
        note.lossSum = 0
      }
      note.trainingClock = note.trainingClock + clock.elapsed
      clock = .now
      if clock.seconds - lastStored > 20 {
        try store(run, note, anchor)
        lastStored = clock.seconds
      }
      progress.advance()
    }
    try store(run, note, anchor)
  }

  /// Takes the basis at the mean as it is; variances become the diagonal of the covariance there, and so do the
  /// averages of RMSprop.
  private func refresh(
    _ run: inout PosteriorTraining<Scalar>, _ place: inout WorkingCoordinates, _ anchor: inout Vector<Scalar>
  ) throws {
    let weights = try place.weights(of: run.posterior.mean)
    guard weights != anchor else { return }
    let next = try coordinates(at: weights)
    let variances = Vector(run.posterior.deviation.elements.map { $0 * $0 })
    let mean = try next.coordinates(of: weights)
    let logDeviation = Vector(
      try next.variances(variances, of: place).elements.map { Scalar(0.5 * log(Double($0))) })
    var state = Dictionary(uniqueKeysWithValues: run.state.map { ($0.name, $0.vector) })
    for name in ["mean-square", "log-deviation-square"] {
      state[name] = try state[name].map { try next.variances($0, of: place) }
    }
    (state["mean"], state["log-deviation"]) = (mean, logDeviation)
    let step = run.step
    run = try training(next, mean: mean, logDeviation: logDeviation)
    try run.restore(state, step: step)
    (place, anchor) = (next, weights)
  }

  private func record(_ run: PosteriorTraining<Scalar>, loss: Double?) -> PosteriorRecord {
    PosteriorRecord(
      step: run.step, loss: loss, divergence: run.divergence.value(priorVariance: run.priorVariance),
      priorVariance: run.priorVariance, complexityTerm: (run.complexity / 2).squareRoot())
  }

  private func report(
    _ run: PosteriorTraining<Scalar>, _ note: inout PosteriorProgress, _ anchor: Vector<Scalar>
  ) throws -> ReportedPosterior {
    let seed = settings.objective.seed
    let network = run.batch.network
    progress.begin("draws", total: settings.draws, completed: note.error.draws)
    let (clock, earlier) = (ReportedClock.now, note.drawClock)
    var lastStored = secondsNow()
    var (error, interrupted) = (note.error, false)
    func observe(_ draws: Int) throws {
      progress.advance()
      try Interruption.check()
    }
    do {
      // In parts, so that a run that is killed has lost little.
      while error.draws < settings.draws {
        let end = min(settings.draws, error.draws + (settings.drawsAreWhole ? 20 : 2000))
        if settings.drawsAreWhole {
          let whole = try Objective<Scalar>(
            network: network, dataset: dataset, loss: settings.namedLoss(), pool: pool)
          try WholeDraws(
            posterior: run.posterior, errors: whole.errorFunction(), seed: seed, purpose: "the empirical error"
          ).extend(&error, to: end, observe: observe)
        } else {
          try BatchDraws(posterior: run.posterior, batch: run.batch, seed: seed).extend(
            &error, to: end, observe: observe)
        }
        note.error = error
        note.drawClock = earlier + clock.elapsed
        if secondsNow() - lastStored > 20 {
          try store(run, note, anchor)
          lastStored = secondsNow()
        }
      }
    } catch is Interrupted { interrupted = true }
    note.error = error
    note.drawClock = earlier + clock.elapsed
    progress.finish()
    if interrupted { throw Interrupted(resumption: "") }
    if let test, settings.testDraws > 0 {
      progress.begin("test error", total: settings.testDraws, completed: note.test.draws)
      defer { progress.finish() }
      let whole = try Objective<Scalar>(network: network, dataset: test, loss: settings.namedLoss(), pool: pool)
      try WholeDraws(posterior: run.posterior, errors: whole.errorFunction(), seed: seed, purpose: "the test error")
        .extend(&note.test, to: settings.testDraws, observe: observe)
    }
    try store(run, note, anchor)
    return reported(run, note)
  }

  private func reported(_ run: PosteriorTraining<Scalar>, _ note: PosteriorProgress) -> ReportedPosterior {
    let bound = settings.bound
    let best = bound.complexity(run.divergence, near: run.priorVariance, samples: dataset.count)
    let empirical = bound.empiricalError(mean: note.error.mean, draws: note.error.draws)
    return ReportedPosterior(
      basis: basis.rawValue, definition: basis.summary, epochs: run.epoch, steps: run.step,
      training: settings.description, history: note.history, basisClock: note.basisClock,
      trainingClock: note.trainingClock, drawClock: note.drawClock, error: note.error, empiricalErrorBound: empirical,
      gridIndex: best.gridIndex,
      priorVariance: best.variance, divergence: best.divergence, complexity: best.value,
      bound: bound.error(empirical: empirical, complexity: best.value),
      pinskerBound: bound.pinskerError(empirical: empirical, complexity: best.value),
      test: note.test.draws > 0 ? note.test : nil, squaredMove: run.divergence.squaredMove,
      varianceSum: run.divergence.varianceSum)
  }
}
