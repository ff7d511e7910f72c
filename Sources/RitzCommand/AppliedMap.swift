import Ritz

/// What `ritz apply` multiplies vectors by: an operator with a spectrum, or one of the linear maps it is made of.
enum AppliedMap {
  case curvature(OperatorKind)
  /// J, from the parameters to the outputs of all samples.
  case jacobian
  /// Jᵀ, the other way.
  case transposedJacobian

  static let jacobianName = "jacobian"
  static let transposedJacobianName = "jacobian-transpose"

  /// - Throws: `InputError` that lists the names, and where a flag does not go with the map.
  init(_ flags: OperatorFlags) throws {
    let others: [String: AppliedMap] =
      [Self.jacobianName: .jacobian, Self.transposedJacobianName: .transposedJacobian]
    if let other = others[flags.operator] {
      for (flag, value) in [("--per", flags.per), ("--precondition", flags.precondition)] where value != nil {
        throw InputError(place: flag, "does not go with --operator \(flags.operator)")
      }
      self = other
    } else if OperatorKind(rawValue: flags.operator) != nil {
      self = .curvature(try flags.kind())
    } else {
      let names = OperatorKind.allCases.map(\.rawValue) + others.keys.sorted()
      throw InputError(
        place: "--operator", "there is no operator '\(flags.operator)'",
        remedy: "choose one of " + names.joined(separator: ", "))
    }
  }

  /// The arrays of the vectors it reads.
  func domain<Scalar: Real>(_ objective: Objective<Scalar>) -> [NamedArray] {
    switch self {
    case .curvature(let kind): objective.arrays(of: kind)
    case .jacobian: objective.parameterArrays
    case .transposedJacobian: objective.arrays(of: .tangentKernel)
    }
  }

  /// The arrays of its products.
  func codomain<Scalar: Real>(_ objective: Objective<Scalar>) -> [NamedArray] {
    switch self {
    case .curvature(let kind): objective.arrays(of: kind)
    case .jacobian: objective.arrays(of: .tangentKernel)
    case .transposedJacobian: objective.parameterArrays
    }
  }

  /// The function from vectors to their products.
  func products<Scalar: Real>(
    _ objective: Objective<Scalar>, _ settings: OperatorSettings
  ) throws -> ([Vector<Scalar>]) throws -> [Vector<Scalar>] {
    switch self {
    case .curvature(let kind):
      let setting = try settings.setting(kind, objective)
      let plain = try objective.curvature(
        kind, blocks: settings.division.map { objective.blocks($0) }, options: setting.options)
      plain.setInterruption { try Interruption.check() }
      let preconditioned = try setting.preconditioner.map { try PreconditionedOperator(plain, diagonal: $0) }
      return { try preconditioned?.apply($0) ?? plain.apply($0) }
    case .jacobian:
      let jacobian = try objective.jacobian()
      return { try jacobian.apply($0) }
    case .transposedJacobian:
      let jacobian = try objective.jacobian()
      return { try jacobian.applyTransposed($0) }
    }
  }
}
