import Tensors

/// Memory that values of a running graph live in.
public enum Region: Int, CaseIterable, Sendable {
  /// θ, all parameters one after the other.
  case parameters
  /// The direction v, the selected parameters one after the other.
  case vector
  /// The microbatch's rows of a direction that has a row for each sample.
  case vectorRows
  /// The model's literals one after the other.
  case literals
  /// The microbatch's rows of the inputs, of the targets, of the weights, of drawn numbers.
  case inputs, targets, weights, draws
  /// Values that depend on θ and literals only: computed once, shared by all workers.
  case fixed
  /// Values that depend on v but not on data: computed once a product.
  case direction
  /// Values of the primal part that the linear part reads: kept between products where memory allows.
  case residual
  /// Everything else: the worker's arena.
  case arena
  /// Sums over the samples of results of the primal part, and of the linear part.
  case primalResult, linearResult
  /// The microbatch's rows of results that have a row for each sample.
  case primalRows, linearRows
}

/// A place in a region, counted in elements.
public struct Reference: Hashable, Sendable {
  public var region: Region
  public var offset: Int
}

/// One step of a plan.
enum Instruction: Sendable {
  /// Runs a kernel over whole operands; `accumulate` adds to what is there, or to a sum that this microbatch may begin.
  case kernel(any OpaqueKernel, operands: [Reference], result: Reference, accumulate: Accumulation)
  /// Runs a fused program.
  case program(TileProgram)
  /// Adds `count` elements to a sum.
  case addTo(result: Reference, operand: Reference, count: Int, accumulate: Accumulation)
  /// Sets `count` elements to a number.
  case fill(result: Reference, number: Double, count: Int)
  /// Sums `count` elements over the slices of a group: all instructions before are done in every slice, none behind is begun.
  case allReduce(result: Reference, operand: Reference, count: Int)
  /// Begins a sum that nothing overwrites: zero in the first microbatch of a task.
  case beginSum(result: Reference, count: Int)
}

/// What happens to the former contents of a result.
enum Accumulation: Sendable {
  case overwrite
  case add
  /// Overwrites in the first microbatch of a task and adds in the others.
  case sumOverMicrobatches
}

/// The four parts a function falls into by what its values depend on.
public enum Stage: Int, CaseIterable, Comparable, Sendable {
  /// θ and literals only: once for every θ.
  case fixed
  /// Data: once for every microbatch, or once for all products where residuals are kept.
  case primal
  /// v only: once a product.
  case direction
  /// Data and v: once for every microbatch and product.
  case linear

  public static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
}

/// The kernels a plan may use.
public struct KernelChoice: Hashable, Sendable {
  /// Whether kernels that exist in single precision only may be used; the plan then runs in Float only.
  public let isSinglePrecision: Bool
  /// Whether weights and their tangents are copied once into the order that kernels read them in, for all microbatches.
  public let packsWeights: Bool

  /// What runs in Float and Double alike.
  public static let portable = KernelChoice(isSinglePrecision: false, packsWeights: false)

  /// The choice for a precision; packing is worth its memory where many microbatches use it.
  public init<Scalar: Real>(for type: Scalar.Type, packsWeights: Bool) {
    self.init(isSinglePrecision: Scalar.self == Float.self, packsWeights: packsWeights && Scalar.self == Float.self)
  }

  private init(isSinglePrecision: Bool, packsWeights: Bool) {
    self.isSinglePrecision = isSinglePrecision
    self.packsWeights = packsWeights
  }
}

/// A function made ready to run at one microbatch size: instructions for each stage and the memory they need.
///
/// A plan knows no parameters and no data and runs on any worker; one of portable kernels runs in Float and Double.
public struct Plan: Sendable {
  /// Samples (rows of the inputs) of the microbatch.
  public let microbatch: Int
  var instructions: [Stage: [Instruction]] = [:]
  /// Independent instructions that pack matrices, after those of the fixed or the direction stage.
  var packing: [Stage: [Instruction]] = [:]
  /// Elements of each region that one worker, one microbatch or the whole run needs.
  public internal(set) var counts: [Region: Int] = [:]
  /// Arithmetic operations of the matrix products and other kernels of each stage.
  public internal(set) var operationCounts: [Stage: Double] = [:]
  /// Elements read and written by the fused programs of each stage.
  public internal(set) var elementCounts: [Stage: Double] = [:]

  public func count(_ region: Region) -> Int { counts[region] ?? 0 }

  /// The instructions of a stage cut behind each run of sums over the slices of a group.
  func segments(_ stage: Stage) -> [Segment] {
    var segments: [Segment] = []
    var own = Segment()
    for instruction in instructions[stage] ?? [] {
      if case .allReduce(let result, let operand, let count) = instruction {
        own.exchanges.append(Exchange(result: result, operand: operand, count: count))
        continue
      }
      if !own.exchanges.isEmpty {
        segments.append(own)
        own = Segment()
      }
      own.instructions.append(instruction)
    }
    return segments + [own]
  }

  /// A sum over the slices of a group.
  struct Exchange: Sendable {
    var result: Reference
    var operand: Reference
    var count: Int
  }

  /// What a slice of a group does by itself, and the sums over the slices at its end.
  struct Segment: Sendable {
    var instructions: [Instruction] = []
    var exchanges: [Exchange] = []
  }
  /// Arithmetic operations of one microbatch in a stage.
  public func operationCount(_ stage: Stage) -> Double { operationCounts[stage] ?? 0 }
}
