import Autodiff
import Tensors

extension Graph {
  /// ((w ∗ image + b) − mean) · factor as (factor · w) ∗ image + (b − mean) · factor: a constant scale of every channel
  /// belongs to the filters, where these have fewer elements than the images.
  ///
  /// The result, its derivatives and the parameters they are with respect to stay the same; the convolution's own
  /// output is neither kept for the derivative by `factor` nor passed over again.
  ///
  /// - Parameters:
  ///   - x: what is normalised.
  ///   - mean, factor: [channels], not functions of the data.
  /// - Returns: the convolution with scaled filters and what is to be added to each channel; `nil` where `x` is not the
  ///   output of a convolution with filters of its own, or has fewer elements than they.
  mutating func foldedIntoFilters(
    _ x: Value, mean: Value, factor: Value
  ) throws(InputError) -> (image: Value, shift: Value)? {
    var convolved = x
    var bias: Value?
    if self[x].primitive as? ElementwiseBinary == .add,
      let repeated = self[self[x].operands[1]].primitive as? BroadcastInDim, repeated.dimensions == [1]
    {
      convolved = self[x].operands[0]
      bias = self[self[x].operands[1]].operands[0]
    }
    guard let convolution = self[convolved].primitive as? Convolution, convolution.role == .forward else { return nil }
    let (image, filters) = (self[convolved].operands[0], self[convolved].operands[1])
    guard case .parameter? = self[filters].primitive as? Source, type(of: filters).count <= type(of: x).count else {
      return nil
    }
    let scaled = try multiply(filters, broadcast(factor, to: shape(of: filters), dimensions: [0]))
    let centre = if let bias { try subtract(bias, mean) } else { try negate(mean) }
    return (try append(convolution, [image, scaled]), try multiply(centre, factor))
  }
}
