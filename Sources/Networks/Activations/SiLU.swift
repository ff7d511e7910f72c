import Autodiff
import Tensors

/// x / (1 + e⁻ˣ), also called swish.
///
/// Source: Elfwing, Uchibe, Doya, "Sigmoid-weighted linear units", 2017, arXiv:1702.03118.
public struct SiLU: Activation {
  public init() {}
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value { try graph.silu(x) }
}

extension Graph {
  /// x / (1 + e⁻ˣ)
  public mutating func silu(_ x: Value) throws(InputError) -> Value { try multiply(x, apply(.logistic, x)) }
}
