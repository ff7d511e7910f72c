import ArgumentParser
import Foundation
import Ritz

struct SpectrumCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spectrum",
    abstract: "Measures eigenvalues, density and trace of a network's Hessian and its relatives.",
    discussion: """
      With no choice of quantities: the density, the 10 largest and 5 smallest eigenpairs and the trace. Leaves a directory with \
      result.json, arrays.npz, figures and report.html.
      """)

  @Argument(help: "A .pt2 file, or a built-in network such as mlp:784-200-10.") var model: String?
  @OptionGroup var objective: ObjectiveFlags
  @OptionGroup var execution: ExecutionFlags

  @OptionGroup var operation: OperatorFlags
  @Option(help: ArgumentHelp("With --per: random probes of the mass between the blocks.", valueName: "n"))
  var blockMass: Int?
  @Option(help: ArgumentHelp("The K largest eigenpairs.", valueName: "k")) var top: Int?
  @Option(help: ArgumentHelp("The K smallest eigenpairs.", valueName: "k")) var bottom: Int?
  @Flag(help: "The spectral density.") var density = false
  @Flag(help: "All eigenvalues, from the dense matrix (small networks).") var exact = false
  @Option(help: ArgumentHelp("The trace by quadrature, hutchinson or hutch++.", valueName: "method")) var trace: String?

  @Option(help: ArgumentHelp("The diagonal: exact where known, else from N random probes.", valueName: "n"))
  var diagonal: Int?

  @Option(help: ArgumentHelp("Residual tolerance relative to the largest |eigenvalue|.", valueName: "t")) var tolerance:
    Double?
  @Option(help: ArgumentHelp("Vectors the eigensolver multiplies at once.", valueName: "n")) var block: Int = 1
  @Option(help: ArgumentHelp("Products the eigensolver may spend.", valueName: "n")) var maxProducts: Int?
  @Option(help: ArgumentHelp("Random probes of the density.", valueName: "n")) var probes: Int = 10
  @Option(help: ArgumentHelp("Lanczos steps of each probe.", valueName: "n")) var steps: Int = 90
  @Option(help: ArgumentHelp("Standard deviation of the density's kernel.", valueName: "s")) var sigma: Double?
  @Option(help: ArgumentHelp("'google' for the density as google/spectral-density defines it.", valueName: "tool"))
  var compatible: String?
  @Option(help: ArgumentHelp("Random probes of the trace.", valueName: "n")) var traceProbes: Int = 30

  @Option(help: ArgumentHelp("The directory to leave results in.", valueName: "dir")) var output: String?
  @Option(help: ArgumentHelp("Finish the run that was begun in this directory.", valueName: "dir")) var resume: String?
  @Flag(help: "Print result.json instead of a summary.") var json = false
  @Flag(help: "End with exit code 3 where an eigenpair did not converge.") var strict = false
  @Flag(help: "Say nothing on standard error.") var quiet = false

  func validate() throws {
    try requireCounts([
      ("--top", top), ("--bottom", bottom), ("--probes", probes), ("--steps", steps), ("--block", block),
      ("--trace-probes", traceProbes), ("--block-mass", blockMass), ("--diagonal", diagonal),
    ])
    try requireCounts([("--max-products", maxProducts)], atMost: 1_000_000_000)
    if let tolerance, !(tolerance > 0 && tolerance < 1) { throw ValidationError("--tolerance must be between 0 and 1") }
    if let sigma, !(sigma > 0 && sigma.isFinite) { throw ValidationError("--sigma must be positive") }
    if let compatible, compatible != "google" { throw ValidationError("--compatible knows 'google' only") }
    if let trace, TraceChoice(rawValue: trace) == nil {
      throw ValidationError("--trace is quadrature, hutchinson or hutch++, not '\(trace)'")
    }
    if blockMass != nil && operation.per == nil { throw ValidationError("--block-mass goes with --per") }
    if resume != nil {
      guard !contradictsResume else {
        throw ValidationError(
          "--resume takes everything from the run that was begun; beside it go --workers, --json, --strict and --quiet only"
        )
      }
    }
  }

  /// Whether anything is given that would make the run another one.
  private var contradictsResume: Bool {
    let hasOwnInput =
      model != nil || output != nil || objective.isGiven || execution.isGiven
      || operation.isGiven || blockMass != nil
    let hasOwnQuantities =
      top != nil || bottom != nil || density || exact || trace != nil
      || diagonal != nil || traceProbes != 30
    let hasOwnOptions =
      tolerance != nil || block != 1 || maxProducts != nil || probes != 10 || steps != 90 || sigma != nil
      || compatible != nil
    return hasOwnInput || hasOwnQuantities || hasOwnOptions
  }

  func run() throws {
    Interruption.install()
    let reporting = SpectrumRun.Reporting(json: json, quiet: quiet)
    let report: SpectrumReport
    if let resume {
      report = try SpectrumRun.resume(resume, workers: execution.workers, reporting)
    } else {
      let kind = try operation.kind()
      let settings = try objective.settings(model: model, seed: execution.seed)
      report = try SpectrumRun.start(
        settings, operators: [kind.rawValue], operatorSettings, request: request, execution: execution, output: output,
        reporting)
    }
    let converged = report.operators.allSatisfy { (($0.top ?? []) + ($0.bottom ?? [])).allSatisfy(\.converged) }
    if strict && !converged { throw ExitCode(3) }
  }

  private var operatorSettings: OperatorSettings {
    var settings = operation.settings
    settings.blockMassProbes = blockMass
    return settings
  }

  private var request: SpectrumRequest {
    let asked = top != nil || bottom != nil || density || exact || trace != nil || diagonal != nil
    let hasDensity = density || !asked
    return SpectrumRequest(
      top: top ?? (asked ? 0 : 10), bottom: bottom ?? (asked ? 0 : 5), skipsNullSpace: !asked, tolerance: tolerance,
      blockSize: block, maximumProducts: maxProducts,
      quadrature: hasDensity ? QuadratureOptions(probes: probes, steps: steps, seed: execution.seed) : nil,
      density: DensityOptions(kernelWidth: sigma), isGoogleCompatible: compatible == "google",
      trace: trace.flatMap(TraceChoice.init) ?? (hasDensity ? .quadrature : nil), traceProbes: traceProbes,
      diagonalProbes: diagonal, exact: exact,
      seed: execution.seed)
  }
}
