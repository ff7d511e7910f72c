import Autodiff
import Tensors

/// The transpose of a convolution of images, w [inputs, outputs / groups, rows, columns] as PyTorch's ConvTranspose2d stores it.
public struct TransposedConvolution2D: Layer {
  private let layer: ConvolutionLayer

  /// - Parameters:
  ///   - filter, stride, dilation: those of the convolution it is the transpose of.
  ///   - groups: outputs of a group see the channels of that group only; as many groups as channels is depthwise.
  ///   - initializer: of the weight. The bias follows it for `.torch` and is zero for all others.
  public init(
    _ inputs: Int, _ outputs: Int, filter: SpatialSizes, stride: SpatialSizes = 1, padding: ConvolutionPadding = 0,
    outputPadding: SpatialSizes = 0, dilation: SpatialSizes = 1, groups: Int = 1, bias: Bool = true,
    initializer: Initializer = .torch
  ) {
    layer = ConvolutionLayer(
      name: "TransposedConvolution2D", rank: 2, inputs: inputs, outputs: outputs, filter: filter.numbers,
      stride: stride.numbers,
      padding: padding, dilation: dilation.numbers, groups: groups, hasBias: bias, initializer: initializer,
      outputPadding: outputPadding.numbers)
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
