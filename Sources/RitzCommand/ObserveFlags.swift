import ArgumentParser
import Ritz

/// What is measured at the points of a trajectory: the flags that `train` and `track` share.
struct ObserveFlags: ParsableArguments {
  @Option(help: ArgumentHelp("The K largest eigenpairs, followed from point to point.", valueName: "k"))
  var observeTop: Int = 10
  @Option(help: ArgumentHelp("The K smallest eigenpairs.", valueName: "k")) var observeBottom: Int = 0
  @Option(
    help: ArgumentHelp("The density, with so many probes and Lanczos steps, such as 1x90.", valueName: "probesxsteps"))
  var observeDensity: String?
  @Option(help: ArgumentHelp("The trace from N random probes; with a density it costs nothing.", valueName: "n"))
  var observeTrace: Int?
  @Option(help: ArgumentHelp("hessian, ggn, functional, fisher or gradient-second-moment.", valueName: "name"))
  var observeOperator: String = "hessian"
  @Option(help: ArgumentHelp("Measure on this many samples; 0 for all.", valueName: "n"))
  var observeSamples: Int = 1000
  @Option(help: ArgumentHelp("The K largest eigenvalues of every layer's block.", valueName: "k"))
  var observeLayers: Int?
  @Option(
    help: ArgumentHelp(
      "Errors over the data of density and eigenvalues, by leaving out each of G groups of samples.", valueName: "g"))
  var observeDataGroups: Int?
  @Option(
    help: ArgumentHelp(
      "Draw N mini-batches: the fraction of their gradients in the leading eigenspace, and the change of the loss they make.",
      valueName: "n"))
  var observeBatches: Int = 0
  @Flag(help: "Predict and observe the change of the loss in a step.") var observeLossChange = false
  @Flag(help: "Follow each leading eigendirection by the noisy quadratic model.") var observeDirections = false
  @Option(help: ArgumentHelp("Residual tolerance relative to the largest |eigenvalue|.", valueName: "t"))
  var observeTolerance: Double = 1e-3
  @Option(help: ArgumentHelp("Products of one search for eigenpairs, at most.", valueName: "n"))
  var observeMaxProducts: Int?
  @Option(
    help: ArgumentHelp(
      "Ways of batch normalisation to measure side by side: batch,running,population,population-differentiated.",
      valueName: "modes"))
  var observeBatchNorm: String?

  @Option(
    help: ArgumentHelp(
      "Samples of the groups whose statistics the mode batch takes; by default all that are measured on.",
      valueName: "n"))
  var observeBatchNormGroup: Int?

  func validate() throws {
    try requireCounts([
      ("--observe-batch-norm-group", observeBatchNormGroup),
      ("--observe-layers", observeLayers), ("--observe-trace", observeTrace),
      ("--observe-max-products", observeMaxProducts),
    ])
    for (name, value) in [
      ("--observe-top", observeTop), ("--observe-bottom", observeBottom), ("--observe-samples", observeSamples),
      ("--observe-batches", observeBatches),
    ] {
      guard (0...1_000_000_000).contains(value) else { throw ValidationError("\(name) must not be negative") }
    }
    guard observeTop <= 100_000, observeBottom <= 100_000, observeBatches <= 100_000 else {
      throw ValidationError("--observe-top, --observe-bottom and --observe-batches are 100000 at most")
    }
    guard observeTolerance > 0, observeTolerance < 1 else {
      throw ValidationError("--observe-tolerance must be between 0 and 1")
    }
    if let observeDataGroups, observeDataGroups < 2 {
      throw ValidationError("--observe-data-groups must be at least 2")
    }
    _ = try quadrature(seed: 0)
    _ = try modes()
    guard let kind = OperatorKind(rawValue: observeOperator), Self.kinds.contains(kind) else {
      throw ValidationError(
        "--observe-operator is one of \(Self.kinds.map(\.rawValue).joined(separator: ", ")), not '\(observeOperator)'")
    }
  }

  /// Whether anything but what holds by default is given.
  var isGiven: Bool {
    observeTop != 10 || observeBottom != 0 || observeDensity != nil || observeTrace != nil
      || observeOperator != OperatorKind.hessian.rawValue || observeSamples != 1000 || observeLayers != nil
      || observeDataGroups != nil || observeBatches != 0 || observeLossChange || observeDirections
      || observeTolerance != 1e-3 || observeMaxProducts != nil || observeBatchNorm != nil
      || observeBatchNormGroup != nil
  }

  private static var kinds: [OperatorKind] { [.hessian, .gaussNewton, .functional, .fisher, .gradientSecondMoment] }

  private func quadrature(seed: UInt64) throws -> QuadratureOptions? {
    guard let observeDensity else { return nil }
    let parts = observeDensity.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let probes = parts[0], let steps = parts[1], (1...100_000).contains(probes),
      (1...100_000).contains(steps)
    else {
      throw ValidationError("--observe-density is PROBESxSTEPS such as 1x90, not '\(observeDensity)'")
    }
    return QuadratureOptions(probes: probes, steps: steps, seed: seed)
  }

  /// The modes of batch normalisation; the network's own where none are given.
  func modes() throws -> [BatchNormalizationMode] {
    try (observeBatchNorm?.split(separator: ",", omittingEmptySubsequences: false) ?? []).map { name in
      guard let mode = BatchNormalizationMode(rawValue: String(name)) else {
        let known = BatchNormalizationMode.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--observe-batch-norm takes \(known), not '\(name)'")
      }
      return mode
    }
  }

  func settings(seed: UInt64) throws -> TrajectorySettings {
    TrajectorySettings(
      kind: OperatorKind(rawValue: observeOperator) ?? .hessian, top: observeTop, bottom: observeBottom,
      tolerance: observeTolerance, maximumProducts: observeMaxProducts, quadrature: try quadrature(seed: seed),
      traceProbes: observeTrace, batches: observeBatches, lossChange: observeLossChange, directions: observeDirections,
      layerTop: observeLayers ?? 0, dataGroups: observeDataGroups ?? 0, batchNormGroup: observeBatchNormGroup,
      seed: seed)
  }

  /// The samples that are measured on: the first of those given, as many as asked for.
  func chosen(of dataset: Dataset) -> Dataset {
    guard observeSamples > 0, observeSamples < dataset.count else { return dataset }
    return dataset.selecting(Array(0..<observeSamples))
  }

  /// What the settings mean, for the description of a run.
  func conventions(_ settings: TrajectorySettings, samples: Int) -> [RunDescription.Convention] {
    var result = [
      RunDescription.Convention(
        name: "samples measured on",
        text: "\(samples): the numbers are theirs; what they say of all has a sampling error"),
      RunDescription.Convention(
        name: "eigenpairs",
        text: "\(settings.top) largest and \(settings.bottom) smallest of the \(settings.kind.title), "
          + "\(settings.kind.definition); residuals to \(settings.tolerance) of the largest |eigenvalue|, searched from the vectors of the measurement before"
      ),
      RunDescription.Convention(
        name: "gradient fraction",
        text: "|P g|^2/|g|^2, P the projector on the top eigenvectors, one a class; chance is K/P"
      ),
      RunDescription.Convention(
        name: "overlap", text: "Tr(P1 P2)/k with the measurement before, error after Davis and Kahan; chance is k/P"),
      RunDescription.Convention(
        name: "sharpness edge",
        text:
          "GD 2/eta; heavy ball 2(1+b)/eta; Nesterov 2(1+b)/(eta(1+2b)); Adam 2(1+b1)/((1-b1)eta) on P^-1/2 H P^-1/2"),
    ]
    if let quadrature = settings.quadrature {
      result.append(
        RunDescription.Convention(
          name: "density",
          text: "\(quadrature.probes) probes of \(quadrature.steps) Lanczos steps, converged eigenpairs deflated; "
            + "sigma = 10^-2.5 of the range"))
    }
    if settings.dataGroups > 1 {
      result.append(
        RunDescription.Convention(
          name: "errors over the data",
          text: "delete-a-group jackknife with \(settings.dataGroups) groups of samples and the same probes: "
            + "sqrt((G-1)/G sum_g (x_g - mean)^2)"))
    }
    if let group = settings.batchNormGroup {
      result.append(
        RunDescription.Convention(name: "batch statistics measured with", text: "groups of \(group) samples"))
    }
    if settings.batches > 0 {
      result.append(
        RunDescription.Convention(
          name: "mini-batches", text: "\(settings.batches), drawn once with replacement from the samples measured on"))
    }
    return result
  }
}
