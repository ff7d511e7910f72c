import Analyses
import Curvature
import Tensors

/// κ of any network, from the Jacobian of its outputs weighted by the loss.
enum EngineCondition {
  /// The order up to which matrices are formed without asking what they cost.
  private static let largestOrder = 3000

  /// κ from the eigenvalues of the dual where the Jacobian is wide and these resolve the smallest of them well, and
  /// else from singular values. "Well" is 10⁶·ε·λ₁: the eigenvalue then has some six digits, and the rank is the number
  /// of rows.
  ///
  /// - Parameter name: `ggn`, `fisher` or `ntk`.
  static func measure(
    _ objective: Objective<Double>, _ name: String, interruption: () throws -> Void
  ) throws -> (ConditionNumber, route: String) {
    guard let kind = OperatorKind(rawValue: name) else {
      throw InputError(place: "operator", "there is no operator '\(name)'", remedy: "choose ggn, fisher or ntk")
    }
    let (rows, columns) = (objective.effectiveSamples * objective.outputShape.reduce(1, *), objective.dimension)
    guard min(rows, columns) <= largestOrder else {
      let measurement = try objective.conditionNumber(of: kind) { _, _ in try interruption() }
      return (measurement.number, measurement.route.title)
    }
    let analytic = try objective.analyticRank(of: kind)?.rank
    if analytic == nil, columns > 2 * rows {
      let dual = try objective.dualMatrix(of: kind) { _, _ in try interruption() }
      let order = dual.order
      let values = try dual.eigenvalues()
      if let least = values.first, let most = values.last, least > 1e6 * Double.ulpOfOne * most {
        return (.of(eigenvalues: values, rank: order, source: .dual, order: order), ConditionRoute.dual.title)
      }
    }
    let values = try objective.weightedSingularValues(of: kind) { _, _ in try interruption() }
    let order = max(rows, columns)
    return (
      .of(
        singularValues: values,
        rank: analytic ?? ConditionNumber.resolvedRank(singularValues: values, order: order),
        source: analytic == nil ? .singularValues : .analytic, order: order), ConditionRoute.singularValues.title
    )
  }
}
