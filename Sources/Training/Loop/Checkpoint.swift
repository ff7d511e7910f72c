import Archives
import Curvature
import Networks
import Tensors

/// The trained arrays of a network in a safetensors file, by their names: parameters, and the running averages of batch
/// normalisation.
public enum Checkpoint {
  /// `step-000123.safetensors`
  public static func fileName(step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".safetensors"
  }

  /// Writes the parameters and averages of a run.
  public static func write<Scalar: Real>(_ run: TrainingRun<Scalar>, to path: String) throws {
    var arrays: [(name: String, array: NumpyArray)] = []
    let elements = run.parameters.elements
    var start = 0
    for parameter in run.network.parameters {
      let values = Vector(elements[start..<start + parameter.count])
      arrays.append((parameter.name, NumpyArray(vector: values, shape: parameter.shape)))
      start += parameter.count
    }
    for (site, average) in zip(run.batch.statistics, run.averages) {
      for (index, values) in [(site.mean, average.mean), (site.variance, average.variance)] {
        let literal = run.network.literals[index]
        arrays.append((literal.name, NumpyArray(vector: Vector(values), shape: literal.shape)))
      }
    }
    try SafetensorsFile.write(arrays, metadata: ["format": "pt", "step": String(run.step)], to: path)
  }

  /// The network with its parameters, and the literals the file has, at the values of a checkpoint.
  ///
  /// - Throws: ``InputError`` where a parameter is missing, has another shape, or holds a number that is not finite.
  public static func network(_ network: Network, at file: SafetensorsFile) throws -> Network {
    func values(_ name: String, _ shape: [Int]) throws -> StoredValues {
      let array = try file.array(named: name)
      guard array.shape == shape else {
        throw InputError(
          file: file.path, place: name, "has shape \(array.shape), the network's has \(shape)",
          remedy: "give a checkpoint of this network")
      }
      let values: StoredValues =
        if case .float32(let numbers) = array.elements { .single(numbers) } else { .double(try array.doubles()) }
      guard values.firstNonFinite == nil else {
        throw InputError(file: file.path, place: name, "holds numbers that are not finite")
      }
      return values
    }
    var parameters: [StoredValues] = []
    for parameter in network.parameters {
      let name = ([parameter.name] + parameter.aliases).first(where: file.contains) ?? parameter.name
      parameters.append(try values(name, parameter.shape))
    }
    var literals: [Int: [Double]] = [:]
    for (index, literal) in network.literals.enumerated() where file.contains(literal.name) {
      literals[index] = try values(literal.name, literal.shape).values(as: Double.self)
    }
    return try network.withParameters(parameters).withLiterals(literals)
  }
}
