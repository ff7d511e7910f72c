import Autodiff
import Tensors

/// Each sample as one row: [B, …] → [B, n].
public struct Flatten: Layer {
  public init() {}

  public func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    LayerDeclaration(output: [input.reduce(1, *)])
  }

  public func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    let shape = graph.shape(of: x)
    return try graph.reshape(x, to: [shape[0], shape.dropFirst().reduce(1, *)])
  }

  public var ending: OutputEnding? { nil }
}
