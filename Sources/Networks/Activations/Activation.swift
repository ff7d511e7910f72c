import Autodiff
import Tensors

/// A layer without parameters that keeps the shape.
///
/// Every activation is a formula in primitives whose first two derivatives by the graph's rules are right and finite for
/// every finite argument, and PyTorch's where the function has a kink.
public protocol Activation: Layer {
  func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value
}

extension Activation {
  public func declaration(input: [Int]) throws(InputError) -> LayerDeclaration { LayerDeclaration(output: input) }

  public func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    try lower(x, in: &graph)
  }
}

/// x
public struct Identity: Activation {
  public init() {}
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value { x }
  public var ending: OutputEnding? { nil }
}
