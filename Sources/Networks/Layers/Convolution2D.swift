import Autodiff
import Tensors

/// x ∗ w + b over images [inputs, rows, columns], w [outputs, inputs / groups, rows, columns] as PyTorch's Conv2d stores it.
public struct Convolution2D: Layer {
  private let layer: ConvolutionLayer

  /// - Parameters:
  ///   - filter, stride, dilation: taps of the filter, steps between outputs and between taps.
  ///   - groups: outputs of a group see the channels of that group only; as many groups as channels is depthwise.
  ///   - initializer: of the weight. The bias follows it for `.torch` and is zero for all others.
  public init(
    _ inputs: Int, _ outputs: Int, filter: SpatialSizes, stride: SpatialSizes = 1, padding: ConvolutionPadding = 0,
    dilation: SpatialSizes = 1, groups: Int = 1, bias: Bool = true, initializer: Initializer = .torch
  ) {
    layer = ConvolutionLayer(
      name: "Convolution2D", rank: 2, inputs: inputs, outputs: outputs, filter: filter.numbers, stride: stride.numbers,
      padding: padding, dilation: dilation.numbers, groups: groups, hasBias: bias, initializer: initializer)
  }

  public func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    try layer.declaration(of: self, input: input)
  }

  public func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    try layer.lower(x, parameters: &parameters, in: &graph)
  }
}
