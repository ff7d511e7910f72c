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
  /// Arrays that are not trained.
  public var literals: [LiteralDeclaration]
  /// The shape of one sample's output.
  public var output: [Int]

  public init(parameters: [ParameterDeclaration] = [], literals: [LiteralDeclaration] = [], output: [Int]) {
    self.parameters = parameters
    self.literals = literals
    self.output = output
  }

  /// Takes over the arrays of a layer inside this one, their names put behind `prefix`.
  mutating func append(_ inner: LayerDeclaration, under prefix: String) {
    for var parameter in inner.parameters {
      parameter.name = "\(prefix).\(parameter.name)"
      parameters.append(parameter)
    }
    for var literal in inner.literals {
      literal.name = "\(prefix).\(literal.name)"
      literals.append(literal)
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

/// An array that a layer asks for and that is not trained, all elements equal at first.
public struct LiteralDeclaration: Sendable {
  /// The name inside the layer, such as `running_mean`.
  public var name: String
  public var shape: [Int]
  public var value: Double

  public init(name: String, shape: [Int], value: Double) {
    self.name = name
    self.shape = shape
    self.value = value
  }
}

/// Hands parameters and literals to layers in the order they were declared in.
public struct ParameterReader {
  private var remaining: ArraySlice<Value>
  private var remainingLiterals: ArraySlice<Value>
  /// Where batch normalisations take their statistics from.
  public var normalization: BatchNormalizationContext

  public init(_ parameters: [Value], literals: [Value] = [], normalization: BatchNormalizationContext) {
    remaining = parameters[...]
    remainingLiterals = literals[...]
    self.normalization = normalization
  }

  public mutating func nextLiteral() throws(InputError) -> Value {
    guard let value = remainingLiterals.popFirst() else {
      throw InputError("a layer reads more literals than it declares")
    }
    return value
  }

  public mutating func next() throws(InputError) -> Value {
    guard let value = remaining.popFirst() else { throw InputError("a layer reads more parameters than it declares") }
    return value
  }
}

/// Collects the layers between the braces of ``Sequential``, ``Residual`` and ``Network``.
@resultBuilder
public enum LayerBuilder {
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  /// Layers that are in an array already.
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  public static func buildBlock(_ layers: [any Layer]...) -> [any Layer] { layers.flatMap { $0 } }
  public static func buildOptional(_ layers: [any Layer]?) -> [any Layer] { layers ?? [] }
  public static func buildEither(first layers: [any Layer]) -> [any Layer] { layers }
  public static func buildEither(second layers: [any Layer]) -> [any Layer] { layers }
  public static func buildArray(_ layers: [[any Layer]]) -> [any Layer] { layers.flatMap { $0 } }
}
