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
  /// Microbatches of a group, which run side by side as samples of a group depend on each other; `nil` where all microbatches are
  /// independent.
  public let slices: Int?

  /// - Parameters:
  ///   - tasks: an upper bound; no task is empty.
  ///   - slices: microbatches of a group; whole groups must make up the samples.
  public init(samples: Int, microbatch: Int, tasks: Int, slices: Int? = nil) {
    precondition(samples > 0 && microbatch > 0 && tasks > 0)
    precondition(slices.map { $0 > 0 && samples % ($0 * microbatch) == 0 } ?? true)
    self.samples = samples
    self.microbatch = min(microbatch, samples)
    self.slices = slices
    self.tasks = min(tasks, slices ?? (samples + self.microbatch - 1) / self.microbatch)
  }

  /// Samples that depend on each other: those of a group, or of a microbatch.
  public var group: Int { (slices ?? 1) * microbatch }

  /// Runs of microbatches that all tasks go through together: the groups, or all microbatches at once.
  public var rounds: Int { slices.map { microbatchCount / $0 } ?? 1 }

  public var microbatchCount: Int { (samples + microbatch - 1) / microbatch }

  /// The microbatches of a task in a round: consecutive, as even as possible.
  public func microbatches(ofTask task: Int, round: Int = 0) -> Range<Int> {
    let count = slices ?? microbatchCount
    return round * count + count * task / tasks..<round * count + count * (task + 1) / tasks
  }

  /// The samples of a microbatch.
  public func samples(ofMicrobatch index: Int) -> Range<Int> {
    index * microbatch..<min(samples, (index + 1) * microbatch)
  }

  /// The kernels for microbatches of this size: only the regular size packs weights, as a ragged microbatch would want
  /// packed copies of its own.
  public func kernels<Scalar: Real>(for type: Scalar.Type, microbatch size: Int) -> KernelChoice {
    KernelChoice(for: type, packsWeights: size == microbatch)
  }

  /// The sizes that occur: one, or two where the last microbatch is smaller.
  public var sizes: [Int] {
    let last = samples - (microbatchCount - 1) * microbatch
    return last == microbatch ? [microbatch] : [microbatch, last]
  }
}
