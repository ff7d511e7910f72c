import Foundation
import Ritz

/// The observation of a run as it is trained: when, with what, and what it may cost.
struct TrainObservation<Scalar: Real> {
  private var observers: TrajectoryObservers<Scalar>
  private let schedule: ObservationSchedule
  private var book: Book
  private let settings: TrainingSettings
  private let operationsOfStep: Double
  private let hasDensity: Bool
  private let sampleCount: Int

  /// What decides on observations to come, as stored with a run.
  struct Book: Codable {
    var budget: ObservationBudget
    var spikes: SpikeDetector?
  }

  init(
    _ chosen: TrainSettings.Observation, _ settings: TrainSettings, _ network: Network, _ dataset: Dataset,
    _ loss: Loss,
    _ run: TrainingRun<Scalar>, pool: WorkerPool
  ) throws {
    let samples =
      chosen.samples == 0 || chosen.samples >= dataset.count
      ? dataset : dataset.selecting(Array(0..<chosen.samples))
    var execution = settings.objective.execution(microbatch: settings.microbatch)
    execution.batchNormGroup = nil
    observers = try TrajectoryObservers(
      network: network, modes: chosen.modes, dataset: samples, loss: loss, execution: execution,
      settings: chosen.settings,
      batchSize: settings.training.batchSize < dataset.count ? settings.training.batchSize : nil, pool: pool)
    sampleCount = dataset.count
    schedule = chosen.schedule
    self.settings = settings.training
    hasDensity = chosen.settings.quadrature != nil
    operationsOfStep = try run.batch.operations()
    book = Book(
      budget: ObservationBudget(
        fraction: chosen.budget, planned: operationsOfStep * Double(settings.training.steps),
        forecast: try observers.forecast()), spikes: chosen.schedule.spike.map(SpikeDetector.init))
  }

  /// Observes the point that a step began at, where one is due.
  mutating func observe(_ step: TrainingStep<Scalar>, _ run: TrainingRun<Scalar>) throws -> [RunMeasurement] {
    let isSpike = book.spikes?.isSpike(step.loss) ?? false
    defer { book.budget.train(operations: operationsOfStep) }
    let reason: ObservationReason
    if step.step == 0 {
      reason = .start
    } else if schedule.isDue(step: step.step, stepsPerEpoch: run.stepsPerEpoch) {
      reason = .schedule
    } else if isSpike {
      reason = .spike
    } else {
      return []
    }
    let moment = TrajectoryMoment(
      step: step.step, epoch: step.epoch, reason: reason, parameters: step.parameters, literals: step.literals,
      optimizer: context(
        run, learningRate: step.learningRate, stepsDone: step.step + 1, update: step.update, updateIsNext: true))
    return try measure(moment)
  }

  /// Observes the point that training ended at.
  mutating func observeEnd(_ run: TrainingRun<Scalar>) throws -> [RunMeasurement] {
    let last = max(0, run.step - 1)
    return try measure(
      TrajectoryMoment(
        step: run.step, epoch: run.epoch, reason: .end, parameters: run.parameters, literals: run.literals,
        optimizer: context(run, learningRate: settings.learningRate(ofStep: last), stepsDone: run.step)))
  }

  private func context(
    _ run: TrainingRun<Scalar>, learningRate: Double, stepsDone: Int, update: Vector<Scalar>? = nil,
    updateIsNext: Bool = false
  ) -> OptimizerContext<Scalar> {
    OptimizerContext(
      learningRate: learningRate, batchSize: settings.batchSize, sampleCount: sampleCount,
      edge: settings.optimizer.edge,
      weightDecay: settings.isDecayDecoupled ? .decoupled(settings.weightDecay) : .coupled(settings.weightDecay),
      preconditioner: stepsDone > 0 ? run.optimizer.preconditioner(after: stepsDone - 1) : nil, update: update,
      updateIsNext: updateIsNext, velocity: run.optimizer.velocity)
  }

  private mutating func measure(_ moment: TrajectoryMoment<Scalar>) throws -> [RunMeasurement] {
    let decision = book.budget.decide(moment.reason, wantsDensity: hasDensity)
    guard decision != .skip else { return [] }
    let observation = try observers.measure(
      at: moment, includesDensity: decision == .whole || !hasDensity, interruption: { try Interruption.check() })
    book.budget.record(operations: observation.operations, hasDensity: decision == .whole)
    return observation.measurements
  }

  /// What became of the observations that were due.
  var summary: String {
    let budget = book.budget
    let left = budget.skipped > 0 ? ", \(budget.skipped) left out as dearer than the budget" : ""
    if budget.made == 0, budget.skipped > 0, let least = budget.leastShare {
      return
        "no observation: even one takes about \(Int((100 * least).rounded())) % of the training's work, more than --observe-budget allows; "
        + "observe fewer samples or eigenpairs, or raise it"
    }
    let share = budget.share.map { ", \(($0 * 1000).rounded() / 10) % of the training's work" } ?? ""
    return "\(budget.made) observations\(left)\(share)"
  }

  /// What the stored state has of it: the book as text, and the observers' own state.
  var stored: (book: String, snapshot: KrylovSnapshot<Scalar>) {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return (String(decoding: try encoder.encode(book), as: UTF8.self), observers.state)
    }
  }

  mutating func restore(_ stored: TrainState.Stored, _ state: TrainState) throws {
    guard let text = stored.file.metadata["book"], let name = stored.file.metadata["observers"],
      let book = try? JSONDecoder().decode(Book.self, from: Data(text.utf8))
    else {
      throw InputError(file: stored.file.path, "holds no state of the observations", remedy: "start the run anew")
    }
    try observers.restore(state.snapshot(name))
    self.book = book
  }
}
