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
  @OptionGroup var quantities: QuantityFlags

  @Option(help: ArgumentHelp("The directory to leave results in.", valueName: "dir")) var output: String?
  @Option(help: ArgumentHelp("Finish the run that was begun in this directory.", valueName: "dir")) var resume: String?
  @Flag(help: "Print result.json instead of a summary.") var json = false
  @Flag(help: "End with exit code 3 where an eigenpair did not converge.") var strict = false
  @Flag(help: "Say nothing on standard error.") var quiet = false

  func validate() throws {
    try operation.require(quantities)
    if resume != nil && isGiven {
      throw ValidationError(
        "--resume takes everything from the run that was begun; beside it go --workers, --json, --strict and --quiet only"
      )
    }
  }

  /// Whether anything is given that would make the run another one.
  private var isGiven: Bool {
    model != nil || output != nil || objective.isGiven || execution.isGiven || operation.isGiven
      || quantities.isGiven
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
        settings, operators: [kind.rawValue], operatorSettings, request: quantities.request(seed: execution.seed),
        execution: execution, output: output, reporting)
    }
    if strict && !report.operators.allSatisfy(isConverged) { throw ExitCode(3) }
  }

  private var operatorSettings: OperatorSettings {
    var settings = operation.settings(seed: execution.seed)
    settings.blockMassProbes = quantities.blockMass
    return settings
  }

  /// Whether every eigenpair that was asked for converged. Where products run out, some may not even have been found.
  private func isConverged(_ spectrum: ReportedSpectrum) -> Bool {
    let solvers = [spectrum.topSolver, spectrum.bottomSolver].compactMap(\.self)
    return solvers.allSatisfy { $0.reason != EigenpairReason.productsExhausted.rawValue }
      && ((spectrum.top ?? []) + (spectrum.bottom ?? [])).allSatisfy(\.converged)
  }
}
