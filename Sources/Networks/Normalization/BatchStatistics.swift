import Autodiff
import Tensors

/// A batch normalisation whose statistics are those of a batch, and where the model keeps their running averages.
public struct BatchStatisticsSite: Sendable, Hashable {
  /// The positions of mean and variance among the network's literals.
  public let mean: Int
  public let variance: Int
  public let channels: Int
  /// Elements of a channel that one sample has.
  public let pixels: Int
}

extension Graph {
  /// Mean and biased variance of each channel of what a layer normalises, over the samples of the group.
  ///
  /// Steps that the layer itself has taken are merged with these.
  ///
  /// - Returns: `nil` where the model keeps no statistics of the layer.
  public mutating func batchStatistics(
    of site: BatchNormalizationSite
  ) throws(InputError) -> (site: BatchStatisticsSite, mean: Value, variance: Value)? {
    guard let stored = site.mean, let deviation = site.variance,
      case .literal(let first)? = self[stored].primitive as? Source,
      case .literal(let second)? = self[deviation].primitive as? Source
    else { return nil }
    let shape = self.shape(of: site.input)
    let (mean, _, variance) = try moments(
      site.input, over: shape.indices.filter { $0 != 1 }, slices: site.slices)
    let description = BatchStatisticsSite(
      mean: first, variance: second, channels: shape[1], pixels: shape.dropFirst(2).reduce(1, *))
    return (description, mean, variance)
  }
}
