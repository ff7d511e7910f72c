import Autodiff
import Foundation
import Networks
import Tensors

/// For every row of outputs a factor B of the matrix in the middle of JᵀMJ: B Bᵀ = M, with as few columns as M has rank.
///
/// | operator | M of a row with weight w | columns |
/// |---|---|---|
/// | Gauss-Newton, Fisher: `squared-error` | w I | C |
/// | … `mse` | 2w/C · I | C |
/// | … `bce` | w diag σ(z)(1 − σ(z)) | C |
/// | … `cross-entropy` | w (diag p − ppᵀ) | C − 1 |
/// | tangent kernel | I, where w is not 0 | C |
///
/// For cross-entropy B = diag(√p) Q with Q an orthonormal basis of the complement of √p: the columns other than y, the
/// likeliest class, of the reflection that takes −e_y to √p. Written out, with j ≠ y,
///
///     B_yj = −√(p_y p_j),     B_cj = √p_c (δ_cj − √(p_c p_j)/(1 + √p_y)),
///
/// where nothing cancels, however sure the model is.
struct OutputFactor: Sendable {
  /// Samples, and rows of outputs for each of them.
  let samples: Int
  let rowsPerSample: Int
  /// C
  let classes: Int
  /// The number of columns of every B.
  let width: Int
  /// B of row i at i·C·width, row-major.
  let elements: [Double]

  /// The directions of a sample: rows times columns.
  var slots: Int { rowsPerSample * width }

  init(kind: OperatorKind, loss: Loss, samples: Int, rowsPerSample: Int, classes: Int, row: (Int) -> RowData) throws {
    self.samples = samples
    self.rowsPerSample = rowsPerSample
    self.classes = classes
    let isLabels = loss == .crossEntropy && kind != .tangentKernel
    width = isLabels ? max(0, classes - 1) : classes
    var elements = [Double](repeating: 0, count: samples * rowsPerSample * classes * width)
    for index in 0..<samples * rowsPerSample {
      let data = row(index)
      guard data.scores.allSatisfy(\.isFinite) else {
        throw InputError(
          "the network's outputs are not finite on this data",
          remedy: "check the data, and that training did not diverge")
      }
      let start = index * classes * width
      if kind == .tangentKernel {
        for c in 0..<classes { elements[start + c * width + c] = data.weight != 0 ? 1 : 0 }
        continue
      }
      let root = data.weight.squareRoot()
      if isLabels {
        Self.labelFactor(data.scores, root * (data.mass ?? 1).squareRoot(), &elements, start)
        continue
      }
      for c in 0..<classes {
        let curvature =
          switch loss {
          case .meanSquaredError: 2 / Double(classes)
          case .binaryCrossEntropy: 1 / ((1 + exp(-data.scores[c])) * (1 + exp(data.scores[c])))
          case .squaredError, .crossEntropy, .output: 1.0
          }
        elements[start + c * width + c] = root * curvature.squareRoot()
      }
    }
    self.elements = elements
  }

  /// What the factor of a row depends on.
  struct RowData {
    /// z
    var scores: [Double]
    /// w
    var weight: Double
    /// The sum of the row's soft targets; `nil` for labels.
    var mass: Double?
  }

  private static func labelFactor(_ scores: [Double], _ scale: Double, _ elements: inout [Double], _ start: Int) {
    let (classes, width) = (scores.count, scores.count - 1)
    guard let highest = scores.max(), let y = scores.firstIndex(of: highest) else { return }
    // √p from half the exponents: a probability may underflow where its root does not.
    let halves = scores.map { exp(($0 - highest) / 2) }
    let norm = halves.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let roots = halves.map { $0 / norm }
    var column = 0
    for j in 0..<classes where j != y {
      for c in 0..<classes {
        let element =
          c == y
          ? -roots[y] * roots[j] : roots[c] * ((c == j ? 1 : 0) - roots[c] * roots[j] / (1 + roots[y]))
        elements[start + c * width + column] = scale * element
      }
      column += 1
    }
  }

  /// For every sample column `slot mod width` of B in row `slot / width`, zero in its other rows: what Jᵀ is applied to.
  func direction(_ slot: Int, samples range: Range<Int>, padded count: Int) -> Vector<Double> {
    let (row, column) = (slot / width, slot % width)
    var vector = Vector<Double>(zeros: count * rowsPerSample * classes)
    vector.withUnsafeMutablePointer { target in
      for sample in range {
        let source = (sample * rowsPerSample + row) * classes * width + column
        let offset = ((sample - range.lowerBound) * rowsPerSample + row) * classes
        for c in 0..<classes { target[offset + c] = elements[source + c * width] }
      }
    }
    return vector
  }

  /// Bᵀ t for all rows: element slot · n + sample.
  func contract(_ tangent: Vector<Double>) -> Vector<Double> {
    var result = Vector<Double>(zeros: slots * samples)
    result.withUnsafeMutablePointer { target in
      tangent.withUnsafePointer { tangent in
        for index in 0..<samples * rowsPerSample {
          let (sample, row) = (index / rowsPerSample, index % rowsPerSample)
          for column in 0..<width {
            var sum = 0.0
            for c in 0..<classes {
              sum += elements[(index * classes + c) * width + column] * tangent[index * classes + c]
            }
            target[(row * width + column) * samples + sample] = sum
          }
        }
      }
    }
    return result
  }

  /// B u for all rows, of a vector with element slot · n + sample.
  func expand(_ vector: Vector<Double>) -> Vector<Double> {
    var result = Vector<Double>(zeros: samples * rowsPerSample * classes)
    result.withUnsafeMutablePointer { target in
      vector.withUnsafePointer { vector in
        for index in 0..<samples * rowsPerSample {
          let (sample, row) = (index / rowsPerSample, index % rowsPerSample)
          for c in 0..<classes {
            var sum = 0.0
            for column in 0..<width {
              sum +=
                elements[(index * classes + c) * width + column] * vector[(row * width + column) * samples + sample]
            }
            target[index * classes + c] = sum
          }
        }
      }
    }
    return result
  }
}

extension Objective where Scalar == Double {
  /// The factors of all rows at the present outputs.
  ///
  /// - Throws: ``InputError`` for operators that have none, and for outputs that are not finite.
  func outputFactor(of kind: OperatorKind) throws -> OutputFactor {
    guard [.gaussNewton, .fisher, .tangentKernel].contains(kind) else {
      throw InputError(
        place: "--operator \(kind.rawValue)",
        "the \(kind.title) is not the square of a weighted Jacobian of the outputs",
        remedy: "choose ggn, fisher or ntk")
    }
    try requireSplit(kind)
    let outputs = try cutOutputs()
    let rows = data.rowsPerSample
    let classes = outputsPerSample / rows
    let isSoft = loss == .crossEntropy && targetType?.element == .real && kind != .fisher
    return try OutputFactor(
      kind: kind, loss: loss, samples: sampleCount, rowsPerSample: rows, classes: classes
    ) { row in
      OutputFactor.RowData(
        scores: (0..<classes).map { outputs[row * classes + $0] }, weight: data.weights.pointer[row],
        mass: isSoft ? (0..<data.targetSize).reduce(0) { $0 + data.targets.pointer[row * data.targetSize + $1] } : nil)
    }
  }
}
