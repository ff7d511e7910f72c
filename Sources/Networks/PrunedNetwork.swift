import Autodiff
import Tensors

extension Network {
  /// The same network with the smallest weights of each layer fixed at zero.
  ///
  /// Of every parameter of two or more dimensions, the given fraction of the elements with the smallest magnitudes is
  /// zero and stays zero: the network multiplies it by a mask of zeros and ones, so that derivatives with respect to
  /// what is pruned vanish. Of k elements ⌊fraction · k⌋ are pruned, ties in the order of the array. Biases are kept.
  ///
  /// - Throws: ``InputError`` where the fraction is not from 0 to below 1.
  public func pruned(_ fraction: Double) throws(InputError) -> Network {
    guard fraction >= 0, fraction < 1 else {
      throw InputError("a fraction of \(fraction) cannot be pruned", remedy: "give one from 0 to below 1")
    }
    var masks: [Int: [Double]] = [:]
    var values: [StoredValues] = []
    for (index, parameter) in parameters.enumerated() {
      guard parameter.shape.count >= 2 else {
        values.append(parameter.values)
        continue
      }
      var weights = parameter.values.values(as: Double.self)
      let order = weights.indices.sorted {
        abs(weights[$0]) < abs(weights[$1]) || (abs(weights[$0]) == abs(weights[$1]) && $0 < $1)
      }
      var mask = [Double](repeating: 1, count: weights.count)
      for element in order.prefix(Int(fraction * Double(weights.count))) {
        mask[element] = 0
        weights[element] = 0
      }
      masks[index] = mask
      values.append(.double(weights))
    }
    return try withParameters(values).masked(masks)
  }

  /// The same network, some of its parameters multiplied by masks, by their positions.
  func masked(_ masks: [Int: [Double]]) -> Network {
    let positions = masks.keys.sorted()
    let literals = positions.compactMap { index in
      masks[index].map { mask in
        Literal(
          name: parameters[index].name + ".mask", shape: parameters[index].shape, values: .double(mask))
      }
    }
    return adding(literals, definition: MaskedDefinition(inner: definition, positions: positions))
  }
}

/// A network whose parameters at some positions are multiplied by literals that stand behind its own.
private struct MaskedDefinition: NetworkDefinition {
  let inner: any NetworkDefinition
  let positions: [Int]

  func outputs(
    in graph: inout Graph, inputs: Value, parameters: [Value], literals: [Value],
    normalization: inout BatchNormalizationContext
  ) throws(InputError) -> Value {
    let own = literals.count - positions.count
    var masked = parameters
    for (index, position) in positions.enumerated() {
      masked[position] = try graph.multiply(parameters[position], literals[own + index])
    }
    return try inner.outputs(
      in: &graph, inputs: inputs, parameters: masked, literals: Array(literals[..<own]), normalization: &normalization)
  }
}
