import Analyses
import Foundation
import Tensors
import TestSupport

extension NumpyRandom {
  /// numpy's `standard_normal((rows, columns)) * scale`.
  mutating func matrix(_ rows: Int, _ columns: Int, scale: Double = 1) -> DenseMatrix {
    DenseMatrix(rows: rows, columns: columns, elements: normals(rows * columns)).scaled(by: scale)
  }

  /// The weights of a linear network of the given widths, variance gain/fan-in.
  mutating func weights(_ widths: [Int], gain: Double) -> [DenseMatrix] {
    zip(widths, widths.dropFirst()).map { below, above in
      matrix(above, below, scale: (gain / Double(below)).squareRoot())
    }
  }

  /// A whole number of a range.
  mutating func integer(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + integer(below: UInt32(range.count))
  }
}

extension DenseMatrix {
  /// diag(scales) A
  func scalingRows(by scales: [Double]) -> DenseMatrix {
    var result = self
    for i in 0..<rows {
      for j in 0..<columns { result[i, j] *= scales[i] }
    }
    return result
  }

  /// A Aᵀ/columns for samples in columns.
  func secondMoment() throws -> DenseMatrix { try outerGram().scaled(by: 1 / Double(columns)) }

  /// Σ^(−1/2) A for samples in columns.
  func whitened() throws -> DenseMatrix {
    let eigen = try secondMoment().symmetricEigen()
    let vectors = DenseMatrix(rows: rows, columns: rows, elements: eigen.vectors)
    let scaled = vectors.scalingRows(by: eigen.values.map { 1 / $0.squareRoot() })
    return try DenseMatrix.product(vectors, true, scaled, false) * self
  }

  func relativeDistance(to other: DenseMatrix) -> Double {
    (self + other.scaled(by: -1)).largestMagnitude / other.largestMagnitude
  }
}

/// numpy's `linspace` and `geomspace`.
func evenlySpaced(_ first: Double, _ last: Double, _ count: Int) -> [Double] {
  (0..<count).map { first + (last - first) * Double($0) / Double(count - 1) }
}

func evenlySpacedInLogarithm(_ first: Double, _ last: Double, _ count: Int) -> [Double] {
  evenlySpaced(log(first), log(last), count).map { exp($0) }
}

func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

/// The Jacobian of outputs by parameters, one forward tangent a parameter: `tangent(direction)` is all outputs' derivative.
func jacobian(parameters: Int, _ tangent: ([Double]) throws -> [Double]) rethrows -> DenseMatrix {
  var columns: [[Double]] = []
  for index in 0..<parameters {
    var direction = [Double](repeating: 0, count: parameters)
    direction[index] = 1
    columns.append(try tangent(direction))
  }
  return DenseMatrix(rows: parameters, columns: columns[0].count, elements: columns.flatMap { $0 }).transposed
}

/// The tangent of x ↦ W_L(… W₁ x + b₁ …) + b_L by all parameters (weights by rows, then the bias of each layer),
/// written from the chain rule of one sample and sharing nothing with the closed forms.
func linearTangent(
  _ weights: [DenseMatrix], biases: [[Double]]? = nil, input: [Double], direction: [Double]
) -> [Double] {
  var value = input
  var tangent = [Double](repeating: 0, count: input.count)
  var offset = 0
  for (l, weight) in weights.enumerated() {
    var nextValue = [Double](repeating: 0, count: weight.rows)
    var nextTangent = nextValue
    for i in 0..<weight.rows {
      for j in 0..<weight.columns {
        nextValue[i] += weight[i, j] * value[j]
        nextTangent[i] += weight[i, j] * tangent[j] + direction[offset] * value[j]
        offset += 1
      }
    }
    if let bias = biases?[l] {
      for i in 0..<weight.rows {
        nextValue[i] += bias[i]
        nextTangent[i] += direction[offset]
        offset += 1
      }
    }
    (value, tangent) = (nextValue, nextTangent)
  }
  return tangent
}

func linearOutput(_ weights: [DenseMatrix], input: [Double]) -> [Double] {
  weights.reduce(input) { value, weight in
    (0..<weight.rows).map { i in zip(weight.row(i), value).reduce(0) { $0 + $1.0 * $1.1 } }
  }
}

/// (1/n) Σ JᵢᵀHᵢJᵢ from explicit Jacobians of samples in the columns of `data`; `factor(i)` is B with H = BBᵀ.
func explicitGaussNewton(
  _ weights: [DenseMatrix], biases: [[Double]]? = nil, data: DenseMatrix, factor: ((Int) -> DenseMatrix)? = nil
) throws -> DenseMatrix {
  let parameters =
    weights.reduce(0) { $0 + $1.elements.count } + (biases ?? []).reduce(0) { $0 + $1.count }
  var sum = DenseMatrix(zeros: parameters, parameters)
  let samples = data.transposed
  for i in 0..<data.columns {
    var block = jacobian(parameters: parameters) {
      linearTangent(weights, biases: biases, input: Array(samples.row(i)), direction: $0)
    }
    if let factor { block = try DenseMatrix.product(factor(i), true, block, false) }
    sum = sum + (try block.gram())
  }
  return sum.scaled(by: 1 / Double(data.columns))
}
