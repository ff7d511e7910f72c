import Autodiff
import Tensors

/// x held between two bounds of which either may be missing, with derivative 0 at and beyond them, as `torch.clamp`.
public struct Clip: Activation {
  public let lower: Double?
  public let upper: Double?

  public init(from lower: Double? = nil, to upper: Double? = nil) {
    self.lower = lower
    self.upper = upper
  }

  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.clip(x, from: lower, to: upper)
  }
}

/// x held between two bounds, ±1 unless told, as PyTorch's Hardtanh.
public struct Hardtanh: Activation {
  public let bounds: ClosedRange<Double>
  public init(_ bounds: ClosedRange<Double> = -1...1) { self.bounds = bounds }
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.clip(x, from: bounds.lowerBound, to: bounds.upperBound)
  }
}

/// x held between 0 and 6.
public struct ReLU6: Activation {
  public init() {}
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.clip(x, from: 0, to: 6)
  }
}

extension Graph {
  /// x between bounds, derivative 0 at and beyond them; the upper bound where they are in the wrong order.
  public mutating func clip(_ x: Value, from lower: Double?, to upper: Double?) throws(InputError) -> Value {
    guard lower?.isNaN != true, upper?.isNaN != true else { throw InputError("a bound of clamp is not a number") }
    var value = x
    if let lower { value = try maximum(value, lower) }
    if let upper { value = try append(ElementwiseBinary.minimum, [value, constant(upper, shape(of: x))]) }
    return value
  }
}
