import ArgumentParser
import Ritz

struct TrackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "track",
    abstract: "Measures how curvature changes over checkpoints of a training made elsewhere.",
    discussion: """
      DIR holds .pt2 files (torch.export.save), or .safetensors files of the network named with --network; they are taken in the natural \
      order of their names, the last number of a name being its step. Leaves the directory of a run, with report.html.
      """)

  @Argument(help: ArgumentHelp("The directory of the checkpoints.", valueName: "dir")) var directory: String
  @Option(
    help: ArgumentHelp(
      "The network whose arrays .safetensors files hold: a built-in one or a .pt2 file.", valueName: "model"))
  var network: String?
  @OptionGroup var objective: ObjectiveFlags
  @OptionGroup var execution: ExecutionFlags
  @OptionGroup var observe: ObserveFlags
  @Option(
    help: ArgumentHelp(
      "The learning rate the training had, for its edge and for predicted changes of the loss.", valueName: "eta"))
  var learningRate: Double?
  @Option(
    help: ArgumentHelp("gd, heavy-ball or nesterov: whose edge the sharpness is held against.", valueName: "name"))
  var optimizer: String = "gd"
  @Option(help: ArgumentHelp("Of heavy-ball and nesterov.", valueName: "beta")) var momentum: Double = 0.9
  @Option(help: ArgumentHelp("Samples of the training's mini-batches.", valueName: "n")) var batch: Int?
  @Option(help: ArgumentHelp("The directory to leave results in.", valueName: "dir")) var output: String?
  @Flag(help: "Say nothing on standard error.") var quiet = false

  func validate() throws {
    try requireCounts([("--batch", batch)], atMost: 1_000_000_000)
    guard ["gd", "heavy-ball", "nesterov"].contains(optimizer) else {
      throw ValidationError("--optimizer is gd, heavy-ball or nesterov, not '\(optimizer)'")
    }
    guard momentum >= 0, momentum < 1 else { throw ValidationError("--momentum must be from 0 to below 1") }
    if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
      throw ValidationError("--learning-rate must be positive")
    }
    if learningRate == nil && (observe.observeLossChange || observe.observeDirections) {
      throw ValidationError("--observe-loss-change and --observe-directions need --learning-rate")
    }
    if observe.observeBatches > 0 && batch == nil {
      throw ValidationError("--observe-batches needs --batch, the size of a mini-batch")
    }
  }

  func run() throws {
    Interruption.install()
    let folder = try CheckpointFolder(directory)
    let needsNetwork = folder.entries.contains { $0.name.hasSuffix(".safetensors") }
    let first = folder.entries[0]
    if needsNetwork && network == nil { _ = try CheckpointFolder.network(of: first, nil) }
    let settings = try objective.settings(model: network ?? first.path, seed: execution.seed)
    let template = try network.map { try objective.network($0, seed: execution.seed) }
    let run = TrackRun(
      folder: folder, template: template, objective: settings, execution: execution, observe: observe, edge: edge,
      learningRate: learningRate, batch: batch, output: output ?? "runs/track", isQuiet: quiet)
    let count = try template?.parameterCount ?? CheckpointFolder.network(of: first, nil).parameterCount
    switch execution.precision.flatMap(Precision.init) ?? .standard(parameters: count) {
    case .single: try run.perform(as: Float.self)
    case .double: try run.perform(as: Double.self)
    }
  }

  private var edge: SharpnessEdge {
    switch optimizer {
    case "heavy-ball": .heavyBall(momentum: momentum)
    case "nesterov": .nesterov(momentum: momentum)
    default: .gradientDescent
    }
  }
}
