import Autodiff
import Tensors

/// x · min(max(x + 3, 0), 6) / 6
///
/// Source: Howard et al., "Searching for MobileNetV3", 2019, arXiv:1905.02244.
public struct Hardswish: Activation {
  public init() {}
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.multiply(x, graph.hardsigmoid(x))
  }
}

/// min(max(x + 3, 0), 6) / 6, with derivative 0 at and beyond ±3.
public struct Hardsigmoid: Activation {
  public init() {}
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value { try graph.hardsigmoid(x) }
}

extension Graph {
  /// min(max(x + 3, 0), 6) / 6
  mutating func hardsigmoid(_ x: Value) throws(InputError) -> Value {
    try multiply(clip(add(x, 3), from: 0, to: 6), 1.0 / 6)
  }
}
