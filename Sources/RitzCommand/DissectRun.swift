import Foundation
import Ritz

/// A run of `ritz dissect` from its models to its directory.
struct DissectRun {
  var models: [DissectedModel]
  var settings: DissectionSettings
  var execution: ExecutionFlags
  var output: String
  var storesVectors: Bool
  /// What is stored of the command; with fingerprints where an earlier session has begun it.
  var begun: DissectSettings
  var progress: ProgressReporter

  func perform() throws -> DissectionReport {
    let count = models.map(\.network.parameterCount).max() ?? 0
    switch execution.precision.flatMap(Precision.init) ?? .standard(parameters: count) {
    case .single: return try perform(as: Float.self)
    case .double: return try perform(as: Double.self)
    }
  }

  private func perform<Scalar: Real>(as type: Scalar.Type) throws -> DissectionReport {
    let pool = execution.pool
    // A model or data that do not fit are known before hours of work, and before the run leaves a trace.
    for model in models { _ = try objective(of: model, pool, as: type).linearLayers() }
    let warnings = try differingData()
    let fingerprints = try models.map { fingerprint($0.network, try $0.dataset()) }
    let isResumed = !begun.fingerprints.isEmpty
    guard !isResumed || begun.fingerprints == fingerprints else {
      throw InputError(
        file: output, "the models or their data have changed since the run was begun", remedy: "start the run anew")
    }
    let directory = try OutputDirectory(output)
    let parts = try StoredParts(directory, of: DissectSettings.self)
    for name in [SpectrumRun.resultFile, "report.html", "arrays.npz"] {
      try? FileManager.default.removeItem(atPath: directory.path(name))
    }
    if !isResumed {
      parts.clear()
      var settings = begun
      settings.fingerprints = fingerprints
      try settings.write(to: directory)
    }
    let arrays = try NumpyArchiveWriter(directory.path("arrays.npz"))
    var pending: [NamedDissection<Scalar>] = []
    var reported: [ReportedDissection] = []
    var comparisons: [ReportedComparison] = []
    var comparisonSeconds = 0.0
    do {
      for (index, model) in models.enumerated() {
        let stored = DissectedParts<Scalar>(parts, model: index)
        let objective = try objective(of: model, pool, as: type)
        let dissection = try objective.dissect(
          settings, storage: stored.storage, observer: observer(model.name), interruption: { try Interruption.check() })
        let loss = try objective.lossAndGradient().loss
        let context = ReportedDissection.Context(
          name: model.name, model: model.source, modelFormat: model.format, loss: loss,
          accuracy: try objective.accuracy(), seconds: stored.seconds)
        reported.append(
          ReportedDissection(
            objective, dataset: try model.dataset(), dissection, top: settings.top, context: context))
        let named = NamedDissection(name: model.name, dissection)
        try DissectionArrays.write(named, top: settings.top, storesVectors: storesVectors, to: arrays)
        pending.append(named)
        // Eigenvectors are let go once all models of their network have been compared.
        let group = groups[index]
        guard groups.lastIndex(of: group) == index else { continue }
        let names = Set(models.indices.filter { groups[$0] == group }.map { models[$0].name })
        progress.begin("comparing eigenspaces", total: nil)
        let start = secondsNow()
        comparisons += try DissectionComparisons.all(
          pending.filter { names.contains($0.name) }, top: settings.top, pool: pool)
        pending.removeAll { names.contains($0.name) }
        comparisonSeconds += secondsNow() - start
      }
    } catch is Interrupted {
      progress.finish()
      throw Interrupted(resumption: "go on with: ritz dissect --resume \(directory.path)")
    }
    progress.finish()
    try arrays.finish()
    let report = DissectionReport(
      command: ["ritz", "dissect"] + begun.arguments,
      tool: ReportedTool(version: SpectrumRun.version, libraries: ["numerics": LinearAlgebraLibrary.description]),
      execution: ReportedDissectionExecution(
        precision: Scalar.precisionName, workers: pool.count, seed: execution.seed,
        seconds: reported.reduce(0) { $0 + $1.seconds } + comparisonSeconds,
        products: reported.reduce(0) { $0 + $1.products }, peakMemoryBytes: peakMemoryBytes()),
      conventions: conventions, models: reported, comparisons: comparisons, warnings: warnings)
    try write(report, to: directory)
    parts.clear()
    return report
  }

  /// Models that are compared although the samples or labels they are measured on are not the same.
  private func differingData() throws -> [String] {
    var first: [Int: (name: String, checksum: UInt32)] = [:]
    var warnings: [String] = []
    for (group, model) in zip(groups, models) {
      let checksum = try model.dataset().checksum()
      guard let other = first[group] else {
        first[group] = (model.name, checksum)
        continue
      }
      if other.checksum != checksum {
        warnings.append(
          "\(other.name) and \(model.name) are measured on different samples or labels: what differs between them may be the data's"
        )
      }
    }
    return warnings
  }

  /// For each model a number that those of networks with the same parameters share.
  private var groups: [Int] {
    func key(_ model: DissectedModel) -> [String] { model.network.parameters.map { "\($0.name) \($0.shape)" } }
    let keys = models.map(key)
    return keys.map { key in keys.firstIndex(of: key) ?? 0 }
  }

  private func objective<Scalar: Real>(
    of model: DissectedModel, _ pool: WorkerPool, as type: Scalar.Type
  ) throws -> Objective<Scalar> {
    try Objective(
      network: model.network, dataset: model.dataset(), loss: model.objective.namedLoss(),
      selection: model.objective.selection(of: model.network),
      options: model.objective.execution(microbatch: execution.microbatch), pool: pool)
  }

  private func observer(_ model: String) -> DissectionObserver {
    var current = ""
    var before = 0
    return DissectionObserver { [progress, isAlone = models.count == 1] stage, done, total in
      if stage != current {
        progress.begin(isAlone ? stage : "\(model): \(stage)", total: total > 0 ? total : nil, completed: done)
        (current, before) = (stage, done)
      }
      progress.advance(by: done - before)
      before = done
    }
  }

  private var conventions: [String: String] {
    var result = DissectionConventions.all
    result["tolerance"] = "residuals up to \(settings.tolerance) of a block's largest |eigenvalue| count as converged"
    let approximations = settings.approximations.compactMap { OperatorKind(rawValue: $0.rawValue) }
    for kind in settings.operators + approximations {
      result["operator " + kind.rawValue] = settings.options.definition(of: kind)
    }
    return result
  }

  private func write(_ report: DissectionReport, to directory: OutputDirectory) throws {
    let figures = try directory.directory("figures")
    for (name, svg) in DissectionFigures.all(report) { try figures.write(svg, to: name + ".svg") }
    try directory.write(DissectionPage.html(report), to: "report.html")
    // Last, as it says that the rest is there.
    try directory.write(Array(try ResultFile.encode(report)), to: SpectrumRun.resultFile)
  }
}

/// `arrays.npz` of `ritz dissect`: the names are a contract with scripts outside this repository; see docs/result-schema.md.
enum DissectionArrays {
  static func write<Scalar: Real>(
    _ model: NamedDissection<Scalar>, top: Int, storesVectors: Bool, to writer: NumpyArchiveWriter
  ) throws {
    for layer in model.dissection.layers {
      let prefix = "\(model.name)/\(layer.layer.name)/"
      for (index, (kind, pairs)) in layer.spectra.enumerated() {
        let shown = Array(pairs.top.prefix(top))
        let name = prefix + kind.rawValue + "/"
        try writer.add(name + "eigenvalues", shown.map(\.value))
        try writer.add(name + "residuals", shown.map(\.residual))
        if layer.shapes.indices.contains(index) {
          let shapes = layer.shapes[index]
          try add(shapes.map(\.inputShares), name + "input_shares", to: writer)
          try add(shapes.map(\.outputShares), name + "output_shares", to: writer)
          try writer.add(name + "rank_one_shares", shapes.map(\.rankOneShare))
        }
        if storesVectors {
          let matrices = shown.map { layer.layer.matrix(of: $0.vector).elements.map { Scalar($0) } }
          try writer.add(
            name + "vectors", shape: [shown.count, layer.layer.outputs, layer.layer.inputWidth],
            matrices.flatMap { $0 })
        }
      }
      for approximation in layer.approximations {
        try writer.add(
          prefix + approximation.name + "/eigenvalues", approximation.pairs.prefix(top).map(\.value))
      }
    }
  }

  private static func add(_ rows: [[Double]], _ name: String, to writer: NumpyArchiveWriter) throws {
    guard let width = rows.first?.count else { return }
    try writer.add(name, shape: [rows.count, width], rows.flatMap { $0 })
  }
}
