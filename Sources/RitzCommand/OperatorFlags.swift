import ArgumentParser
import Ritz

/// The operator and what is done to it.
struct OperatorFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "hessian, ggn, functional, gradient-second-moment, gradient-covariance, fisher, fisher-mc or ntk; of ggn the part ggn-class, ggn-cross-class, ggn-same-class or ggn-within-class; or the approximation kfac-expand, kfac-reduce, ekfac, decoupled or shampoo.",
      valueName: "name"))
  var `operator`: String = "hessian"

  @OptionGroup var options: OperatorOptionFlags

  @Option(
    help: ArgumentHelp(
      "D^1/2 A D^1/2 instead of A: an .npz file with D as one array for each parameter.", valueName: "file.npz"))
  var precondition: String?

  @Option(
    help: ArgumentHelp(
      "layer or parameter: each diagonal block by itself, all of them in one pass over the data.", valueName: "what"))
  var per: String?

  func validate() throws {
    try options.require(anyOf: [`operator`])
    if let per, ParameterBlock.Division(rawValue: per) == nil {
      throw ValidationError("--per is layer or parameter, not '\(per)'")
    }
  }

  /// Makes sure that what is asked for can be asked of these operators.
  func require(_ quantities: QuantityFlags) throws {
    if quantities.blockMass != nil && per == nil { throw ValidationError("--block-mass goes with --per") }
  }

  /// Whether anything was given that a stored run has settled.
  var isGiven: Bool { `operator` != "hessian" || options.isGiven || precondition != nil || per != nil }

  func kind() throws -> OperatorKind {
    let kind = try OperatorKind(named: `operator`)
    for (flag, value) in [("--per", per), ("--precondition", precondition)] where value != nil && !kind.actsOnParameters
    {
      throw InputError(
        place: flag, "does not go with --operator \(kind.rawValue), which acts on outputs and not on parameters")
    }
    return kind
  }

  func settings(seed: UInt64) -> OperatorSettings {
    OperatorSettings(
      options: options.options(seed: seed), precondition: precondition.map(absolutePath),
      division: per.flatMap(ParameterBlock.Division.init))
  }
}

/// What is done to an operator, as stored with a run.
struct OperatorSettings: Codable, Equatable {
  var options = OperatorOptions()
  /// The file that D is read from.
  var precondition: String?
  var division: ParameterBlock.Division?
  /// Probes of the mass between blocks; `nil` where it is not asked for.
  var blockMassProbes: Int?

  /// The setting of an operator, its preconditioner read.
  func setting<Scalar: Real>(
    _ kind: OperatorKind, _ objective: Objective<Scalar>
  ) throws -> OperatorSetting<Scalar> {
    var setting = OperatorSetting<Scalar>(kind, options: options)
    if let precondition {
      let read = try ParameterArrays.read(precondition, arrays: objective.arrays(of: kind), as: Scalar.self)
      guard !read.isStacked, let diagonal = read.vectors.first else {
        throw InputError(
          file: precondition, "holds several diagonals", remedy: "give every parameter one array of its shape")
      }
      if let bad = (0..<diagonal.count).first(where: { diagonal[$0] < 0 }) {
        throw InputError(
          file: precondition, "element \(bad) of all parameters' is \(diagonal[bad])",
          remedy: "a preconditioner has no negative elements")
      }
      setting.preconditioner = diagonal
    }
    return setting
  }
}

extension OperatorKind {
  /// The operator of a name on the command line.
  init(named name: String) throws {
    guard let kind = OperatorKind(rawValue: name) else {
      throw InputError(
        place: "--operator", "there is no operator '\(name)'",
        remedy: "choose one of " + OperatorKind.allCases.map(\.rawValue).joined(separator: ", "))
    }
    self = kind
  }
}
