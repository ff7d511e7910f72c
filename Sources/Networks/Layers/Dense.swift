import Autodiff
import Tensors

/// x Wᵀ + b on the last dimension, W [outputs, inputs] as PyTorch stores it; with a skip connection x Wᵀ + b + skip · x.
public struct Dense: Layer {
  public let inputs: Int
  public let outputs: Int
  public let hasBias: Bool
  public let initializer: Initializer
  /// The strength of a skip connection over this layer alone; 0 for none.
  public let skip: Double

  /// - Parameter initializer: of the weight. The bias follows it for `.torch` and is zero for all others.
  public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer = .torch, skip: Double = 0) {
    self.inputs = inputs
    self.outputs = outputs
    self.hasBias = bias
    self.initializer = initializer
    self.skip = skip
  }

  public func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    guard inputs > 0, outputs > 0 else { throw InputError("Dense(\(inputs), \(outputs)) needs sizes above zero") }
    guard skip == 0 || (inputs == outputs && skip.isFinite) else {
      throw InputError(
        "Dense(\(inputs), \(outputs)) with a skip connection of strength \(skip) needs a square, finite one")
    }
    guard input.last == inputs else {
      throw InputError(
        "Dense(\(inputs), \(outputs)) reads a last dimension of \(inputs), got samples of shape \(input)")
    }
    var parameters = [
      ParameterDeclaration(
        name: "weight", shape: [outputs, inputs], fanIn: inputs, fanOut: outputs, initializer: initializer)
    ]
    if hasBias {
      parameters.append(
        ParameterDeclaration(
          name: "bias", shape: [outputs], fanIn: inputs, fanOut: outputs,
          initializer: initializer == .torch ? .torch : .zeros))
    }
    return LayerDeclaration(parameters: parameters, output: input.dropLast() + [outputs])
  }

  public func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    let weight = try parameters.next()
    let product = try graph.linear(x, weight: weight, bias: hasBias ? parameters.next() : nil)
    return skip == 0 ? product : try graph.add(product, graph.scaled(x, by: skip))
  }
}

extension Graph {
  /// x Wᵀ + b: the last dimension of `x` contracted with the last of `weight` [out, in], `bias` [out] added to every row.
  public mutating func linear(_ x: Value, weight: Value, bias: Value?) throws(InputError) -> Value {
    let product = try dense(x, weight: weight)
    guard let bias else { return product }
    let shape = self.shape(of: product)
    return try add(product, broadcast(bias, to: shape, dimensions: [shape.count - 1]))
  }
}
