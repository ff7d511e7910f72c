import Autodiff
import Tensors

/// x Φ(x), Φ the distribution function of the standard normal: exact, or with the tanh approximation.
///
/// - erf: x/2 (1 + erf(x/√2))
/// - tanh: x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
///
/// Source: Hendrycks, Gimpel, "Gaussian error linear units (GELUs)", 2016, arXiv:1606.08415.
public struct GELU: Activation {
  public enum Approximation: Sendable, Hashable {
    case erf
    case tanh
  }

  public let approximation: Approximation
  public init(_ approximation: Approximation = .erf) { self.approximation = approximation }
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.gelu(x, approximation)
  }
}

extension Graph {
  /// x Φ(x), see ``GELU``.
  public mutating func gelu(_ x: Value, _ approximation: GELU.Approximation) throws(InputError) -> Value {
    let distribution: Value
    switch approximation {
    case .erf:
      distribution = try apply(.erf, multiply(x, 0.5.squareRoot()))
    case .tanh:
      // tanh is ±1 to the last bit from |x| = 10 on, and a cube that overflows has no derivative.
      let high = try constant(10, shape(of: x))
      let clipped = try maximum(append(ElementwiseBinary.minimum, [x, high]), -10)
      let cubic = try add(multiply(multiply(clipped, clipped), 0.044715), 1)
      distribution = try apply(.tanh, multiply(multiply(clipped, cubic), (2 / Double.pi).squareRoot()))
    }
    return try multiply(multiply(x, 0.5), add(distribution, 1))
  }
}
