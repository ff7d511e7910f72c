import Autodiff
import Tensors

extension Network {
  /// A network of layers with freshly drawn parameters.
  ///
  /// - Parameters:
  ///   - input: the shape of one sample.
  ///   - seed: each parameter is drawn from the stream of this seed named after the parameter, so it does not depend on
  ///     the layers around it.
  /// - Throws: the first layer that does not fit the one before it.
  public init(
    input: [Int], seed: UInt64, source: String = "layers", @LayerBuilder _ layers: () -> [any Layer]
  ) throws(InputError) {
    try self.init(input: input, seed: seed, source: source, layers: Sequential(layers()))
  }

  /// A network of layers with freshly drawn parameters.
  public init(input: [Int], seed: UInt64, source: String = "layers", layers: Sequential) throws(InputError) {
    guard input.allSatisfy({ $0 > 0 }) else { throw InputError("a sample of shape \(input) has no elements") }
    let declaration = try layers.declaration(input: input)
    let parameters = declaration.parameters.map { parameter in
      Parameter(
        name: parameter.name, shape: parameter.shape, values: .double(parameter.draw(seed: seed)))
    }
    let literals = declaration.literals.map { literal in
      Literal(
        name: literal.name, shape: literal.shape,
        values: .double([Double](repeating: literal.value, count: literal.shape.reduce(1, *))))
    }
    self.init(
      parameters: parameters, literals: literals, input: Input(sampleShape: input), source: source,
      ending: layers.ending ?? .linear,
      batchNormalization: literals.isEmpty ? nil : .running, definition: LayeredDefinition(layers: layers))
  }
}

/// A stack of layers as a network's definition.
private struct LayeredDefinition: NetworkDefinition {
  let layers: Sequential

  func outputs(
    in graph: inout Graph, inputs: Value, parameters: [Value], literals: [Value],
    normalization: inout BatchNormalizationContext
  ) throws(InputError) -> Value {
    var reader = ParameterReader(parameters, literals: literals, normalization: normalization)
    let outputs = try layers.lower(inputs, parameters: &reader, in: &graph)
    normalization = reader.normalization
    return outputs
  }
}
