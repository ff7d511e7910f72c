import ArgumentParser
import Ritz

/// What is to be measured of a spectrum, and how hard.
struct QuantityFlags: ParsableArguments {
  @Option(help: ArgumentHelp("The K largest eigenpairs.", valueName: "k")) var top: Int?
  @Option(help: ArgumentHelp("The K smallest eigenpairs.", valueName: "k")) var bottom: Int?
  @Flag(help: "The spectral density.") var density = false
  @Flag(help: "All eigenvalues, from the dense matrix (small networks).") var exact = false
  @Option(help: ArgumentHelp("The trace by quadrature (with the density), hutchinson or hutch++.", valueName: "method"))
  var trace: String?

  @Option(help: ArgumentHelp("The diagonal: exact where known, else from N random probes.", valueName: "n"))
  var diagonal: Int?

  @Flag(help: "The condition number of ggn, fisher or ntk, with its rank.") var condition = false
  @Option(help: ArgumentHelp("automatic, singular-values, dual or krylov.", valueName: "name"))
  var conditionRoute: String = "automatic"

  @Option(help: ArgumentHelp("With --per: random probes of the mass between the blocks.", valueName: "n"))
  var blockMass: Int?

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

  func validate() throws {
    try requireCounts([
      ("--top", top), ("--bottom", bottom), ("--probes", probes), ("--steps", steps), ("--block", block),
      ("--trace-probes", traceProbes), ("--diagonal", diagonal), ("--block-mass", blockMass),
    ])
    try requireCounts([("--max-products", maxProducts)], atMost: 1_000_000_000)
    if let tolerance, !(tolerance > 0 && tolerance < 1) { throw ValidationError("--tolerance must be between 0 and 1") }
    if let sigma, !(sigma > 0 && sigma.isFinite) { throw ValidationError("--sigma must be positive") }
    if ConditionRoute(rawValue: conditionRoute) == nil {
      let routes = ConditionRoute.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--condition-route is one of \(routes), not '\(conditionRoute)'")
    }
    if conditionRoute != "automatic" && !condition {
      throw ValidationError("--condition-route goes with --condition")
    }
    if let compatible, compatible != "google" { throw ValidationError("--compatible knows 'google' only") }
    if let trace, TraceChoice(rawValue: trace) == nil {
      throw ValidationError("--trace is quadrature, hutchinson or hutch++, not '\(trace)'")
    }
    if compatible != nil && sigma != nil {
      throw ValidationError("--compatible google has a kernel of its own; leave --sigma out")
    }
    if traceProbes != 30 && trace != TraceChoice.hutchinson.rawValue && trace != TraceChoice.hutchPlusPlus.rawValue {
      throw ValidationError("--trace-probes goes with --trace hutchinson or --trace hutch++")
    }
  }

  /// Whether anything was given that a stored run has settled.
  var isGiven: Bool {
    let hasOptions =
      tolerance != nil || block != 1 || maxProducts != nil || probes != 10 || steps != 90 || sigma != nil
      || compatible != nil || traceProbes != 30 || conditionRoute != "automatic"
    return hasQuantities || hasOptions
  }

  private var hasQuantities: Bool {
    top != nil || bottom != nil || density || exact || trace != nil || diagonal != nil || condition || blockMass != nil
  }

  /// What the flags ask for; with no choice of quantities the density, 10 top and 5 bottom eigenpairs and the trace.
  func request(seed: UInt64) -> SpectrumRequest {
    let method = trace.flatMap(TraceChoice.init)
    let hasDensity = density || !hasQuantities || method == .quadrature
    return SpectrumRequest(
      top: top ?? (hasQuantities ? 0 : 10), bottom: bottom ?? (hasQuantities ? 0 : 5), skipsNullSpace: !hasQuantities,
      tolerance: tolerance, blockSize: block, maximumProducts: maxProducts,
      quadrature: hasDensity ? QuadratureOptions(probes: probes, steps: steps, seed: seed) : nil,
      density: DensityOptions(kernelWidth: sigma), isGoogleCompatible: compatible == "google",
      trace: method ?? (hasDensity ? .quadrature : nil), traceProbes: traceProbes,
      diagonalProbes: diagonal, exact: exact, seed: seed,
      condition: condition ? ConditionRoute(rawValue: conditionRoute) : nil)
  }
}
