import ArgumentParser
import Ritz

/// What is chosen of an operator beside its name.
struct OperatorOptionFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Labels drawn for each sample, for fisher-mc and approximations of it.", valueName: "k"))
  var fisherDraws: Int = 1

  @Option(
    help: ArgumentHelp(
      "What kfac-expand, kfac-reduce, ekfac and decoupled approximate: ggn, fisher-mc or gradient-second-moment.",
      valueName: "name"))
  var kroneckerSource: String = OperatorKind.gaussNewton.rawValue

  @Option(help: ArgumentHelp("The K-FAC whose eigenvectors ekfac takes: expand or reduce.", valueName: "name"))
  var ekfacBasis: String = WeightSharing.expand.rawValue

  @Option(
    help: ArgumentHelp(
      "e, for shampoo: its preconditioner is L^-e x R^-e.", valueName: "e"))
  var shampooExponent: Double = KroneckerOptions().shampooExponent

  @Option(help: ArgumentHelp("Samples of the batches whose gradients shampoo takes.", valueName: "n"))
  var shampooBatch: Int = KroneckerOptions().shampooBatch

  func validate() throws {
    try requireCounts([("--fisher-draws", fisherDraws), ("--shampoo-batch", shampooBatch)])
    guard Self.sources.contains(where: { $0.rawValue == kroneckerSource }) else {
      throw ValidationError(
        "--kronecker-source is one of \(Self.sources.map(\.rawValue).joined(separator: ", ")), not '\(kroneckerSource)'"
      )
    }
    guard WeightSharing(rawValue: ekfacBasis) != nil else {
      throw ValidationError("--ekfac-basis is expand or reduce, not '\(ekfacBasis)'")
    }
    guard shampooExponent > 0, shampooExponent <= 1 else {
      throw ValidationError("--shampoo-exponent must be above 0 and at most 1")
    }
  }

  private static let sources: [OperatorKind] = [.gaussNewton, .monteCarloFisher, .gradientSecondMoment]

  /// Refuses what has no effect on any of these operators and approximations.
  func require(anyOf names: [String]) throws {
    let includes = { (kinds: [OperatorKind]) in kinds.contains { names.contains($0.rawValue) } }
    let hasSource = includes([.kfacExpand, .kfacReduce, .ekfac, .decoupled])
    let standard = KroneckerOptions()
    let isDrawn = kroneckerSource == OperatorKind.monteCarloFisher.rawValue
    for (flag, isGiven, hasEffect, with) in [
      (
        "--fisher-draws", fisherDraws != 1, includes([.monteCarloFisher]) || isDrawn,
        "fisher-mc or --kronecker-source fisher-mc"
      ),
      (
        "--kronecker-source", kroneckerSource != OperatorKind.gaussNewton.rawValue, hasSource,
        "kfac-expand, kfac-reduce, ekfac or decoupled"
      ),
      ("--ekfac-basis", ekfacBasis != standard.basis.rawValue, includes([.ekfac]), "ekfac"),
      ("--shampoo-exponent", shampooExponent != standard.shampooExponent, includes([.shampoo]), "shampoo"),
      ("--shampoo-batch", shampooBatch != standard.shampooBatch, includes([.shampoo]), "shampoo"),
    ] where isGiven && !hasEffect {
      throw ValidationError("\(flag) goes with \(with)")
    }
  }

  /// Whether anything was given that a stored run has settled.
  var isGiven: Bool { options(seed: 0) != OperatorOptions() }

  func options(seed: UInt64) -> OperatorOptions {
    let source: DerivativeSource =
      switch OperatorKind(rawValue: kroneckerSource) {
      case .monteCarloFisher: .draws(fisherDraws, seed: seed)
      case .gradientSecondMoment: .labels
      default: .outputs
      }
    return OperatorOptions(
      fisherDraws: fisherDraws, seed: seed,
      kronecker: KroneckerOptions(
        source: source, basis: WeightSharing(rawValue: ekfacBasis) ?? .expand, shampooExponent: shampooExponent,
        shampooBatch: shampooBatch))
  }
}
