import Analyses
import Datasets
import Synchronization
import Tensors

/// Runs studies: prepares data, spreads cells over workers, keeps measurements in a cache.
///
///     let runner = StudyRunner(sources: DataSources(["mnist": "data/mnist"]), cache: cache, pool: pool)
///     let study = try runner.run(study, observer: observer)
///
/// The numbers of a cell do not depend on the workers.
public struct StudyRunner: Sendable {
  /// What is told while a study runs, from any thread.
  public struct Observer: Sendable {
    /// The cells there are, and how many of them the cache had.
    public var begin: @Sendable (_ study: Study, _ total: Int, _ cached: Int) -> Void
    /// One more cell is measured.
    public var advance: @Sendable () -> Void
    /// Throws where the work is to be stopped.
    public var interruption: @Sendable () throws -> Void

    public init(
      begin: @escaping @Sendable (Study, Int, Int) -> Void = { _, _, _ in },
      advance: @escaping @Sendable () -> Void = {}, interruption: @escaping @Sendable () throws -> Void = {}
    ) {
      self.begin = begin
      self.advance = advance
      self.interruption = interruption
    }
  }

  /// A study's result, and what it cost.
  public struct Outcome: Sendable {
    public var study: ReportedStudy
    public var cellsMeasured: Int
    public var cellsFromCache: Int
  }

  let sources: DataSources
  let cache: CellCache?
  let pool: WorkerPool

  public init(sources: DataSources, cache: CellCache?, pool: WorkerPool) {
    self.sources = sources
    self.cache = cache
    self.pool = pool
  }

  /// Makes sure that there is something for every name of data in the studies, before any of them runs.
  public func requireData(of studies: [Study]) throws {
    for study in studies {
      for cell in study.cells { _ = try sources.path(of: cell.settings.text("source"), study: study.name) }
    }
  }

  /// - Throws: ``InputError`` where settings or data do not fit; what the observer's interruption throws.
  public func run(_ study: Study, observer: Observer = Observer()) throws -> Outcome {
    let clock = ContinuousClock()
    let begin = clock.now
    let cells = study.cells
    var prepared: [String: StudyData] = [:]
    for cell in cells where prepared[cell.settings.lines(.data)] == nil {
      try observer.interruption()
      prepared[cell.settings.lines(.data)] = try StudyData(cell.settings, sources: sources, study: study.name)
    }
    let data = prepared
    let measurements = try measure(study, cells, data, observer)
    let points = zip(cells, measurements.values).flatMap { cell, measurement in
      measurement.points.map { point in
        var coordinates = cell.coordinates
        coordinates[Study.stepKey] = point.step.map(String.init)
        return ReportedStudyPoint(
          coordinates: coordinates, seed: cell.seed, parameters: measurement.parameters, condition: point.condition,
          route: point.route, bounds: point.bounds, loss: point.loss, seconds: measurement.seconds)
      }
    }
    let summaries = Set(data.values.map(\.dataset.description.summary)).sorted()
    let reported = StudyResult.reported(
      study, points: points, data: summaries, seconds: (clock.now - begin).seconds)
    return Outcome(
      study: reported, cellsMeasured: measurements.measured, cellsFromCache: cells.count - measurements.measured)
  }

  private struct State {
    var values: [CellMeasurement?]
    var failure: (any Error)?
  }

  private func measure(
    _ study: Study, _ cells: [StudyCell], _ data: [String: StudyData], _ observer: Observer
  ) throws -> (values: [CellMeasurement], measured: Int) {
    let texts = cells.map { $0.canonicalText(data: data[$0.settings.lines(.data)]?.fingerprint ?? "") }
    let stored = texts.map { cache?.measurement(of: $0) }
    let missing = cells.indices.filter { stored[$0] == nil }
    observer.begin(study, cells.count, cells.count - missing.count)
    for index in missing {
      guard let own = data[cells[index].settings.lines(.data)] else { continue }
      do {
        try cells[index].requireMemory(
          input: own.dataset.sampleShape, outputs: own.outputs, workers: min(pool.count, missing.count))
      } catch { throw error.inCell(cells[index], of: study) }
    }
    let state = Mutex(State(values: stored))
    pool.run(tasks: missing.count) { task, _ in
      guard state.withLock({ $0.failure == nil }) else { return }
      let index = missing[task]
      let cell = cells[index]
      do {
        try observer.interruption()
        guard let own = data[cell.settings.lines(.data)] else { return }
        let measurement = try cell.measure(own, interruption: observer.interruption)
        try cache?.store(measurement, of: texts[index])
        state.withLock { $0.values[index] = measurement }
        observer.advance()
      } catch {
        let named = (error as? InputError).map { $0.inCell(cell, of: study) } ?? error
        state.withLock { $0.failure = $0.failure ?? named }
      }
    }
    return try state.withLock { state in
      if let failure = state.failure { throw failure }
      return (state.values.compactMap(\.self), missing.count)
    }
  }
}

extension InputError {
  /// The same error, with the study and the cell it happened in.
  fileprivate func inCell(_ cell: StudyCell, of study: Study) -> InputError {
    let place = cell.coordinates.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" } + ["seed \(cell.seed)"]
    var error = self
    error.place = (["study \(study.name), \(place.joined(separator: ", "))"] + [self.place].compactMap(\.self))
      .joined(separator: ": ")
    return error
  }
}
