import Tensors

extension Plan {
  /// Elements of the largest result that a call can leave unread: those of the primal part, where there is another.
  var unreadCount: Int {
    let (sums, rows) = (count(.primalResult), count(.primalRows))
    let hasLinear = count(.linearResult) + count(.linearRows) > 0
    return hasLinear || (sums > 0 && rows > 0) ? max(sums, rows) : 0
  }

  /// Elements of a region that each sample has.
  func width(_ region: Region) -> Int { count(region) / microbatch }

  /// Elements of scratch memory that the largest fused program or kernel needs.
  var scratchCount: Int {
    (Array(instructions.values.joined()) + Array(packing.values.joined())).map { instruction in
      switch instruction {
      case .program(let program): program.scratchCount
      case .kernel(let kernel, _, _, _): kernel.scratchCount
      case .addTo, .fill, .beginSum, .allReduce: 0
      }
    }.max() ?? 0
  }
}

/// Memory of a worker, or of a slice of a group: an arena for a microbatch's values, scratch for kernels, residuals and sums.
final class Workspace<Scalar: Real>: @unchecked Sendable {
  /// One microbatch's residuals, allocated where they are asked for: not where all are kept.
  private(set) lazy var residual = AlignedStorage<Scalar>(count: residualCount, zeroed: false)
  private let residualCount: Int
  /// Where the primal part leaves results that the call does not ask for.
  let unread: AlignedStorage<Scalar>
  let arena: AlignedStorage<Scalar>
  private let scratch: AlignedStorage<Scalar>
  private var sumStorage = AlignedStorage<Scalar>(count: 0)

  init(plans: [Plan]) {
    // Not zeroed: pages are touched first by the worker that uses them.
    arena = AlignedStorage(count: plans.map { $0.count(.arena) }.max() ?? 0, zeroed: false)
    scratch = AlignedStorage(count: plans.map(\.scratchCount).max() ?? 0, zeroed: false)
    residualCount = plans.map { $0.count(.residual) }.max() ?? 0
    unread = AlignedStorage(count: plans.map(\.unreadCount).max() ?? 0)
  }

  /// Room for the sums of `vectors` results of `count` elements each.
  func sums(count: Int, vectors: Int) -> UnsafeMutablePointer<Scalar> {
    let needed = Commit<Scalar>.padded(count) * vectors
    if sumStorage.count < needed { sumStorage = AlignedStorage(count: needed, zeroed: false) }
    return sumStorage.pointer
  }

  /// Runs instructions one after the other; `first` begins the task's sums. The regions they read and write must be set.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run(_ instructions: [Instruction], _ memory: Memory<Scalar>, first: Bool) {
    for instruction in instructions { run(instruction, memory, first: first) }
  }

  /// Runs one instruction; the regions it reads and writes must be set.
  func run(_ instruction: Instruction, _ memory: Memory<Scalar>, first: Bool) {
    switch instruction {
    case .program(let program):
      program.run(memory, scratch: scratch.pointer)
    case .kernel(let kernel, let operands, let result, let accumulate):
      kernel.run(
        operands: operands.map { UnsafePointer(memory[$0]) }, result: memory[result],
        accumulate: adds(accumulate, first), scratch: scratch.pointer)
    case .addTo(let result, let operand, let count, let accumulate):
      if adds(accumulate, first) {
        Scalar.axpy(1, memory[operand], memory[result], count: count)
      } else {
        memory[result].update(from: memory[operand], count: count)
      }
    case .fill(let result, let number, let count):
      Scalar.fill(Scalar(number), memory[result], count: count)
    case .allReduce:
      // The slices of a group meet between the segments of a plan.
      break
    case .beginSum(let result, let count):
      if first { Scalar.fill(0, memory[result], count: count) }
    }
  }

  private func adds(_ accumulation: Accumulation, _ first: Bool) -> Bool {
    switch accumulation {
    case .overwrite: false
    case .add: true
    case .sumOverMicrobatches: !first
    }
  }
}

/// Residuals of the primal part that stay in memory between products: of the first microbatches, as many as fit.
final class KeptResiduals<Scalar: Real>: @unchecked Sendable {
  /// One microbatch's residuals; filled by the first product that needs them. Only one task touches it.
  final class Entry: @unchecked Sendable {
    fileprivate let count: Int
    fileprivate var storage = AlignedStorage<Scalar>(count: 0)
    var isFilled = false
    var pointer: UnsafeMutablePointer<Scalar> { storage.pointer }
    fileprivate init(count: Int) { self.count = count }
  }

  private let entries: [Entry]
  var count: Int { entries.count }
  /// Elements that memory is held for.
  var heldElements: Int { entries.reduce(0) { $0 + $1.storage.count } }

  /// Has memory for all: on the thread of the caller, whose arena of the allocator then serves the next ones too.
  func allocate() {
    for entry in entries where entry.storage.count < entry.count {
      entry.storage = AlignedStorage(count: entry.count, zeroed: false)
    }
  }

  /// Has all residuals computed anew.
  func clear() {
    for entry in entries { entry.isFilled = false }
  }

  init(schedule: Schedule, plans: [Int: Plan], bytes: Int) {
    entries = Self.sizes(schedule: schedule, plans: plans, bytes: bytes).map { Entry(count: $0) }
  }

  subscript(microbatch: Int) -> Entry? { microbatch < entries.count ? entries[microbatch] : nil }

  static func byteCount(schedule: Schedule, plans: [Int: Plan], bytes: Int) -> Int {
    sizes(schedule: schedule, plans: plans, bytes: bytes).reduce(0, +) * MemoryLayout<Scalar>.stride
  }

  static func sizes(schedule: Schedule, plans: [Int: Plan], bytes: Int) -> [Int] {
    var left = bytes / MemoryLayout<Scalar>.stride
    var sizes: [Int] = []
    for index in 0..<schedule.microbatchCount {
      let size = plans[schedule.samples(ofMicrobatch: index).count]?.count(.residual) ?? 0
      guard size <= left else { break }
      left -= size
      sizes.append(size)
    }
    return sizes
  }
}
