import Autodiff
import Tensors

/// Each row over the last dimensions normalised, then scaled and shifted elementwise, as PyTorch's LayerNorm.
///
/// Source: Ba, Kiros, Hinton, "Layer normalization", 2016, arXiv:1607.06450.
public struct LayerNormalization: Layer {
  public let shape: [Int]
  public let epsilon: Double
  public let isAffine: Bool

  /// - Parameter shape: the last dimensions of a sample, normalised together.
  public init(_ shape: Int..., epsilon: Double = 1e-5, affine: Bool = true) {
    self.shape = shape
    self.epsilon = epsilon
    isAffine = affine
  }

  public func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    guard !shape.isEmpty, Array(input.suffix(shape.count)) == shape else {
      throw InputError("LayerNormalization over \(shape) does not fit samples of shape \(input)")
    }
    return LayerDeclaration(parameters: isAffine ? ParameterDeclaration.scaleAndShift(shape) : [], output: input)
  }

  public func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    try graph.layerNormalized(
      x, axes: shape.count, weight: isAffine ? parameters.next() : nil, bias: isAffine ? parameters.next() : nil,
      epsilon: epsilon)
  }
}
