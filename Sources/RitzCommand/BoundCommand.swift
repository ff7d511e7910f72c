import ArgumentParser
import Ritz

struct BoundCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bound",
    abstract: "Bounds the error of a network on fresh data.",
    discussion: """
      Trains the network, then a normal distribution of weights around what came out that makes a PAC-Bayes bound small (Dziugaite and \
      Roy 2017), with variances in the coordinates of the weights or of a layer's eigenvectors (Wu et al. 2020). Every constant and \
      assumption is printed, the error of the Monte-Carlo estimate is inside the bound, and measures of sharpness stand beside it.

      MODEL at the parameters it comes with is the mean of the prior, which must not depend on the data: built-in networks are drawn by \
      the seed. Leaves report.html and result.json in a directory. A run that was stopped or killed goes on with --resume DIR and ends \
      with the same bits.
      """)

  @Argument(help: "A built-in network such as mlp:784-600-1, or a .pt2 file.") var model: String?
  @OptionGroup var objective: ObjectiveFlags
  @OptionGroup var execution: ExecutionFlags

  @Flag(help: "Make two classes: labels in the lower half are 0, in the upper half 1; for --loss bce.")
  var binary = false
  @Flag(help: "Replace all labels by random ones, fixed by the seed.") var randomLabels = false
  @Option(
    help: ArgumentHelp("Begin at these weights (.safetensors of 'ritz train') instead of training.", valueName: "file"))
  var weights: String?
  @Flag(help: "Take 0 as the prior's mean, for a MODEL whose parameters are trained.") var zeroPrior = false
  @Option(help: ArgumentHelp("Epochs of training before, by heavy ball.", valueName: "n")) var startEpochs: Double = 20
  @Option(help: ArgumentHelp("Its learning rate.", valueName: "eta")) var startRate: Double = 0.01
  @Option(help: ArgumentHelp("Its momentum.", valueName: "beta")) var startMomentum: Double = 0.9

  @Option(help: ArgumentHelp("standard, kronecker, exact, or several joined by commas.", valueName: "names"))
  var basis: String = "standard"
  @Option(help: ArgumentHelp("Compute the basis anew every n epochs, at the mean as it is then.", valueName: "n"))
  var refresh: Int?
  @Option(
    help: ArgumentHelp(
      "Deviations to begin with: curvature (best for the quadratic model) or weights (their sizes).", valueName: "how"))
  var deviations: String = "curvature"
  @Option(help: ArgumentHelp("Epochs of training the posterior, in each basis.", valueName: "n"))
  var epochs: Double = 200
  @Option(help: ArgumentHelp("The learning rate of RMSprop.", valueName: "eta")) var learningRate: Double = 5e-4
  @Option(help: ArgumentHelp("constant, step:30,60@0.1 (epochs), cosine or cosine:0.01.", valueName: "how"))
  var schedule: String = "cosine:0.01"
  @Option(help: ArgumentHelp("Samples of a step.", valueName: "n")) var batch: Int = 100

  @Option(
    help: ArgumentHelp(
      "Draws of weights, each with a batch of its own; by default 50000, with --whole-draws 500.", valueName: "n"))
  var draws: Int?
  @Flag(help: "Evaluate every draw on all samples.") var wholeDraws = false
  @Option(help: ArgumentHelp("Draws of weights for the error on the test set; 0 for none.", valueName: "n"))
  var testDraws: Int = 100
  @Option(help: ArgumentHelp("The probability with which the bound may fail.", valueName: "p")) var delta: Double =
    0.025
  @Option(help: ArgumentHelp("The same of the Monte-Carlo estimate.", valueName: "p")) var estimateDelta: Double = 0.01
  @Option(help: ArgumentHelp("c of the prior's variances c exp(-j/b).", valueName: "c")) var gridScale: Double = 0.1
  @Option(help: ArgumentHelp("b of the prior's variances.", valueName: "b")) var gridPrecision: Double = 100
  @Option(
    help: ArgumentHelp("Samples to measure sharpness on, the first ones; 0 for none.", valueName: "n"))
  var sharpnessSamples: Int = 2000

  @Option(help: ArgumentHelp("The directory to leave results in.", valueName: "dir")) var output: String?
  @Option(help: ArgumentHelp("Finish the run that was begun in this directory.", valueName: "dir")) var resume: String?
  @Flag(help: "Print result.json instead of a summary.") var json = false
  @Flag(help: "Say nothing on standard error.") var quiet = false

  func validate() throws {
    try requireCounts(
      [("--refresh", refresh), ("--batch", batch), ("--draws", draws)], atMost: 100_000_000)
    try requireCounts(
      [
        ("--test-draws", testDraws == 0 ? nil : testDraws),
        ("--sharpness-samples", sharpnessSamples == 0 ? nil : sharpnessSamples),
      ], atMost: 100_000_000)
    for (name, value) in [("--delta", delta), ("--estimate-delta", estimateDelta)] where !(value > 0 && value < 0.5) {
      throw ValidationError("\(name) is a probability above 0 and below 0.5")
    }
    guard gridScale > 0, gridScale.isFinite, gridPrecision >= 1, gridPrecision <= 1e6 else {
      throw ValidationError("--grid-scale is a positive number, --grid-precision one from 1 to 1000000")
    }
    for (name, value) in [("--epochs", epochs), ("--start-epochs", startEpochs)] where !(value >= 0 && value <= 1e6) {
      throw ValidationError("\(name) must be 0 to 1000000")
    }
    guard InitialDeviation(rawValue: deviations) != nil else {
      throw ValidationError("--deviations is curvature or weights, not '\(deviations)'")
    }
    if try bases() == [.standard], refresh != nil {
      throw ValidationError("--refresh goes with a --basis that is computed: the standard one is always the same")
    }
    if weights != nil && isStartGiven {
      throw ValidationError("--weights is where to begin; beside it --start-epochs and the like have no effect")
    }
    if resume != nil && isGiven {
      throw ValidationError(
        "--resume takes everything from the run that was begun; beside it go --workers, --json and --quiet only")
    }
  }

  private var isStartGiven: Bool { startEpochs != 20 || startRate != 0.01 || startMomentum != 0.9 }

  /// Whether anything is given that would make the run another one.
  private var isGiven: Bool {
    let texts = [model, output, weights].contains { $0 != nil }
    let flags = binary || randomLabels || zeroPrior || wholeDraws
    let training =
      basis != "standard" || refresh != nil || deviations != "curvature" || epochs != 200 || learningRate != 5e-4
      || schedule != "cosine:0.01" || batch != 100
    let constants = delta != 0.025 || estimateDelta != 0.01 || gridScale != 0.1 || gridPrecision != 100
    let measured = draws != nil || testDraws != 100 || sharpnessSamples != 2000
    return texts || flags || isStartGiven || training || constants || measured || objective.isGiven || execution.isGiven
  }

  private func bases() throws -> [WorkingBasis] {
    try basis.split(separator: ",", omittingEmptySubsequences: false).reduce(into: []) { bases, name in
      guard let basis = WorkingBasis(rawValue: String(name)), !bases.contains(basis) else {
        throw ValidationError(
          "--basis is standard, kronecker or exact, each once, joined by commas; not '\(self.basis)'")
      }
      bases.append(basis)
    }
  }

  func run() throws {
    Interruption.install()
    if let resume {
      try BoundRun.perform(
        BoundSettings.read(resume), directory: resume, isResumed: true, pool: execution.pool, prints: prints)
      return
    }
    guard objective.params == nil else {
      throw InputError(place: "--params", "a posterior is over all parameters", remedy: "leave the flag out")
    }
    if zeroPrior, let model, !Network.isBuiltIn(model), isStartGiven {
      throw InputError(
        place: "--zero-prior", "the run begins at the parameters of \(model), without training before",
        remedy: "leave --start-epochs and the like out")
    }
    var settings = BoundSettings(
      objective: try objective.settings(model: model, seed: execution.seed), isBinary: binary,
      hasRandomLabels: randomLabels, weights: weights.map(absolutePath), hasZeroPrior: zeroPrior,
      startEpochs: startEpochs, startRate: startRate, startMomentum: startMomentum, bases: try bases(),
      refreshEpochs: refresh, deviations: InitialDeviation(rawValue: deviations) ?? .curvature, epochs: epochs,
      learningRate: learningRate, schedule: schedule, batch: batch,
      bound: PACBayesBound(
        grid: PriorGrid(scale: gridScale, precision: gridPrecision), delta: delta, estimateDelta: estimateDelta),
      draws: draws ?? (wholeDraws ? 500 : 50_000), drawsAreWhole: wholeDraws, testDraws: testDraws,
      sharpnessSamples: sharpnessSamples,
      precision: .single, microbatch: execution.microbatch,
      command: ["ritz"] + CommandLine.arguments.dropFirst(), fingerprint: 0)
    settings.precision =
      try execution.precision.flatMap(Precision.init) ?? .standard(parameters: settings.network().parameterCount)
    try BoundRun.perform(
      settings, directory: output ?? "runs/bound", isResumed: false, pool: execution.pool, prints: prints)
  }

  private var prints: BoundRun.Prints { BoundRun.Prints(json: json, isQuiet: quiet) }
}
