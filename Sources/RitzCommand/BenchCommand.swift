import ArgumentParser
import Foundation
import Ritz

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Times gradients and products on a network and data.",
    discussion: """
      Prints one JSON line for each quantity, the median of several runs after one that is not counted: forward, gradient, hvp \
      (nothing kept between products), hvp_kept (the linearisation kept), ggnvp, ggnvp_kept, and density_10x90 (Lanczos with 10 \
      probes of 90 steps) where it is asked for or takes less than a minute.
      """)

  @Argument(help: "A .pt2 file, or a built-in network such as mlp:784-200-10.") var model: String
  @OptionGroup var objective: ObjectiveFlags
  @OptionGroup var execution: ExecutionFlags
  @Option(help: ArgumentHelp("Runs of each quantity; the median counts.", valueName: "n")) var runs: Int = 7
  @Option(help: ArgumentHelp("Quantities, separated by commas; all where not given.", valueName: "list")) var what:
    String?

  static let quantities = ["forward", "gradient", "hvp", "hvp_kept", "ggnvp", "ggnvp_kept", "density_10x90"]

  func validate() throws {
    try requireCounts([("--runs", runs)])
    for name in asked where !Self.quantities.contains(name) {
      throw ValidationError("there is no quantity '\(name)': choose from \(Self.quantities.joined(separator: ", "))")
    }
  }

  private var asked: [String] { what.map { $0.split(separator: ",").map(String.init) } ?? Self.quantities }

  func run() throws {
    let settings = try objective.settings(model: model, seed: execution.seed)
    // Speed is quoted in single precision unless told, as other tools' is.
    let precision = execution.precision.flatMap(Precision.init) ?? .single
    switch precision {
    case .single: try run(settings, as: Float.self)
    case .double: try run(settings, as: Double.self)
    }
  }

  private func run<Scalar: Real>(_ settings: ObjectiveSettings, as type: Scalar.Type) throws {
    let network = try settings.network()
    let dataset = try settings.dataset()
    let pool = execution.pool
    func objective(residualBytes: Int) throws -> Objective<Scalar> {
      try Objective(
        network: network, dataset: dataset, loss: settings.namedLoss(), selection: settings.selection(of: network),
        options: settings.execution(microbatch: execution.microbatch, residualBytes: residualBytes), pool: pool)
    }
    let kept = try objective(residualBytes: ExecutionOptions().residualBytes)
    let vector = kept.space.random(.gaussian, from: RandomStream(seed: execution.seed, purpose: "bench"))
    var keptSeconds: Double?
    for name in asked {
      switch name {
      case "forward":
        let function = try kept.lossFunction()
        try say(name, settings, kept) { _ = try function(kept.parameters) }
      case "gradient":
        let function = try kept.gradientFunction()
        try say(name, settings, kept) { _ = try function(kept.parameters) }
      case "hvp", "ggnvp":
        let operation = try objective(residualBytes: 0).curvature(name == "hvp" ? .hessian : .gaussNewton)
        try say(name, settings, kept) { _ = try operation.apply(vector) }
      case "hvp_kept", "ggnvp_kept":
        let operation = try kept.curvature(name == "hvp_kept" ? .hessian : .gaussNewton)
        let seconds = try say(name, settings, kept) { _ = try operation.apply(vector) }
        if name == "hvp_kept" { keptSeconds = seconds }
      default:
        if what == nil, let keptSeconds, keptSeconds * 900 > 60 { continue }
        try density(settings, kept)
      }
    }
  }

  private func density<Scalar: Real>(_ settings: ObjectiveSettings, _ objective: Objective<Scalar>) throws {
    let begin = secondsNow()
    let operation = try objective.hessian()
    var quadrature = try StochasticLanczosQuadrature(
      space: operation.space, options: QuadratureOptions(seed: execution.seed))
    let sample = try quadrature.run(operation)
    _ = try SpectralDensity(sample)
    printRow("density_10x90", settings, objective, seconds: secondsNow() - begin)
  }

  @discardableResult
  private func say<Scalar: Real>(
    _ name: String, _ settings: ObjectiveSettings, _ objective: Objective<Scalar>, _ body: () throws -> Void
  ) throws -> Double {
    try body()
    var times: [Double] = []
    for _ in 0..<runs {
      let begin = secondsNow()
      try body()
      times.append(secondsNow() - begin)
    }
    let median = times.sorted()[times.count / 2]
    printRow(name, settings, objective, seconds: median)
    return median
  }

  private struct Row: Codable {
    var `case`: String
    var tool = "ritz"
    var what: String
    var seconds: Double
    var parameters: Int
    var samples: Int
    var precision: String
    var workers: Int
    var microbatch: Int
    var tasks: Int
  }

  private func printRow<Scalar: Real>(
    _ name: String, _ settings: ObjectiveSettings, _ objective: Objective<Scalar>, seconds: Double
  ) {
    let row = Row(
      case: caseName(settings.model), what: name, seconds: (seconds * 1e5).rounded() / 1e5,
      parameters: objective.dimension,
      samples: objective.effectiveSamples, precision: Scalar.precisionName, workers: objective.pool.count,
      microbatch: objective.schedule.microbatch, tasks: objective.schedule.tasks)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(row) else { return }
    print(String(decoding: text, as: UTF8.self))
    // Whoever reads a pipe gets each row when it is there.
    fflush(nil)
  }

  /// The folder of a file called `model.pt2`, the name of other files without their ending.
  private func caseName(_ model: String) -> String {
    if Network.isBuiltIn(model) { return model }
    let url = URL(fileURLWithPath: model)
    let stem = url.deletingPathExtension().lastPathComponent
    return stem == "model" ? url.deletingLastPathComponent().lastPathComponent : stem
  }
}
