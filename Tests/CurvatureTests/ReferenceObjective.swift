import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import TestSupport

/// Reference cases as objectives.
enum ReferenceObjective {
  static func make<Scalar: Real>(
    _ reference: ReferenceCase, static isStatic: Bool = false, as type: Scalar.Type = Scalar.self,
    options: ExecutionOptions = ExecutionOptions(), workers: Int = 2, parameters: String? = nil
  ) throws -> Objective<Scalar> {
    let network = try Network(exportedProgram: isStatic ? reference.staticModelPath : reference.modelPath)
    let dataset = try Dataset.load(reference.dataPath)
    let selection = try parameters.map { try ParameterSelection.parameter($0, of: network) }
    return try Objective(
      network: network, dataset: dataset, loss: reference.loss == "mse" ? .squaredError : .crossEntropy,
      selection: selection, options: options, pool: WorkerPool(count: workers))
  }
}
