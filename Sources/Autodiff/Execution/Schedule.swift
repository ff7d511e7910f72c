import Tensors

/// How the samples are cut: microbatches that run in one arena, and tasks, runs of microbatches that share one sum.
///
/// Both depend on the network and the flags only, never on the number of workers or on free memory, and are recorded with the
/// result: sums are added up task by task, so the same schedule gives the same bits.
public struct Schedule: Hashable, Sendable, Codable {
  /// All samples.
  public let samples: Int
  /// Samples of a microbatch; the last one may have fewer.
  public let microbatch: Int
  /// The number of tasks.
  public let tasks: Int

  /// - Parameter tasks: an upper bound; no task is empty.
  public init(samples: Int, microbatch: Int, tasks: Int) {
    precondition(samples > 0 && microbatch > 0 && tasks > 0)
    self.samples = samples
    self.microbatch = min(microbatch, samples)
    self.tasks = min(tasks, (samples + self.microbatch - 1) / self.microbatch)
  }

  public var microbatchCount: Int { (samples + microbatch - 1) / microbatch }

  /// The microbatches of a task: consecutive, as even as possible.
  public func microbatches(ofTask task: Int) -> Range<Int> {
    microbatchCount * task / tasks..<microbatchCount * (task + 1) / tasks
  }

  /// The samples of a microbatch.
  public func samples(ofMicrobatch index: Int) -> Range<Int> {
    index * microbatch..<min(samples, (index + 1) * microbatch)
  }

  /// The kernels for microbatches of this size: only the regular size packs weights, as a ragged microbatch would want packed copies
  /// of its own.
  public func kernels<Scalar: Real>(for type: Scalar.Type, microbatch size: Int) -> KernelChoice {
    KernelChoice(for: type, packsWeights: size == microbatch)
  }

  /// The sizes that occur: one, or two where the last microbatch is smaller.
  public var sizes: [Int] {
    let last = samples - (microbatchCount - 1) * microbatch
    return last == microbatch ? [microbatch] : [microbatch, last]
  }
}
