import Autodiff
import Tensors

/// 1 / (1 + e⁻ˣ)
public struct Sigmoid: Activation {
  public init() {}
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value { try graph.apply(.logistic, x) }
  public var ending: OutputEnding? { .sigmoid }
}
