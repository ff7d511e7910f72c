import Autodiff
import Tensors

/// shortcut(x) + body(x), with an activation after the sum where one is given; the shortcut is x itself where no layers are given
/// for it. Parameters are named `body.0.weight` and `shortcut.0.weight`, in this order.
///
///     Residual(activation: ReLU()) {
///       Convolution2D(16, 32, filter: 3, stride: 2, padding: 1)
///       ReLU()
///       Convolution2D(32, 32, filter: 3, padding: 1)
///     } shortcut: {
///       Convolution2D(16, 32, filter: 1, stride: 2)
///     }
public struct Residual: Layer {
  public let body: Sequential
  public let shortcut: Sequential
  public let activation: (any Activation)?

  public init(
    activation: (any Activation)? = nil, @LayerBuilder _ body: () -> [any Layer],
    @LayerBuilder shortcut: () -> [any Layer] = { [] }
  ) {
    self.body = Sequential(body())
    self.shortcut = Sequential(shortcut())
    self.activation = activation
  }

  public func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    var declaration = LayerDeclaration(output: input)
    var outputs: [[Int]] = []
    for (name, part) in [("body", body), ("shortcut", shortcut)] {
      do {
        let inner = try part.declaration(input: input)
        outputs.append(inner.output)
        declaration.append(inner, under: name)
      } catch {
        throw error.inLayer(name)
      }
    }
    guard outputs[0] == outputs[1] else {
      throw InputError(
        shortcut.layers.isEmpty
          ? "a residual block adds its input of shape \(input) to its body's output of shape \(outputs[0])"
          : "a residual block adds its shortcut's output of shape \(outputs[1]) to its body's of shape \(outputs[0])")
    }
    declaration.output = outputs[0]
    return declaration
  }

  public func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    let result = try body.lower(x, parameters: &parameters, in: &graph)
    let skipped = try shortcut.lower(x, parameters: &parameters, in: &graph)
    let sum = try graph.add(skipped, result)
    return if let activation { try activation.lower(sum, in: &graph) } else { sum }
  }

  public var ending: OutputEnding? { activation.map { $0.ending ?? .linear } ?? .linear }
}
