import ArgumentParser
import Foundation
import Ritz

struct SpectrumCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spectrum",
    abstract: "Measures eigenvalues, density and trace of a network's Hessian or Gauss-Newton matrix.",
    discussion: """
      With no choice of quantities: the density, the 10 largest and 5 smallest eigenpairs and the trace. Leaves a directory with \
      result.json, arrays.npz, figures and report.html.
      """)

  @Argument(help: "A .pt2 file, or a built-in network such as mlp:784-200-10.") var model: String?
  @OptionGroup var objective: ObjectiveFlags
  @OptionGroup var execution: ExecutionFlags

  @Option(help: ArgumentHelp("hessian or ggn.", valueName: "name")) var `operator`: String = "hessian"
  @Option(help: ArgumentHelp("The K largest eigenpairs.", valueName: "k")) var top: Int?
  @Option(help: ArgumentHelp("The K smallest eigenpairs.", valueName: "k")) var bottom: Int?
  @Flag(help: "The spectral density.") var density = false
  @Flag(help: "All eigenvalues, from the dense matrix (small networks).") var exact = false
  @Option(help: ArgumentHelp("The trace by quadrature, hutchinson or hutch++.", valueName: "method")) var trace: String?

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
      ("--trace-probes", traceProbes),
    ])
    try requireCounts([("--max-products", maxProducts)], atMost: 1_000_000_000)
    if let tolerance, !(tolerance > 0 && tolerance < 1) { throw ValidationError("--tolerance must be between 0 and 1") }
    if let sigma, !(sigma > 0 && sigma.isFinite) { throw ValidationError("--sigma must be positive") }
    if let compatible, compatible != "google" { throw ValidationError("--compatible knows 'google' only") }
    if let trace, TraceChoice(rawValue: trace) == nil {
      throw ValidationError("--trace is quadrature, hutchinson or hutch++, not '\(trace)'")
    }
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
    let hasOwnInput = model != nil || output != nil || objective.isGiven || execution.isGiven || `operator` != "hessian"
    let hasOwnQuantities = top != nil || bottom != nil || density || exact || trace != nil || traceProbes != 30
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
      _ = try OperatorKind(named: `operator`)
      let settings = try objective.settings(model: model, seed: execution.seed)
      report = try SpectrumRun.start(
        settings, operators: [`operator`], request: request, execution: execution, output: output, reporting)
    }
    if strict && !report.operators.allSatisfy(isConverged) { throw ExitCode(3) }
  }

  /// Whether every eigenpair that was asked for converged. Where products run out, some may not even have been found.
  private func isConverged(_ spectrum: ReportedSpectrum) -> Bool {
    let solvers = [spectrum.topSolver, spectrum.bottomSolver].compactMap(\.self)
    return solvers.allSatisfy { $0.reason != EigenpairReason.productsExhausted.rawValue }
      && ((spectrum.top ?? []) + (spectrum.bottom ?? [])).allSatisfy(\.converged)
  }

  private var request: SpectrumRequest {
    let asked = top != nil || bottom != nil || density || exact || trace != nil
    let hasDensity = density || !asked
    return SpectrumRequest(
      top: top ?? (asked ? 0 : 10), bottom: bottom ?? (asked ? 0 : 5), skipsNullSpace: !asked, tolerance: tolerance,
      blockSize: block, maximumProducts: maxProducts,
      quadrature: hasDensity ? QuadratureOptions(probes: probes, steps: steps, seed: execution.seed) : nil,
      density: DensityOptions(kernelWidth: sigma), isGoogleCompatible: compatible == "google",
      trace: trace.flatMap(TraceChoice.init) ?? (hasDensity ? .quadrature : nil), traceProbes: traceProbes,
      exact: exact,
      seed: execution.seed)
  }
}
