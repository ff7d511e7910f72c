import Autodiff
import Tensors

/// tanh x
public struct Tanh: Activation {
  public init() {}
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value { try graph.apply(.tanh, x) }
}
