import Tensors

/// How a training run ended: written last, as `result.json`.
public struct RunResult: Codable, Sendable, Equatable {
  /// The schema and its version.
  public var schema = "ritz.run-result/1"
  /// Steps that were taken.
  public var steps: Int
  /// The mean loss of the batches of the last epoch, before their steps.
  @OptionalReportedNumber public var lossOfLastEpoch: Double?
  /// The last evaluation of every set.
  public var evaluations: [RunEvaluation]
  /// Measurements of curvature, and products they took.
  public var measurements: Int
  public var products: Int
  /// A CRC-32 of θ, as eight hexadecimal digits: runs that end with the same bits have the same.
  public var checksum: String

  public init<Scalar: Real>(steps: Int, parameters: Vector<Scalar>, history: [RunRecord], stepsPerEpoch: Int) {
    self.steps = steps
    var last: [String: RunEvaluation] = [:]
    var order: [String] = []
    var losses: [Double] = []
    (measurements, products) = (0, 0)
    for record in history {
      switch record {
      case .step(let step): if step.step >= steps - stepsPerEpoch { losses.append(step.loss) }
      case .evaluation(let evaluation):
        if last.updateValue(evaluation, forKey: evaluation.set) == nil { order.append(evaluation.set) }
      case .measurement(let measurement):
        measurements += 1
        products += measurement.products
      }
    }
    lossOfLastEpoch = losses.isEmpty ? nil : losses.reduce(0, +) / Double(losses.count)
    evaluations = order.compactMap { last[$0] }
    let sum = parameters.withUnsafePointer { pointer in
      Inflate.checksum(
        UnsafeRawBufferPointer(start: pointer, count: parameters.count * MemoryLayout<Scalar>.stride), from: 0)
    }
    let digits = String(sum, radix: 16)
    checksum = String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// The result as JSON.
  public func encoded() throws -> [UInt8] { try RunJSON.encode(self, isForPeople: true) }

  private enum CodingKeys: String, CodingKey {
    case schema, steps, evaluations, measurements, products, checksum
    case lossOfLastEpoch = "loss_of_last_epoch"
  }
}

extension RunDescription {
  /// The description as JSON.
  public func encoded() throws -> [UInt8] { try RunJSON.encode(self, isForPeople: true) }
}
