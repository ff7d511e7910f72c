import Autodiff
import Tensors

/// (x − mean) / √(variance + epsilon) · weight + bias for each channel, as PyTorch's BatchNorm1d and BatchNorm2d: samples
/// [channels], [channels, length] or [channels, rows, columns].
///
/// Where mean and variance come from is the network's ``Network/batchNormalization``. The running ones of a new layer
/// are 0 and 1.
public struct BatchNormalization: Layer {
  public let channels: Int
  public let epsilon: Double
  /// Whether there are a weight, 1 at first, and a bias, 0 at first.
  public let isAffine: Bool

  public init(_ channels: Int, epsilon: Double = 1e-5, affine: Bool = true) {
    self.channels = channels
    self.epsilon = epsilon
    isAffine = affine
  }

  public func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    guard channels > 0, (1...3).contains(input.count), input[0] == channels else {
      throw InputError("BatchNormalization(\(channels)) reads samples of \(channels) channels, got shape \(input)")
    }
    let literals = [("running_mean", 0.0), ("running_var", 1.0)].map {
      LiteralDeclaration(name: $0, shape: [channels], value: $1)
    }
    return LayerDeclaration(
      parameters: isAffine ? ParameterDeclaration.scaleAndShift([channels]) : [], literals: literals, output: input)
  }

  public func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    let weight = isAffine ? try parameters.next() : nil
    let bias = isAffine ? try parameters.next() : nil
    let (mean, variance) = (try parameters.nextLiteral(), try parameters.nextLiteral())
    return try parameters.normalization.normalize(
      x, mean: mean, variance: variance, weight: weight, bias: bias, epsilon: epsilon, isTraining: false, in: &graph)
  }
}

extension ParameterDeclaration {
  /// The weight, ones, and bias, zeros, of a normalisation layer.
  static func scaleAndShift(_ shape: [Int]) -> [ParameterDeclaration] {
    [("weight", Initializer.ones), ("bias", .zeros)].map {
      ParameterDeclaration(name: $0, shape: shape, fanIn: 1, fanOut: 1, initializer: $1)
    }
  }
}
