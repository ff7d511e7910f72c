import Autodiff
import Foundation
import Krylov
import Networks
import Tensors

/// Labels drawn from a model's own distribution: what a Monte Carlo Fisher matrix is made of.
enum LabelDraws {
  /// The most bytes that drawn numbers may take.
  static let largestByteCount = 64 << 30

  /// Elements drawn for each row: the fraction of draws of every class, or all residuals.
  static func size(_ loss: Loss, classes: Int, draws: Int) -> Int { loss == .crossEntropy ? classes : draws * classes }

  /// Fills `target` for one row with outputs `scores`. The draws are a function of the seed, the row of the data and the outputs.
  ///
  /// - Parameter first: draws of the row's stream that are passed over.
  static func draw<Scalar: Real>(
    _ loss: Loss, scores: UnsafeBufferPointer<Scalar>, first: Int = 0, draws: Int, seed: UInt64, row: Int,
    into target: UnsafeMutablePointer<Scalar>
  ) {
    var stream = RandomStream(seed: seed, purpose: "labels of the Fisher matrix", index: row)
    let classes = scores.count
    for _ in 0..<first * numbers(loss, classes: classes) { _ = stream.next() }
    switch loss {
    case .crossEntropy:
      let highest = scores.map { Double($0) }.max() ?? 0
      var cumulative: [Double] = []
      var total = 0.0
      for score in scores {
        total += exp(Double(score) - highest)
        cumulative.append(total)
      }
      var counts = [Int](repeating: 0, count: classes)
      for _ in 0..<draws {
        let position = RandomStream.unitInterval(stream.next()) * total
        // The first class whose cumulative sum is above the position.
        var (low, high) = (0, classes - 1)
        while low < high {
          let middle = (low + high) / 2
          if cumulative[middle] > position { high = middle } else { low = middle + 1 }
        }
        counts[low] += 1
      }
      for (index, count) in counts.enumerated() { target[index] = Scalar(Double(count) / Double(draws)) }
    case .squaredError, .meanSquaredError:
      let deviation = loss == .squaredError ? 1 : (2 / Double(classes)).squareRoot()
      for index in 0..<draws * classes { target[index] = Scalar(deviation * normal(&stream)) }
    case .binaryCrossEntropy:
      for draw in 0..<draws {
        for (index, score) in scores.enumerated() {
          let probability = 1 / (1 + exp(-Double(score)))
          let isOne = RandomStream.unitInterval(stream.next()) < probability
          // 1 − σ(z) = σ(−z) without cancellation.
          target[draw * classes + index] = Scalar(isOne ? -1 / (1 + exp(Double(score))) : probability)
        }
      }
    case .output: break
    }
  }

  /// Numbers of the stream that a draw takes.
  private static func numbers(_ loss: Loss, classes: Int) -> Int {
    switch loss {
    case .crossEntropy: 1
    case .squaredError, .meanSquaredError: 2 * classes
    case .binaryCrossEntropy: classes
    case .output: 0
    }
  }

  /// A standard normal number by the method of Box and Muller; every one takes two uniform numbers.
  private static func normal(_ stream: inout RandomStream) -> Double {
    let radius = (-2 * log(RandomStream.unitInterval(stream.next()))).squareRoot()
    return radius * cos(2 * Double.pi * RandomStream.unitInterval(stream.next()))
  }
}

extension Objective {
  /// The objective with labels of the model's own distribution drawn for every row.
  ///
  /// - Parameter first: draws that are passed over: several objectives of single draws so have those of one together.
  /// - Throws: ``InputError`` where outputs are not finite or the draws would not fit into memory.
  func drawingLabels(_ options: OperatorOptions, from first: Int = 0) throws -> Objective {
    guard options.fisherDraws > 0 else {
      throw InputError(place: "--fisher-draws", "must be at least 1, not \(options.fisherDraws)")
    }
    let rows = data.samples * data.rowsPerSample
    let classes = outputsPerSample / data.rowsPerSample
    let size = LabelDraws.size(loss, classes: classes, draws: options.fisherDraws)
    let (elements, overflows) = rows.multipliedReportingOverflow(by: size)
    guard !overflows, elements <= LabelDraws.largestByteCount / MemoryLayout<Scalar>.stride else {
      throw InputError(
        place: "--fisher-draws \(options.fisherDraws)", "the draws of \(rows) samples would not fit into memory",
        remedy: "ask for fewer draws or use fewer samples")
    }
    let outputs = try cutOutputs()
    guard space(of: outputs).norm(outputs).isFinite else {
      throw InputError(
        "the network's outputs are not finite on this data", remedy: "check the data, or use --precision double")
    }
    let draws = AlignedStorage<Scalar>(count: elements)
    outputs.withUnsafePointer { outputs in
      pool.forRanges(of: sampleCount * data.rowsPerSample, chunk: 256) { range, _ in
        for row in range {
          let (sample, position) = row.quotientAndRemainder(dividingBy: data.rowsPerSample)
          let given = order.map { $0[sample] * data.rowsPerSample + position } ?? row
          LabelDraws.draw(
            loss, scores: UnsafeBufferPointer(start: outputs + row * classes, count: classes),
            first: first, draws: options.fisherDraws, seed: options.seed, row: given,
            into: draws.pointer + row * size)
        }
      }
    }
    var drawn = data
    (drawn.drawSize, drawn.draws) = (size, draws)
    return try Objective(self, data: drawn)
  }
}
