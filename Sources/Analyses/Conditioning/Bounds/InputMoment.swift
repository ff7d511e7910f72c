import Tensors

/// The second moment of the inputs, weighted by the output Hessians: what data and loss contribute to a linear
/// network's Gauss-Newton matrix.
///
///     K = (1/n) Σᵢ Hᵢ ⊗ xᵢxᵢᵀ        (kd × kd);   K = I_k ⊗ Σ, Σ = (1/n) Σᵢ xᵢxᵢᵀ, where Hᵢ = I
///
/// Inputs that do not fill their space (pixels that are always black) are described in an orthonormal basis Q (d × r)
/// of their range, x = Q y. In y the same theory holds with r in place of d, and no zero eigenvalue is left of Σ.
public struct InputMoment: Sendable {
  /// d, with the one appended to the inputs counted where there is one.
  public let dimension: Int
  /// Whether a one was appended to each input, as networks with biases need.
  public let hasOne: Bool
  /// Q: an orthonormal basis of the range of the inputs, d × r.
  public let basis: DenseMatrix
  /// √λ of the r non-zero eigenvalues of Σ, descending, in the order of the columns of Q.
  public let inputScales: [Double]
  /// Where the Hᵢ are not the identity.
  let weighting: OutputWeighting?

  /// r = rank Σ
  public var rank: Int { inputScales.count }

  /// Whether no combination of the other inputs equals the appended one on all samples.
  ///
  /// Such a combination is a null vector of Σ with a last element, and there is one exactly when e_d lies outside the range of Q.
  var spansOne: Bool {
    guard hasOne else { return false }
    let last = basis.row(dimension - 1)
    return abs(1 - last.reduce(0) { $0 + $1 * $1 }) < 1e-8
  }

  /// κ of Σ over its non-zero eigenvalues, or of K where outputs are weighted. 1 where there are no inputs.
  public var conditionNumber: Double {
    let scales = weighting?.scales ?? inputScales
    guard let first = scales.first, let last = scales.last else { return 1 }
    return (first / last) * (first / last)
  }

  /// Σ given as a d × d matrix, Hᵢ = I. The rank counts eigenvalues above 10·d·ε·λ₁. Cost: O(d³).
  ///
  /// - Throws: ``InputError`` when Σ has elements that are not finite or an eigenvalue below zero by more than rounding.
  public init(covariance: DenseMatrix) throws(InputError) {
    let d = covariance.rows
    let eigen = try covariance.symmetricEigen()
    let rank = ConditionNumber.resolvedRank(eigenvalues: eigen.values, order: d)
    if let lowest = eigen.values.first, let highest = eigen.values.last,
      lowest < -10 * Double(d) * Double.ulpOfOne * Swift.max(highest, 0)
    {
      throw InputError("the second moment of the inputs has the eigenvalue \(lowest): it must be positive semidefinite")
    }
    var basis = DenseMatrix(zeros: d, rank)
    for column in 0..<rank {
      for (row, value) in eigen.vector(d - 1 - column).enumerated() { basis[row, column] = value }
    }
    self.init(
      dimension: d, hasOne: false, basis: basis,
      inputScales: (0..<rank).map { eigen.values[d - 1 - $0].squareRoot() }, weighting: nil)
  }

  /// Σ = c I, c > 0, as whitening makes it, with Hᵢ = I.
  public static func white(dimension d: Int, variance c: Double = 1) -> InputMoment {
    InputMoment(
      dimension: d, hasOne: false, basis: .identity(d), inputScales: [Double](repeating: c.squareRoot(), count: d),
      weighting: nil)
  }

  /// The moment of samples, one a row of `inputs` (n × d), by singular values of the inputs and never by squares of them.
  ///
  /// - Parameters:
  ///   - appendingOne: whether a one is appended to each input, for networks with biases.
  ///   - outputFactors: Bᵢ (k × cᵢ) with Hᵢ = BᵢBᵢᵀ, one a sample; the identity if left out.
  ///
  /// Cost: O(n d²), with output factors O(n c (k r)²).
  /// - Throws: ``InputError`` when shapes disagree or an input is not finite.
  public init(
    inputs: DenseMatrix, appendingOne: Bool = false, outputFactors: [DenseMatrix]? = nil
  ) throws(InputError) {
    let n = inputs.rows
    let d = inputs.columns + (appendingOne ? 1 : 0)
    guard n > 0, d > 0 else { throw InputError("there are no inputs to take the second moment of") }
    var samples = DenseMatrix(zeros: n, d)
    let scale = 1 / Double(n).squareRoot()
    for i in 0..<n {
      for (j, value) in inputs.row(i).enumerated() { samples[i, j] = scale * value }
      if appendingOne { samples[i, d - 1] = scale }
    }
    let (_, values, right) = try samples.singularDecomposition()
    let rank = ConditionNumber.resolvedRank(singularValues: values, order: Swift.max(n, d))
    let basis = DenseMatrix(rows: rank, columns: d, elements: Array(right.elements[..<(rank * d)])).transposed
    var weighting: OutputWeighting?
    if let outputFactors {
      weighting = try OutputWeighting(coordinates: samples * basis, factors: outputFactors)
    }
    self.init(
      dimension: d, hasOne: appendingOne, basis: basis, inputScales: Array(values[..<rank]), weighting: weighting)
  }

  private init(
    dimension: Int, hasOne: Bool, basis: DenseMatrix, inputScales: [Double], weighting: OutputWeighting?
  ) {
    self.dimension = dimension
    self.hasOne = hasOne
    self.basis = basis
    self.inputScales = inputScales
    self.weighting = weighting
  }

  /// F Fᵀ of the factor F = I ⊗ Q diag(√λ), or F = (I ⊗ Q) F_y where outputs are weighted: K itself, kd × kd.
  func matrix(outputs k: Int) throws(InputError) -> DenseMatrix {
    if let weighting { return try (DenseMatrix.identity(k).kronecker(basis) * weighting.factor).outerGram() }
    return try DenseMatrix.identity(k).kronecker(basis * DenseMatrix(diagonal: inputScales)).outerGram()
  }
}

/// A factor of K in the coordinates of the inputs' range: F_y F_yᵀ = (1/n) Σᵢ Hᵢ ⊗ yᵢyᵢᵀ.
struct OutputWeighting: Sendable {
  /// k
  let outputs: Int
  /// The dimension of the space all Hᵢ act on together; k − 1 for cross-entropy.
  let outputRank: Int
  /// F_y, kr × t, of full column rank t.
  let factor: DenseMatrix
  /// The t singular values of F_y, descending.
  let scales: [Double]

  /// - Parameter coordinates: yᵢ/√n, one a row (n × r).
  init(coordinates: DenseMatrix, factors: [DenseMatrix]) throws(InputError) {
    let n = coordinates.rows
    let r = coordinates.columns
    guard factors.count == n, let k = factors.first?.rows, factors.allSatisfy({ $0.rows == k }) else {
      throw InputError(
        "\(factors.count) factors of output Hessians for \(n) inputs",
        remedy: "give one for each input, with a row for each output")
    }
    let columns = factors.reduce(0) { $0 + $1.columns }
    var wide = DenseMatrix(zeros: k * r, columns)
    var outputWide = DenseMatrix(zeros: k, columns)
    var column = 0
    for (i, factor) in factors.enumerated() {
      for c in 0..<factor.columns {
        for o in 0..<k {
          let weight = factor[o, c]
          outputWide[o, column] = weight
          for j in 0..<r { wide[o * r + j, column] = weight * coordinates[i, j] }
        }
        column += 1
      }
    }
    let (left, values, _) = try wide.singularDecomposition()
    let rank = ConditionNumber.resolvedRank(singularValues: values, order: Swift.max(k * r, columns))
    var factor = DenseMatrix(zeros: k * r, rank)
    for row in 0..<(k * r) {
      for column in 0..<rank { factor[row, column] = left[row, column] * values[column] }
    }
    outputs = k
    outputRank = ConditionNumber.resolvedRank(
      singularValues: try outputWide.singularValues(), order: Swift.max(k, columns))
    self.factor = factor
    scales = Array(values[..<rank])
  }
}
