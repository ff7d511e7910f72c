import Autodiff
import Tensors

/// x + body(x), with an activation after the sum where one is given. Parameters are named `body.0.weight`.
///
///     Residual(activation: ReLU()) {
///       Dense(64, 64)
///       ReLU()
///       Dense(64, 64)
///     }
public struct Residual: Layer {
  public let body: Sequential
  public let activation: (any Activation)?

  public init(activation: (any Activation)? = nil, @LayerBuilder _ body: () -> [any Layer]) {
    self.body = Sequential(body())
    self.activation = activation
  }

  public func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    let inner: LayerDeclaration
    do {
      inner = try body.declaration(input: input)
    } catch {
      throw error.inLayer("body")
    }
    guard inner.output == input else {
      throw InputError(
        "a residual block adds its input of shape \(input) to its body's output of shape \(inner.output)")
    }
    return LayerDeclaration(parameters: inner.named(under: "body"), output: input)
  }

  public func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    let sum = try graph.add(x, body.lower(x, parameters: &parameters, in: &graph))
    return if let activation { try activation.lower(sum, in: &graph) } else { sum }
  }

  public var ending: OutputEnding? { activation.map { $0.ending ?? .linear } ?? .linear }
}
