import Autodiff
import Tensors

extension Graph {
  /// (x − mean) / √(variance + epsilon) · scale, mean and biased variance over `reduced`, derivatives through both.
  ///
  /// - Parameters:
  ///   - reduced: ascending, not empty.
  ///   - scale: a value over the dimensions `along` of x, or none.
  ///   - slices: how many slices of a group mean and variance are of, this graph being one of them.
  mutating func standardized(
    _ x: Value, over reduced: [Int], epsilon: Double, scale: Value? = nil, along: [Int] = [], slices: Int = 1
  ) throws(InputError) -> Value {
    let shape = self.shape(of: x)
    let kept = shape.indices.filter { !reduced.contains($0) }
    let (_, centred, variance) = try moments(x, over: reduced, slices: slices)
    let inverse = try apply(.rsqrt, add(variance, epsilon))
    guard let scale else { return try multiply(centred, broadcast(inverse, to: shape, dimensions: kept)) }
    // Where both are numbers a channel, their product is one too.
    if kept == along {
      return try multiply(centred, broadcast(multiply(inverse, scale), to: shape, dimensions: kept))
    }
    let normalized = try multiply(centred, broadcast(inverse, to: shape, dimensions: kept))
    return try multiply(normalized, broadcast(scale, to: shape, dimensions: along))
  }

  /// Mean m and biased variance v over some dimensions and over the slices of a group, and x − m.
  ///
  /// With a the mean as a constant, v = Σ(x − a)²/N − (m − a)², the second term zero in value and slope. Written so,
  /// the tangent of v is 2Σ(x − a)ẋ/N and needs no tangent of m first: both are sums over one reading of ẋ, and so are
  /// their cotangents.
  mutating func moments(
    _ x: Value, over reduced: [Int], slices: Int
  ) throws(InputError) -> (mean: Value, centred: Value, variance: Value) {
    let shape = self.shape(of: x)
    let kept = shape.indices.filter { !reduced.contains($0) }
    let count = Double(slices * reduced.reduce(1) { $0 * shape[$1] })
    let mean = try multiply(allReduce(reduce(.sum, x, over: reduced), slices: slices), 1 / count)
    let anchor = try stopGradient(mean)
    let distance = try subtract(x, broadcast(anchor, to: shape, dimensions: kept))
    let squares = try allReduce(reduce(.sum, multiply(distance, distance), over: reduced), slices: slices)
    let shift = try subtract(mean, anchor)
    return (
      mean, try subtract(x, broadcast(mean, to: shape, dimensions: kept)),
      try subtract(multiply(squares, 1 / count), multiply(shift, shift))
    )
  }
}
