import Autodiff
import Tensors

/// eˣ / Σ eˣ over the last dimension.
public struct Softmax: Activation {
  public init() {}
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.softmax(x, dimension: graph.shape(of: x).count - 1)
  }
  public var ending: OutputEnding? { .softmax }
}

/// x − ln Σ eˣ over the last dimension.
public struct LogSoftmax: Activation {
  public init() {}
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.logSoftmax(x, dimension: graph.shape(of: x).count - 1)
  }
  public var ending: OutputEnding? { .logSoftmax }
}

extension Graph {
  /// eˣ / Σ eˣ over `dimension`.
  public mutating func softmax(_ x: Value, dimension: Int) throws(InputError) -> Value {
    let exponential = try apply(.exponential, belowMaximum(x, dimension: dimension))
    let total = try reduce(.sum, exponential, over: [dimension])
    return try divide(exponential, repeated(total, over: dimension, to: shape(of: x)))
  }

  /// x − ln Σ eˣ over `dimension`.
  public mutating func logSoftmax(_ x: Value, dimension: Int) throws(InputError) -> Value {
    let shifted = try belowMaximum(x, dimension: dimension)
    let total = try reduce(.sum, apply(.exponential, shifted), over: [dimension])
    return try subtract(shifted, repeated(apply(.log, total), over: dimension, to: shape(of: x)))
  }

  /// x minus its maximum over `dimension`. The maximum is held constant: what it is used for does not depend on it, so
  /// neither do the derivatives.
  mutating func belowMaximum(_ x: Value, dimension: Int) throws(InputError) -> Value {
    let shape = self.shape(of: x)
    guard shape.indices.contains(dimension) else {
      throw InputError("a softmax over dimension \(dimension) of a value of shape \(shape)")
    }
    let maximum = try stopGradient(reduce(.maximum, x, over: [dimension]))
    return try subtract(x, repeated(maximum, over: dimension, to: shape))
  }

  /// `value` repeated along `dimension`, which `shape` has and it has not.
  mutating func repeated(_ value: Value, over dimension: Int, to shape: [Int]) throws(InputError) -> Value {
    try broadcast(value, to: shape, dimensions: shape.indices.filter { $0 != dimension })
  }
}
