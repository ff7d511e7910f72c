import Curvature
import Tensors

extension Objective {
  /// Makes sure that a condition number can be asked of an operator.
  ///
  /// - Throws: ``InputError`` in single precision, for operators that are not the square of a weighted Jacobian, and for blocks.
  public func requireCondition(of setting: OperatorSetting<Scalar>, isDivided: Bool) throws {
    guard Scalar.self == Double.self else {
      throw InputError(
        place: "--condition", "single precision resolves no eigenvalue below 1e-6 of the largest",
        remedy: "use --precision double")
    }
    guard [.gaussNewton, .fisher, .tangentKernel].contains(setting.kind) else {
      throw InputError(
        place: "--condition", "the \(setting.kind.title) has no condition number here: it may be indefinite",
        remedy: "use --operator ggn, fisher or ntk")
    }
    if isDivided {
      throw InputError(
        place: "--condition", "does not go with --per", remedy: "choose a block with --params")
    }
  }

  /// Adds the condition number, where it is asked for.
  func measureCondition(
    _ setting: OperatorSetting<Scalar>, _ request: SpectrumRequest, _ observer: SpectrumObserver<Scalar>,
    _ interruption: (@Sendable () throws -> Void)?,
    _ result: inout SpectrumMeasurement<Scalar>
  ) throws {
    guard let route = request.condition else { return }
    try requireCondition(of: setting, isDivided: false)
    guard let objective = self as? Objective<Double> else { return }
    try observer.progress(.condition, 0, 0)
    let condition = try objective.conditionNumber(
      of: result.kind, route: route,
      scales: setting.preconditioner.map { diagonal in
        Vector((0..<diagonal.count).map { Double(diagonal[$0]).squareRoot() })
      },
      maximumProducts: request.maximumProducts, seed: request.seed
    ) { done, total in
      try interruption?()
      try observer.progress(.condition, done, total)
    }
    result.condition = condition
    result.warnings += condition.warnings
    result.products = result.countedProducts
  }
}
