import Autodiff
import Networks
import Synchronization
import Tensors

/// The 0–1 loss: 1 for a sample that is classified otherwise than its target says.
///
/// For cross-entropy with labels the class is that of the largest output, the first of equals; for binary cross-entropy
/// with one output it is 1 where the output is above 0, against a target above ½.
enum ZeroOneLoss {
  /// - Throws: ``InputError`` for other losses and targets.
  static func require<Scalar: Real>(_ objective: Objective<Scalar>) throws(InputError) {
    let width = objective.outputsPerSample / max(1, objective.data.rowsPerSample)
    switch objective.loss {
    case .crossEntropy where objective.targetType?.element == .int32: return
    case .binaryCrossEntropy where width == 1: return
    default:
      throw InputError(
        place: "--loss \(objective.loss.rawValue)", "leaves no classes to count errors of",
        remedy: "use cross-entropy with labels, or bce with one output")
    }
  }

  /// The number of rows that are classified wrongly among those that count, and how many count.
  static func errors<Scalar: Real>(
    _ objective: Objective<Scalar>, outputs: Vector<Scalar>, samples: Int
  ) -> (wrong: Int, counted: Int) {
    let rows = samples * objective.data.rowsPerSample
    let width = objective.outputsPerSample / max(1, objective.data.rowsPerSample)
    let targets = objective.data.targets.pointer
    var (wrong, counted) = (0, 0)
    outputs.withUnsafePointer { scores in
      // Outputs that are not numbers are no answer.
      for row in 0..<rows {
        if objective.loss == .binaryCrossEntropy {
          counted += 1
          if (scores[row] > 0) != (targets[row] > 0.5) || !scores[row].isFinite { wrong += 1 }
          continue
        }
        guard Int(targets[row]) != Loss.ignoredLabel else { continue }
        counted += 1
        let start = scores + row * width
        var best = 0
        for other in 1..<max(1, width) where start[other] > start[best] { best = other }
        if best != Int(targets[row]) || !start[best].isFinite { wrong += 1 }
      }
    }
    return (wrong, counted)
  }
}

/// θ ↦ the fraction of samples that are classified wrongly, planned once for many θ.
public struct ErrorFunction<Scalar: Real>: Sendable {
  let objective: Objective<Scalar>
  let executor: Executor<Scalar>

  /// One call at a time. Cost: a forward pass over the data.
  public func callAsFunction(_ parameters: Vector<Scalar>) -> Double {
    executor.move(to: parameters)
    let (wrong, counted) = ZeroOneLoss.errors(
      objective, outputs: executor.evaluateRows(), samples: objective.sampleCount)
    return Double(wrong) / Double(max(1, counted))
  }
}

extension Objective {
  /// θ ↦ the mean 0–1 loss.
  ///
  /// - Throws: ``InputError`` for losses other than cross-entropy with labels and binary cross-entropy with one output.
  public func errorFunction() throws -> ErrorFunction<Scalar> {
    try ZeroOneLoss.require(self)
    return ErrorFunction(
      objective: self, executor: try executor { graph throws(InputError) in [(graph.outputs, .primalRows)] })
  }
}

extension MinibatchGradient {
  /// The fraction of the loaded samples that are classified wrongly at θ.
  ///
  /// - Throws: ``InputError`` for losses other than cross-entropy with labels and binary cross-entropy with one output.
  public func errorRate(at parameters: Vector<Scalar>) throws -> Double {
    try ZeroOneLoss.require(objective)
    let (wrong, counted) = ZeroOneLoss.errors(objective, outputs: try outputs(at: parameters), samples: batchSize)
    return Double(wrong) / Double(max(1, counted))
  }

  /// The network's outputs for the loaded samples at θ, a row for each.
  func outputs(at parameters: Vector<Scalar>) throws -> Vector<Scalar> {
    let executor = try products.withLock { products in
      let executor =
        try products.outputs
        ?? objective.executor { graph throws(InputError) in [(graph.outputs, .primalRows)] }
      products.outputs = executor
      return executor
    }
    executor.move(to: parameters)
    return executor.evaluateRows()
  }
}
