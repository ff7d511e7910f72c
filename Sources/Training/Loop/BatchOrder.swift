import Tensors

/// Which samples a step takes: those of each epoch in an order of its own, a pure function of the seed and the epoch.
///
/// Where the batch does not divide the samples, those left over at the end of an epoch are not seen in it. A batch of
/// all samples has them in the order of the data.
public struct BatchOrder: Sendable {
  public let samples: Int
  public let batchSize: Int
  public let seed: UInt64
  private var epoch: Int?
  private var order: [Int] = []

  public init(samples: Int, batchSize: Int, seed: UInt64) {
    precondition(batchSize > 0 && batchSize <= samples)
    self.samples = samples
    self.batchSize = batchSize
    self.seed = seed
  }

  public var stepsPerEpoch: Int { samples / batchSize }

  /// The samples of a step, counted from 0 over all epochs.
  public mutating func rows(ofStep step: Int) -> [Int] {
    guard batchSize < samples else { return Array(0..<samples) }
    let (epoch, position) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
    if self.epoch != epoch {
      var stream = RandomStream(seed: seed, purpose: "order of the samples", index: epoch)
      order = Array(0..<samples).shuffled(using: &stream)
      self.epoch = epoch
    }
    return Array(order[position * batchSize..<(position + 1) * batchSize])
  }
}
