import Autodiff
import Tensors

/// max(x, 0), with derivative 0 at 0.
public struct ReLU: Activation {
  public init() {}
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value { try graph.relu(x) }
}

extension Graph {
  /// max(x, 0), with derivative 0 at 0.
  public mutating func relu(_ x: Value) throws(InputError) -> Value { try maximum(x, 0) }
}
