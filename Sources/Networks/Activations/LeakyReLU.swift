import Autodiff
import Tensors

/// x for x > 0, else slope · x; the derivative at 0 is the slope.
public struct LeakyReLU: Activation {
  public let slope: Double
  public init(slope: Double = 0.01) { self.slope = slope }
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.leakyReLU(x, slope: slope)
  }
}

extension Graph {
  /// x for x > 0, else slope · x; the derivative at 0 is the slope.
  public mutating func leakyReLU(_ x: Value, slope: Double) throws(InputError) -> Value {
    let positive = try compare(x, .greater, constant(0, shape(of: x)))
    return try select(positive, x, multiply(x, slope))
  }
}
