import Autodiff
import Tensors

/// x for x > 0, else alpha (eˣ − 1); the derivative at 0 is alpha.
///
/// Source: Clevert, Unterthiner, Hochreiter, "Fast and accurate deep network learning by exponential linear units", 2015,
/// arXiv:1511.07289.
public struct ELU: Activation {
  public let alpha: Double
  public init(alpha: Double = 1) { self.alpha = alpha }
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value { try graph.elu(x, alpha: alpha) }
}

extension Graph {
  /// scale · x for x > 0, else scale · alpha (e^(inputScale · x) − 1); one-sided derivatives from below at 0.
  public mutating func elu(
    _ x: Value, alpha: Double, scale: Double = 1, inputScale: Double = 1
  ) throws(InputError) -> Value {
    let zero = try constant(0, shape(of: x))
    let positive = try compare(x, .greater, zero)
    // Selected rather than clipped with a minimum: the exponential never overflows, and 0 belongs to its branch.
    let below = try select(positive, zero, x)
    let exponential = try apply(.exponentialMinusOne, scaled(below, by: inputScale))
    return try select(positive, scaled(x, by: scale), scaled(exponential, by: alpha * scale))
  }

  /// factor · x, x itself for factor 1.
  mutating func scaled(_ x: Value, by factor: Double) throws(InputError) -> Value {
    factor == 1 ? x : try multiply(x, factor)
  }
}
