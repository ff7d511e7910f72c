import Autodiff
import Tensors

/// ln(1 + e^(βx)) / β, and x itself where βx > threshold.
///
/// Below the threshold both derivatives are the formula's; above it they are 1 and 0, as PyTorch has them.
public struct Softplus: Activation {
  public let beta: Double
  public let threshold: Double
  public init(beta: Double = 1, threshold: Double = 20) {
    self.beta = beta
    self.threshold = threshold
  }
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.softplus(x, beta: beta, threshold: threshold)
  }
}

extension Graph {
  /// ln(1 + eˣ) for every magnitude: max(x, 0) + ln(1 + e^(−|x|)).
  ///
  /// Written with selections on the sign of x: |x| and max have no second derivative at 0, this sum has (1/4).
  public mutating func softplus(_ x: Value) throws(InputError) -> Value {
    let zero = try constant(0, shape(of: x))
    let positive = try compare(x, .greater, zero)
    let exponential = try apply(.exponential, select(positive, negate(x), x))
    return try add(select(positive, x, zero), apply(.logPlusOne, exponential))
  }

  /// ln(1 + e^(βx)) / β, and x itself where βx > threshold.
  public mutating func softplus(_ x: Value, beta: Double, threshold: Double) throws(InputError) -> Value {
    guard beta != 0, beta.isFinite else { throw InputError("softplus needs a finite beta other than 0, got \(beta)") }
    let scaled = try scaled(x, by: beta)
    let linear = try compare(scaled, .greater, constant(threshold, shape(of: x)))
    return try select(linear, x, self.scaled(softplus(scaled), by: 1 / beta))
  }
}
