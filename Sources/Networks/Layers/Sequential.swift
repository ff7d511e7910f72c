import Autodiff
import Tensors

/// Layers applied one after the other. Their parameters are named by position, as PyTorch names them: `0.weight`.
///
///     Sequential {
///       Dense(784, 200)
///       Tanh()
///       Dense(200, 10)
///     }
public struct Sequential: Layer {
  public let layers: [any Layer]

  public init(_ layers: [any Layer]) { self.layers = layers }
  public init(@LayerBuilder _ layers: () -> [any Layer]) { self.init(layers()) }

  public func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    var whole = LayerDeclaration(output: input)
    for (index, layer) in layers.enumerated() {
      let part: LayerDeclaration
      do {
        part = try layer.declaration(input: whole.output)
      } catch {
        throw error.inLayer("\(index)")
      }
      whole.append(part, under: "\(index)")
      whole.output = part.output
    }
    return whole
  }

  public func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    var value = x
    for layer in layers { value = try layer.lower(value, parameters: &parameters, in: &graph) }
    return value
  }

  public var ending: OutputEnding? {
    for layer in layers.reversed() { if let ending = layer.ending { return ending } }
    return nil
  }
}

extension InputError {
  /// The same error, with the path to the layer, such as `layer 3.body.0`, extended at its front.
  func inLayer(_ name: String) -> InputError {
    var error = self
    let inner = place.map { ".\($0.trimmingPrefix("layer "))" } ?? ""
    error.place = "layer \(name)\(inner)"
    return error
  }
}
