import Curvature
import Datasets
import Krylov
import Networks
import Tensors

/// The functions of θ that an observer evaluates, planned once where nothing but θ changes.
struct PlannedObjective<Scalar: Real>: Sendable {
  let objective: Objective<Scalar>
  let lossAndGradient: GradientFunction<Scalar>
  let loss: GradientFunction<Scalar>
  let operation: OperatorFunction<Scalar>
  let layers: OperatorFunction<Scalar>?
  let blocks: [ParameterBlock]
  let gradientOperations: Double

  init(_ objective: Objective<Scalar>, _ settings: TrajectorySettings) throws {
    self.objective = objective
    lossAndGradient = try objective.gradientFunction()
    loss = try objective.lossFunction()
    operation = try objective.operatorFunction(settings.kind)
    blocks = settings.layerTop > 0 ? objective.blocks(.layer) : []
    layers = settings.layerTop > 0 ? try objective.operatorFunction(settings.kind, blocks: blocks) : nil
    gradientOperations = try objective.gradientOperations()
  }

  /// Where the elements of a vector over the selected parameters are among all parameters.
  var selectedRanges: [Range<Int>] {
    var starts: [Int] = []
    var offset = 0
    for parameter in objective.network.parameters {
      starts.append(offset)
      offset += parameter.count
    }
    return objective.selection.indices.map { index in
      starts[index]..<starts[index] + objective.network.parameters[index].count
    }
  }

  /// The selected part of a vector over all parameters.
  func selected(_ vector: Vector<Scalar>) throws -> Vector<Scalar> {
    guard vector.count == objective.network.parameterCount else {
      throw InputError(
        "a vector of \(vector.count) elements for a network of \(objective.network.parameterCount) parameters")
    }
    if objective.dimension == vector.count { return vector }
    return Vector(selectedRanges.joined().map { vector[$0] })
  }

  /// θ + δ, δ over the selected parameters.
  func moved(_ parameters: Vector<Scalar>, by change: Vector<Scalar>) -> Vector<Scalar> {
    var result = parameters
    result.withUnsafeMutablePointer { target in
      change.withUnsafePointer { source in
        var offset = 0
        for range in selectedRanges {
          Scalar.axpy(1, source + offset, target + range.lowerBound, count: range.count)
          offset += range.count
        }
      }
    }
    return result
  }
}
