import Autodiff
import Tensors

/// A part of a network: what it learns, and how it is written in primitives.
///
/// A layer states no derivative. A new one is a file with a type that conforms, nothing else has to change.
public protocol Layer: Sendable {
  /// The layer's parameters, and the shape it maps samples of shape `input` to.
  ///
  /// - Throws: where samples of that shape do not fit.
  func declaration(input: [Int]) throws(InputError) -> LayerDeclaration

  /// The layer applied to `x` [batch, …], with its parameters read in the order it declares them.
  func lower(_ x: Value, parameters: inout ParameterReader, in graph: inout Graph) throws(InputError) -> Value

  /// What a network that ends in this layer ends in; `nil` where the layer passes its input through.
  var ending: OutputEnding? { get }
}

extension Layer {
  public var ending: OutputEnding? { .linear }
}

/// What a ``Layer`` needs to know and promise before it is built.
public struct LayerDeclaration: Sendable {
  public var parameters: [ParameterDeclaration]
  /// The shape of one sample's output.
  public var output: [Int]

  public init(parameters: [ParameterDeclaration] = [], output: [Int]) {
    self.parameters = parameters
    self.output = output
  }

  /// The parameters with their names put behind `prefix`.
  func named(under prefix: String) -> [ParameterDeclaration] {
    parameters.map { parameter in
      var renamed = parameter
      renamed.name = "\(prefix).\(parameter.name)"
      return renamed
    }
  }
}

/// A parameter that a layer asks for.
public struct ParameterDeclaration: Sendable {
  /// The name inside the layer, such as `weight`.
  public var name: String
  public var shape: [Int]
  /// How many inputs one output sums over, and how many outputs one input reaches.
  public var fanIn: Int
  public var fanOut: Int
  public var initializer: Initializer

  public init(name: String, shape: [Int], fanIn: Int, fanOut: Int, initializer: Initializer) {
    self.name = name
    self.shape = shape
    self.fanIn = fanIn
    self.fanOut = fanOut
    self.initializer = initializer
  }
}

/// Hands parameters to layers in the order they were declared in.
public struct ParameterReader {
  private var remaining: ArraySlice<Value>

  public init(_ parameters: [Value]) { remaining = parameters[...] }

  public mutating func next() throws(InputError) -> Value {
    guard let value = remaining.popFirst() else { throw InputError("a layer reads more parameters than it declares") }
    return value
  }
}

/// Collects the layers between the braces of ``Sequential``, ``Residual`` and ``Network``.
@resultBuilder
public enum LayerBuilder {
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  public static func buildBlock(_ layers: [any Layer]...) -> [any Layer] { layers.flatMap { $0 } }
  public static func buildOptional(_ layers: [any Layer]?) -> [any Layer] { layers ?? [] }
  public static func buildEither(first layers: [any Layer]) -> [any Layer] { layers }
  public static func buildEither(second layers: [any Layer]) -> [any Layer] { layers }
  public static func buildArray(_ layers: [[any Layer]]) -> [any Layer] { layers.flatMap { $0 } }
}
