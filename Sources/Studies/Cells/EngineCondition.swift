import Analyses
import Curvature
import Krylov
import Tensors

/// κ of any network, from the Jacobian of its outputs.
enum EngineCondition {
  static func measure(_ objective: Objective<Double>, _ name: String) throws -> (ConditionNumber, route: String) {
    let jacobian = try objective.jacobian()
    let (rows, columns) = (jacobian.codomain.dimension, jacobian.domain.dimension)
    var elements: [Double] = []
    for start in stride(from: 0, to: rows, by: 64) {
      let units = (start..<min(start + 64, rows)).map { row in
        var unit = [Double](repeating: 0, count: rows)
        unit[row] = 1
        return Vector(unit)
      }
      for row in try jacobian.applyTransposed(units) { elements += row.elements }
    }
    let matrix = DenseMatrix(rows: rows, columns: columns, elements: elements)
      .scaled(by: 1 / Double(objective.effectiveSamples).squareRoot())
    let values = try matrix.singularValues()
    let order = max(rows, columns)
    return (
      .of(
        singularValues: values, rank: ConditionNumber.resolvedRank(singularValues: values, order: order),
        source: .singularValues, order: order), "singular values of the Jacobian"
    )
  }
}
