/// What an element of a graph value is: a real number (Float or Double, chosen when the graph runs), an integer or a truth value.
///
/// Integers and truth values are held in the real type while a graph runs (labels and token numbers are far below 2²⁴, the
/// first integer that Float cannot tell from its neighbour; larger ones are refused when data is bound).
public enum ElementType: String, Hashable, Sendable {
  case real
  case int32
  case bool
}

/// The shape and element type of a value. Shapes are concrete; rank 0 is a scalar.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
  public var shape: [Int]
  public var element: ElementType

  public init(_ shape: [Int], _ element: ElementType = .real) {
    self.shape = shape
    self.element = element
  }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }
  public var rank: Int { shape.count }

  public var description: String { "\(element)[\(shape.map(String.init).joined(separator: "×"))]" }
}
