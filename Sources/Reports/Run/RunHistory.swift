public import Analyses

/// The records of a run as pages draw them, which grows with the run.
///
///     var history = RunHistory()
///     history.append(try RunDirectory("runs/first").records().records)
///
/// A step takes 48 bytes.
public struct RunHistory: Sendable {
  public private(set) var steps: [RunStep] = []
  public private(set) var evaluations: [RunEvaluation] = []
  public private(set) var measurements: [RunMeasurement] = []
  /// The first steps whose loss was no finite number, and how many there were.
  public private(set) var divergedStep: Int?
  public private(set) var divergedCount = 0

  public init() {}

  public init(_ records: [RunRecord]) { append(records) }

  public mutating func append(_ records: [RunRecord]) {
    for record in records {
      switch record {
      case .step(let step):
        steps.append(step)
        if !step.loss.isFinite {
          divergedStep = divergedStep ?? step.step
          divergedCount += 1
        }
      case .evaluation(let evaluation): evaluations.append(evaluation)
      case .measurement(let measurement): measurements.append(measurement)
      }
    }
  }

  public var isEmpty: Bool { steps.isEmpty && evaluations.isEmpty && measurements.isEmpty }

  /// Steps taken so far: one more than the last record of a step, or what another record says.
  public var stepsTaken: Int {
    max(steps.last.map { $0.step + 1 } ?? 0, evaluations.last?.step ?? 0, measurements.last?.step ?? 0)
  }

  /// What was measured on all parameters, in the order in which it first appears.
  var subjects: [RunSubject] { Self.distinct(measurements.lazy.filter { $0.block == nil }.map { RunSubject($0) }) }

  /// The sets of samples evaluated, in the order in which they first appear.
  var sets: [String] { Self.distinct(evaluations.lazy.map(\.set)) }

  /// The blocks a subject was measured on, in the order in which they first appear.
  func blocks(of subject: RunSubject) -> [String] {
    Self.distinct(measurements.lazy.filter { RunSubject($0) == subject }.compactMap(\.block))
  }

  /// What was measured of a subject on a block, or on all parameters, in order.
  func measurements(of subject: RunSubject, block: String? = nil) -> [RunMeasurement] {
    measurements.filter { $0.block == block && RunSubject($0) == subject }
  }

  private static func distinct<Value: Hashable>(_ values: some Sequence<Value>) -> [Value] {
    var seen: Set<Value> = []
    return values.filter { seen.insert($0).inserted }
  }
}
