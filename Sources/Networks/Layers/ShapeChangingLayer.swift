import Autodiff
import Tensors

/// A layer without parameters whose output has another shape.
protocol ShapeChangingLayer: Layer {
  func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value
}

extension ShapeChangingLayer {
  public func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    LayerDeclaration(output: try outputShape(input: input))
  }

  public func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    try lower(x, in: &graph)
  }
}
