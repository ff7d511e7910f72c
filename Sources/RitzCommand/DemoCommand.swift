import ArgumentParser
import Foundation
import Ritz

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Trains a small network on the embedded digits and measures its Hessian and Gauss-Newton matrix.",
    discussion: "Takes a few seconds and needs no files.")

  @Option(help: ArgumentHelp("The directory to leave results in.", valueName: "dir")) var output: String = "runs/demo"
  @Option(help: ArgumentHelp("Worker threads.", valueName: "n")) var workers: Int?
  @Option(help: ArgumentHelp("Steps of momentum descent.", valueName: "n")) var trainingSteps: Int = 80
  @Option(help: ArgumentHelp("Seed of every random stream.", valueName: "n")) var seed: UInt64 = 0
  @Flag(help: "Print result.json instead of a summary.") var json = false
  @Flag(help: "Say nothing on standard error.") var quiet = false

  func validate() throws {
    try requireCounts([("--workers", workers)], atMost: 1024)
    try requireCounts([("--training-steps", trainingSteps)])
  }

  func run() throws {
    Interruption.install()
    let model = "mlp:64-20-10,tanh"
    let settings = ObjectiveSettings(
      model: model, data: "digits", loss: "cross-entropy", split: nil, samples: nil, standardise: "mean-std",
      params: nil,
      seed: seed)
    let pool = WorkerPool(count: workers ?? WorkerPool.processorCount)
    let network = try settings.network()
    // An output that cannot be written is known before the training.
    _ = try OutputDirectory(output)
    let trained = try train(network, settings, pool)
    let run = RunSettings(
      objective: settings, operators: ["hessian", "ggn"],
      request: SpectrumRequest(
        top: 20, bottom: 5, skipsNullSpace: true, quadrature: QuadratureOptions(seed: seed), trace: .quadrature,
        seed: seed),
      precision: .double, precisionReason: "the network is small", microbatch: nil,
      command: ["ritz"] + CommandLine.arguments.dropFirst(), fingerprint: 0, storesParameters: true,
      title: "Demo: a small network trained on 8×8 digits")
    _ = try SpectrumRun.perform(
      run, network: trained, directory: output, isResumed: false, pool: pool,
      SpectrumRun.Reporting(json: json, quiet: quiet))
  }

  private func train(_ network: Network, _ settings: ObjectiveSettings, _ pool: WorkerPool) throws -> Network {
    let objective = try Objective<Double>(
      network: network, dataset: settings.dataset(), loss: settings.namedLoss(), pool: pool)
    let progress = quiet ? ProgressReporter.silent() : ProgressReporter.standardError()
    progress.begin("training by momentum descent", total: trainingSteps)
    let descent = MomentumDescent(learningRate: 0.1, momentum: 0.9, steps: trainingSteps)
    let parameters = try descent.train(objective) { _, _ in
      try Interruption.check()
      progress.advance()
    }
    progress.finish()
    return try network.withParameters(parameters)
  }
}
