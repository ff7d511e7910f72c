import Autodiff
import Tensors

/// Each sample's channels normalised in `groups` groups over all their elements, then scaled and shifted by channel, as PyTorch's
/// GroupNorm.
///
/// Source: Wu, He, "Group normalization", 2018, arXiv:1803.08494.
public struct GroupNormalization: Layer {
  public let groups: Int
  public let channels: Int
  public let epsilon: Double
  public let isAffine: Bool

  public init(groups: Int, channels: Int, epsilon: Double = 1e-5, affine: Bool = true) {
    self.groups = groups
    self.channels = channels
    self.epsilon = epsilon
    isAffine = affine
  }

  public func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    guard channels > 0, groups > 0, channels % groups == 0, input.first == channels else {
      throw InputError(
        "GroupNormalization of \(channels) channels in \(groups) groups does not fit samples of shape \(input)")
    }
    return LayerDeclaration(
      parameters: isAffine ? ParameterDeclaration.scaleAndShift([channels]) : [], output: input)
  }

  public func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    try graph.groupNormalized(
      x, groups: groups, weight: isAffine ? parameters.next() : nil, bias: isAffine ? parameters.next() : nil,
      epsilon: epsilon)
  }
}

/// Each sample's channels normalised one by one, as PyTorch's InstanceNorm1d and InstanceNorm2d.
///
/// Source: Ulyanov, Vedaldi, Lempitsky, "Instance normalization", 2016, arXiv:1607.08022.
public struct InstanceNormalization: Layer {
  public let channels: Int
  public let epsilon: Double
  public let isAffine: Bool

  /// - Parameter affine: whether there are a weight and a bias; PyTorch's default is that there are none.
  public init(_ channels: Int, epsilon: Double = 1e-5, affine: Bool = false) {
    self.channels = channels
    self.epsilon = epsilon
    isAffine = affine
  }

  public func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    guard channels > 0, input.count >= 2, input[0] == channels else {
      throw InputError("InstanceNormalization(\(channels)) does not fit samples of shape \(input)")
    }
    return LayerDeclaration(
      parameters: isAffine ? ParameterDeclaration.scaleAndShift([channels]) : [], output: input)
  }

  public func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    try graph.groupNormalized(
      x, groups: channels, weight: isAffine ? parameters.next() : nil, bias: isAffine ? parameters.next() : nil,
      epsilon: epsilon)
  }
}

extension Graph {
  /// Channels, dimension 1 of `x`, normalised in groups for each sample; weight and bias by channel.
  mutating func groupNormalized(
    _ x: Value, groups: Int, weight: Value?, bias: Value?, epsilon: Double
  ) throws(InputError) -> Value {
    let shape = self.shape(of: x)
    guard shape.count >= 2, shape.allSatisfy({ $0 > 0 }), groups > 0, shape[1] % groups == 0 else {
      throw InputError("\(groups) groups do not divide the channels of a value of shape \(shape)")
    }
    try requireScale([weight, bias], shape: [shape[1]], epsilon)
    let rows = try reshape(x, to: [shape[0], groups, shape.dropFirst().reduce(1, *) / groups])
    let normalized = try reshape(standardized(rows, over: [2], epsilon: epsilon), to: shape)
    return try scaledAndShifted(normalized, weight, bias, along: [1])
  }

  /// The last dimensions of `x`, as many as `axes`, normalised together; weight and bias over them.
  mutating func layerNormalized(
    _ x: Value, axes: Int, weight: Value?, bias: Value?, epsilon: Double
  ) throws(InputError) -> Value {
    let shape = self.shape(of: x)
    guard axes > 0, axes <= shape.count, shape.allSatisfy({ $0 > 0 }) else {
      throw InputError("normalising the last \(axes) dimensions of a value of shape \(shape)")
    }
    let last = Array(shape.suffix(axes))
    try requireScale([weight, bias], shape: last, epsilon)
    let count = last.reduce(1, *)
    let rows = try reshape(x, to: [shape.dropLast(axes).reduce(1, *), count])
    let normalized = try reshape(standardized(rows, over: [1], epsilon: epsilon), to: shape)
    return try scaledAndShifted(normalized, weight, bias, along: Array(shape.count - axes..<shape.count))
  }

  private func requireScale(_ values: [Value?], shape: [Int], _ epsilon: Double) throws(InputError) {
    for value in values {
      guard let value, self.shape(of: value) != shape else { continue }
      throw InputError("a weight or bias of shape \(self.shape(of: value)) does not fit, expected \(shape)")
    }
    guard epsilon.isFinite, epsilon >= 0 else {
      throw InputError("normalisation needs an epsilon from 0 on, got \(epsilon)")
    }
  }

  private mutating func scaledAndShifted(
    _ x: Value, _ weight: Value?, _ bias: Value?, along dimensions: [Int]
  ) throws(InputError) -> Value {
    let shape = self.shape(of: x)
    let scaled = if let weight { try multiply(x, broadcast(weight, to: shape, dimensions: dimensions)) } else { x }
    guard let bias else { return scaled }
    return try add(scaled, broadcast(bias, to: shape, dimensions: dimensions))
  }
}
