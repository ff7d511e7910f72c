import Tensors

/// A value that enters the graph from outside.
public enum Source: Primitive {
  /// Parameter `index` of the network, in the file's shape.
  case parameter(Int)
  /// A direction v for parameter `index`, the same shape: the argument of a product.
  case vector(Int)
  /// A direction with a row for each sample, the argument of a transposed Jacobian: the microbatch's rows of it.
  case vectorRows
  /// A microbatch of data.
  case data(DataSource)
  /// A literal array of the model, such as a buffer: constant `index`, never differentiated.
  case literal(Int)
  /// A direction that is transposed away before the graph runs.
  case direction

  /// The arrays a microbatch of samples brings.
  public enum DataSource: Hashable, Sendable {
    /// Network inputs, leading dimension the samples of the microbatch.
    case inputs
    /// Labels (int32) or targets (real).
    case targets
    /// The factor each sample's loss enters the objective with: wᵢ / Σw.
    case weights
    /// Numbers drawn at random for each sample, such as labels from the model's own distribution.
    case draws
  }

  public var name: String {
    switch self {
    case .parameter(let index): "parameter[\(index)]"
    case .vector(let index): "vector[\(index)]"
    case .vectorRows: "vector[rows]"
    case .data(let data): "data[\(data)]"
    case .literal(let index): "literal[\(index)]"
    case .direction: "direction"
    }
  }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    throw InputError("a source has no operands")
  }

  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? { nil }

  public var lowering: Lowering { .source }
}

/// A value whose elements all equal one number.
public struct Constant: Primitive {
  public let number: Double
  public let type: TensorType

  public var name: String { "constant[\(number)]" }
  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType { type }
  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? { nil }
  public var lowering: Lowering { .splat(number) }

  // NaN constants would never equal themselves in common subexpression elimination; compare bits.
  public static func == (left: Constant, right: Constant) -> Bool {
    left.number.bitPattern == right.number.bitPattern && left.type == right.type
  }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(number.bitPattern)
    hasher.combine(type)
  }
}

extension Graph {
  /// A value whose elements all equal `number`.
  public mutating func constant(_ number: Double, _ shape: [Int], _ element: ElementType = .real) throws(InputError)
    -> Value
  {
    try append(Constant(number: number, type: TensorType(shape, element)), [])
  }

  /// The number all elements of a value equal, where that is known from the graph alone.
  public func splat(_ value: Value) -> Double? {
    switch self[value].primitive.lowering {
    case .splat(let number): number
    case .broadcast, .alias: splat(self[value].operands[0])
    default: nil
    }
  }
}
