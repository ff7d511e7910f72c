import Tensors

/// What stands above and below one layer of a linear network, each reduced to the factor of its singular value decomposition that
/// keeps its Gram matrix: A_l A_lᵀ = aboveᵀ above and QᵀB_lᵀB_l Q = belowᵀ below.
struct LinearLayerFactors: Sendable {
  /// diag(σ) Vᵀ of A_lᵀ, min(m_l, k) × k
  let above: DenseMatrix
  /// σ of A_l, descending
  let aboveScales: [Double]
  /// diag(σ) Vᵀ of B_l Q, min(m_{l−1}, r) × r
  let below: DenseMatrix
  /// σ of B_l Q, descending
  let belowScales: [Double]

  init(above: DenseMatrix, below: DenseMatrix) throws(InputError) {
    (self.above, aboveScales) = try above.transposed.compressed()
    (self.below, belowScales) = try below.compressed()
  }

  static func factors(
    weights: [DenseMatrix], biases: [[Double]]?, basis: DenseMatrix
  ) throws(InputError) -> [LinearLayerFactors] {
    var factors: [LinearLayerFactors] = []
    for map in try maps(weights: weights, biases: biases, basis: basis) {
      factors.append(try LinearLayerFactors(above: map.above, below: map.below))
    }
    return factors
  }

  /// A_l and B_l Q of every layer; with biases B_l is the affine map, whose last row hands on the one.
  static func maps(
    weights: [DenseMatrix], biases: [[Double]]?, basis: DenseMatrix
  ) throws(InputError) -> [(above: DenseMatrix, below: DenseMatrix)] {
    var below = [basis]
    for (l, weight) in weights.enumerated().dropLast() {
      below.append(try (biases.map { weight.affine($0[l]) } ?? weight) * below[l])
    }
    var above = [DenseMatrix.identity(weights[weights.count - 1].rows)]
    for weight in weights.dropFirst().reversed() { above.append(try above[above.count - 1] * weight) }
    return zip(above.reversed(), below).map { ($0, $1) }
  }
}

extension DenseMatrix {
  /// [[self, bias], [0, 1]]
  fileprivate func affine(_ bias: [Double]) -> DenseMatrix {
    var result = DenseMatrix(zeros: rows + 1, columns + 1)
    for i in 0..<rows {
      for j in 0..<columns { result[i, j] = self[i, j] }
      result[i, columns] = bias[i]
    }
    result[rows, columns] = 1
    return result
  }

  /// diag(σ) Vᵀ of the singular value decomposition U diag(σ) Vᵀ, which has the same Gram matrix and at most as many
  /// rows as columns.
  fileprivate func compressed() throws(InputError) -> (factor: DenseMatrix, scales: [Double]) {
    var (_, values, right) = try singularDecomposition()
    for i in 0..<right.rows {
      for j in 0..<right.columns { right[i, j] *= values[i] }
    }
    return (right, values)
  }

  /// A diag(scales)
  func scalingColumns(by scales: [Double]) -> DenseMatrix {
    var result = self
    for i in 0..<rows {
      for j in 0..<columns { result.elements[i * columns + j] *= scales[j] }
    }
    return result
  }

  /// The rank of a matrix in general position with the same rows and columns of zeros.
  var structuralRank: Int {
    var filled = [Bool](repeating: false, count: columns)
    var filledRows = 0
    for i in 0..<rows {
      var isFilled = false
      for j in 0..<columns where elements[i * columns + j] != 0 {
        filled[j] = true
        isFilled = true
      }
      if isFilled { filledRows += 1 }
    }
    return Swift.min(filledRows, filled.count { $0 })
  }
}
