import Autodiff
import Networks
import Tensors

/// How samples are cut where the user does not say.
enum ScheduleRule {
  static func schedule(samples: Int, network: Network, options: ExecutionOptions) throws(InputError) -> Schedule {
    if let asked = options.microbatch, asked < 1 {
      throw InputError(place: "--microbatch", "must be at least 1, not \(asked)")
    }
    var microbatch: Int
    if case .fixed(let size) = network.batch {
      if let asked = options.microbatch, asked != size {
        throw InputError(
          place: "--microbatch \(asked)", "the model was exported at the fixed batch size \(size)",
          remedy: "leave the flag out, or export the model with a dynamic batch dimension")
      }
      microbatch = size
    } else if let asked = options.microbatch {
      microbatch = asked
    } else {
      microbatch = try standardMicrobatch(network, samples: samples)
    }
    if let group = groupSize(samples: samples, network: network, options: options) {
      let slice = try sliceSize(of: group, preferred: microbatch, network: network, options: options)
      if slice < group {
        return Schedule(
          samples: samples, microbatch: slice, tasks: options.tasks ?? sliceTasks(network), slices: group / slice)
      }
      microbatch = group
    }
    // Four microbatches a task, so that adding up the tasks costs little beside them; an even number of tasks, and many in fours,
    // so that few workers end together.
    let wished = min(64, samples / (4 * microbatch))
    let tasks = options.tasks ?? max(2, wished >= 8 ? wished & ~3 : (wished + 1) & ~1)
    return Schedule(samples: samples, microbatch: microbatch, tasks: tasks)
  }

  /// Samples of a group where samples of a group depend on each other; `nil` where they do not.
  static func groupSize(samples: Int, network: Network, options: ExecutionOptions) -> Int? {
    guard let mode = network.batchNormalization, mode.couplesSamples else { return nil }
    return mode == .populationDifferentiated ? samples : options.batchNormGroup ?? samples
  }

  /// Samples of the slices that a group is cut into: of equally many, so that all run the same plan.
  ///
  /// The largest divisor of the group up to the preferred size, from two samples on; the group itself where that would
  /// be far less.
  private static func sliceSize(
    of group: Int, preferred: Int, network: Network, options: ExecutionOptions
  ) throws(InputError) -> Int {
    if case .fixed = network.batch { return group }
    if let asked = options.microbatch {
      guard group % asked == 0, asked >= 2 else {
        throw InputError(
          place: "--microbatch \(asked)",
          "does not divide the group of \(group) samples whose batch statistics are taken",
          remedy: "leave the flag out, or give a divisor of \(group) from 2 on")
      }
      return asked
    }
    let size = stride(from: min(preferred, group), to: 1, by: -1).first { group % $0 == 0 } ?? group
    return 4 * size < preferred ? group : size
  }

  /// Tasks of a group: each has sums of the size of the parameters.
  private static func sliceTasks(_ network: Network) -> Int {
    network.parameterCount < 1 << 22 ? 8 : 2
  }

  /// - Throws: where the groups of batch normalisation are asked for in vain, or do not divide the samples.
  static func requireWholeGroups(samples: Int, network: Network, options: ExecutionOptions) throws(InputError) {
    if let asked = options.batchNormGroup, network.batchNormalization != .batch {
      throw InputError(
        place: "--batch-norm-group \(asked)",
        network.batchNormalization.map { "statistics are \($0.rawValue), which knows no groups" }
          ?? "the network has no batch normalisation",
        remedy: network.batchNormalization == nil
          ? "leave the flag out" : "add --batch-norm batch, or leave the flag out")
    }
    guard let group = groupSize(samples: samples, network: network, options: options) else { return }
    guard group >= 2 else {
      throw InputError(
        place: "--batch-norm-group \(group)", "statistics of a single sample would normalise it away",
        remedy: "choose groups of at least 2 samples")
    }
    guard samples % group == 0 else {
      throw InputError(
        place: "--batch-norm-group \(group)",
        "\(samples) samples cannot be cut into groups of \(group): the last would have \(samples % group)",
        remedy: "choose a divisor of the number of samples, or fewer samples with --samples \(samples / group * group)")
    }
    if case .fixed(let size) = network.batch, size != group {
      throw InputError(
        place: "--batch-norm-group \(group)", "the model was exported at the fixed batch size \(size)",
        remedy: samples % size == 0
          ? "use --batch-norm-group \(size), or export the model with a dynamic batch dimension"
          : "export the model with a dynamic batch dimension")
    }
  }

  /// The samples in the order in which they are cut into groups: shuffled, where there is more than one.
  static func order(samples: Int, network: Network, options: ExecutionOptions) -> [Int]? {
    guard let group = groupSize(samples: samples, network: network, options: options), group < samples else {
      return nil
    }
    var stream = RandomStream(seed: options.seed, purpose: "groups of batch normalisation")
    return Array(0..<samples).shuffled(using: &stream)
  }

  /// Samples of a microbatch where nobody says: enough for full speed of the products, few enough for activations to stay in the
  /// second-level cache, and no more than half of the samples, as two workers want something to do.
  ///
  /// Dense layers want many rows. An image is many rows already: networks that convolve take as many samples as have
  /// room in ``imageBytes`` with the largest image between two layers, in single precision. Each microbatch reads and
  /// writes arrays of the size of the parameters, which should be little beside its activations.
  static func standardMicrobatch(_ network: Network, samples: Int) throws(InputError) -> Int {
    var size = mostSamples
    if let images = try ImageSizes(network) {
      while size > 1 && size * images.largest * 4 > imageBytes { size /= 2 }
      while size < mostSamples && size * images.total < 2 * network.parameterCount { size *= 2 }
    }
    return min(size, (samples + 1) / 2)
  }

  private static let mostSamples = 256
  private static let imageBytes = 1 << 20

  /// Elements of the images that the convolutions of a network give for a sample.
  private struct ImageSizes {
    var largest: Int
    var total: Int

    /// `nil` for networks that do not convolve.
    init?(_ network: Network) throws(InputError) {
      // Two samples, as models exported in training mode refuse a single one.
      let samples = 2
      var graph = Graph()
      _ = try network.instantiate(batch: samples, in: &graph)
      let images = graph.values.filter { graph[$0].primitive is Convolution }.map { graph.type(of: $0).count / samples }
      guard let largest = images.max() else { return nil }
      self.largest = largest
      total = images.reduce(0, +)
    }
  }
}
