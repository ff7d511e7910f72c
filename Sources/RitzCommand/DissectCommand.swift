import ArgumentParser
import Foundation
import Ritz

struct DissectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dissect",
    abstract: "Takes the curvature of one or several models apart by layers.",
    discussion: """
      A MODEL is a .pt2 file, a built-in network, the directory of a 'ritz train' run (its last checkpoint), a .safetensors file, or a \
      directory of checkpoints, each of which is a model. Leading eigenspaces of every layer's block are compared between models, operators and \
      with the Kronecker product of the layer's factors. Without --data every MODEL is a run, measured on the data it was trained on. Leaves a \
      directory with result.json, arrays.npz, figures and report.html. What was stopped goes on with --resume DIR behind the last layer that was done.
      """)

  @Argument(help: "Models, runs, checkpoints or directories of checkpoints.") var models: [String] = []
  @Option(
    help: ArgumentHelp(
      "The network whose arrays .safetensors files hold: a built-in one or a .pt2 file.", valueName: "model"))
  var network: String?
  @OptionGroup var objective: ObjectiveFlags
  @OptionGroup var execution: ExecutionFlags

  @Option(
    help: ArgumentHelp(
      "Operators by the names of 'ritz spectrum', joined by commas; the first is shown in most detail.",
      valueName: "names"))
  var operators: String = DissectionSettings.standardOperators.map(\.rawValue).joined(separator: ",")
  @Option(
    help: ArgumentHelp(
      "Kronecker approximations to judge beside the decoupled one: kfac-expand, kfac-reduce, ekfac, shampoo, or none.",
      valueName: "names"))
  var approximations: String = DissectionSettings.standardApproximations.map(\.rawValue).joined(separator: ",")
  @OptionGroup var options: OperatorOptionFlags
  @Option(help: ArgumentHelp("The K largest eigenpairs of each block.", valueName: "k")) var top: Int = 20
  @Option(help: ArgumentHelp("Residual tolerance relative to a block's largest eigenvalue.", valueName: "t"))
  var tolerance: Double = 1e-3
  @Option(help: ArgumentHelp("Products to spend on the eigenpairs of a block at most.", valueName: "n"))
  var maxProducts: Int?
  @Option(help: ArgumentHelp("Eigenvectors of each factor to hold eigenvectors against.", valueName: "j"))
  var factorVectors: Int = 20
  @Option(help: ArgumentHelp("Random vectors for the errors of approximations.", valueName: "n")) var probes: Int = 8
  @Option(
    help: ArgumentHelp("Damping of inverses, relative to a block's largest eigenvalue.", valueName: "d"))
  var damping: Double = 0.01
  @Flag(help: "Take each layer's bias into its block.") var bias = false
  @Option(help: ArgumentHelp("Replace this fraction of the labels of --data, fixed by the seed.", valueName: "p"))
  var labelNoise: Double?

  @Flag(help: "Store the eigenvectors in arrays.npz.") var vectors = false
  @Option(help: ArgumentHelp("The directory to leave results in.", valueName: "dir")) var output: String =
    "runs/dissect"
  @Option(help: ArgumentHelp("Finish the dissection that was begun in this directory.", valueName: "dir"))
  var resume: String?
  @Flag(help: "Print result.json instead of a summary.") var json = false
  @Flag(help: "End with exit code 3 where an eigenpair did not converge.") var strict = false
  @Flag(help: "Say nothing on standard error.") var quiet = false

  func validate() throws {
    try requireCounts([("--top", top), ("--factor-vectors", factorVectors)], atMost: 10_000)
    try requireCounts([("--probes", probes), ("--max-products", maxProducts)])
    guard tolerance > 0, tolerance < 1 else { throw ValidationError("--tolerance must be above 0 and below 1") }
    guard damping > 0, damping.isFinite else { throw ValidationError("--damping must be a positive number") }
    // The decoupled one beside which all others are judged is always that of the Gauss-Newton matrix.
    let others = approximations.split(separator: ",").filter { $0 != KroneckerMethod.decoupled.rawValue }
    try options.require(anyOf: (operators.split(separator: ",") + others).map(String.init))
    if resume != nil && isGiven {
      throw ValidationError(
        "--resume takes everything from the run that was begun; beside it go --workers, --json, --strict and --quiet only"
      )
    }
    if labelNoise != nil && objective.data == nil {
      throw ValidationError("--label-noise goes with --data: a run has its own labels")
    }
    if let labelNoise, !(labelNoise >= 0 && labelNoise <= 1) {
      throw ValidationError("--label-noise must be from 0 to 1")
    }
  }

  /// Whether anything is given that would make the run another one.
  private var isGiven: Bool {
    let standard = DissectionSettings()
    let lists =
      operators != standard.operators.map(\.rawValue).joined(separator: ",")
      || approximations != standard.approximations.map(\.rawValue).joined(separator: ",")
    let numbers =
      top != standard.top || tolerance != standard.tolerance || maxProducts != nil
      || factorVectors != standard.factorVectors || probes != standard.probes || damping != standard.damping
    return !models.isEmpty || network != nil || objective.isGiven || execution.isGiven || options.isGiven
      || lists || numbers || bias
      || labelNoise != nil || vectors || output != "runs/dissect"
  }

  func run() throws {
    Interruption.install()
    guard let resume else {
      let arguments = CommandLine.arguments.dropFirst(2)
      try perform(
        DissectSettings(
          arguments: Array(arguments), workingDirectory: FileManager.default.currentDirectoryPath))
      return
    }
    let directory = absolutePath(resume)
    let begun = try DissectSettings.read(directory)
    if FileBytes.exists(directory + "/" + SpectrumRun.resultFile) {
      print("the run is complete; results in \(resume): report.html, result.json, arrays.npz, figures")
      return
    }
    guard FileManager.default.changeCurrentDirectoryPath(begun.workingDirectory) else {
      throw InputError(
        file: directory, "the run was begun in \(begun.workingDirectory), which is not there any more",
        remedy: "start the run anew")
    }
    var command = try Self.parse(begun.arguments)
    command.output = directory
    command.execution.workers = execution.workers
    (command.json, command.strict, command.quiet) = (json, strict, quiet)
    try command.perform(begun)
  }

  private func perform(_ begun: DissectSettings) throws {
    guard !models.isEmpty else {
      throw ValidationError("a MODEL is needed: a .pt2 file, a built-in network, or the directory of a run")
    }
    let settings = DissectionSettings(
      operators: try kinds(), approximations: try methods(), top: top, includesBias: bias, tolerance: tolerance,
      maximumProducts: maxProducts,
      factorVectors: factorVectors, probes: probes, damping: damping,
      options: options.options(seed: execution.seed), seed: execution.seed)
    let chosen = try DissectedModel.all(
      models, objective, execution, network: network, labelNoise: labelNoise ?? 0)
    let report = try DissectRun(
      models: chosen, settings: settings, execution: execution, output: output, storesVectors: vectors,
      begun: begun,
      progress: quiet ? .silent() : .standardError()
    ).perform()
    if json {
      print(String(decoding: try ResultFile.encode(report), as: UTF8.self), terminator: "")
    } else {
      print(DissectionSummary.text(report), terminator: "")
      print("\nresults in \(output): report.html, result.json, arrays.npz, figures")
    }
    if strict && !report.models.allSatisfy(isConverged) { throw ExitCode(3) }
  }

  private func isConverged(_ model: ReportedDissection) -> Bool {
    model.layers.allSatisfy { layer in layer.spectra.allSatisfy { $0.converged == $0.eigenvalues.count } }
  }

  private func kinds() throws -> [OperatorKind] {
    var kinds: [OperatorKind] = []
    for name in operators.split(separator: ",") {
      let kind = try OperatorKind(named: String(name))
      guard kind.actsOnParameters, !kind.isClassPart, kind.approximation == nil else {
        throw InputError(
          place: "--operators", "'\(name)' has no blocks of layers",
          remedy:
            "choose some of hessian, ggn, functional, gradient-second-moment, gradient-covariance, fisher and fisher-mc"
        )
      }
      if !kinds.contains(kind) { kinds.append(kind) }
    }
    guard !kinds.isEmpty else { throw ValidationError("--operators names none") }
    return kinds
  }

  private func methods() throws -> [KroneckerMethod] {
    if approximations == "none" { return [] }
    return try approximations.split(separator: ",").reduce(into: []) { methods, name in
      guard let method = KroneckerMethod(rawValue: String(name)), !methods.contains(method) else {
        throw InputError(
          place: "--approximations \(approximations)", "'\(name)' is no approximation, or one given twice",
          remedy: "choose some of " + KroneckerMethod.allCases.map(\.rawValue).joined(separator: ", ") + ", or none")
      }
      // It is there without being asked for.
      if method != .decoupled { methods.append(method) }
    }
  }
}
