import Autodiff
import Tensors

/// x ∗ w + b over sequences [inputs, length], w [outputs, inputs / groups, filter] as PyTorch's Conv1d stores it.
public struct Convolution1D: Layer {
  private let layer: ConvolutionLayer

  /// - Parameters:
  ///   - filter, stride, dilation: taps of the filter, steps between outputs and between taps.
  ///   - groups: outputs of a group see the channels of that group only; as many groups as channels is depthwise.
  ///   - initializer: of the weight. The bias follows it for `.torch` and is zero for all others.
  public init(
    _ inputs: Int, _ outputs: Int, filter: Int, stride: Int = 1, padding: ConvolutionPadding = 0,
    dilation: Int = 1, groups: Int = 1, bias: Bool = true, initializer: Initializer = .torch
  ) {
    layer = ConvolutionLayer(
      name: "Convolution1D", rank: 1, inputs: inputs, outputs: outputs, filter: [filter], stride: [stride],
      padding: padding, dilation: [dilation], groups: groups, hasBias: bias, initializer: initializer)
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
