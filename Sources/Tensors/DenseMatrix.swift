import CTensors

/// A dense matrix of Double, stored by rows: element (i, j) is `elements[i · columns + j]`.
///
/// It is made for the linear algebra of analyses, some thousands of rows at most; products and decompositions are OpenBLAS's.
///
/// Shapes that do not fit are programming errors; whatever comes from a file is checked before it becomes a matrix.
public struct DenseMatrix: Sendable, Equatable {
  public let rows: Int
  public let columns: Int
  public var elements: [Double]

  public init(rows: Int, columns: Int, elements: [Double]) {
    precondition(rows >= 0 && columns >= 0 && elements.count == rows * columns)
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  public init(zeros rows: Int, _ columns: Int) {
    self.init(rows: rows, columns: columns, elements: [Double](repeating: 0, count: rows * columns))
  }

  /// The square matrix with the given diagonal.
  public init(diagonal: [Double]) {
    self.init(zeros: diagonal.count, diagonal.count)
    for (index, value) in diagonal.enumerated() { self[index, index] = value }
  }

  /// The n × n identity.
  public static func identity(_ n: Int) -> DenseMatrix {
    DenseMatrix(diagonal: [Double](repeating: 1, count: n))
  }

  /// The matrices one above the other; all have as many columns.
  public static func stacked(_ blocks: [DenseMatrix]) -> DenseMatrix {
    var elements: [Double] = []
    elements.reserveCapacity(blocks.reduce(0) { $0 + $1.elements.count })
    for block in blocks {
      precondition(block.columns == blocks[0].columns)
      elements += block.elements
    }
    return DenseMatrix(
      rows: blocks.reduce(0) { $0 + $1.rows }, columns: blocks.first?.columns ?? 0, elements: elements)
  }

  /// The matrix with `count` more rows and columns, of zeros.
  public func bordered(by count: Int) -> DenseMatrix {
    var result = DenseMatrix(zeros: rows + count, columns + count)
    for i in 0..<rows {
      for j in 0..<columns { result[i, j] = self[i, j] }
    }
    return result
  }

  public subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// Row `index`, contiguous.
  public func row(_ index: Int) -> ArraySlice<Double> { elements[index * columns..<(index + 1) * columns] }

  /// Aᵀ
  public var transposed: DenseMatrix {
    var result = DenseMatrix(zeros: columns, rows)
    for i in 0..<rows {
      for j in 0..<columns { result.elements[j * rows + i] = elements[i * columns + j] }
    }
    return result
  }

  /// a A
  public func scaled(by a: Double) -> DenseMatrix {
    DenseMatrix(rows: rows, columns: columns, elements: elements.map { a * $0 })
  }

  public static func + (a: DenseMatrix, b: DenseMatrix) -> DenseMatrix {
    precondition(a.rows == b.rows && a.columns == b.columns)
    return DenseMatrix(rows: a.rows, columns: a.columns, elements: zip(a.elements, b.elements).map { $0 + $1 })
  }

  /// The largest |element|.
  public var largestMagnitude: Double { elements.reduce(0) { Swift.max($0, abs($1)) } }

  /// The Kronecker product A ⊗ B: element ((i, k), (j, l)) is A[i, j] B[k, l], the second index of each pair the faster one.
  public func kronecker(_ b: DenseMatrix) -> DenseMatrix {
    var result = DenseMatrix(zeros: rows * b.rows, columns * b.columns)
    result.addKronecker(self, b)
    return result
  }

  /// self ← self + A ⊗ B
  public mutating func addKronecker(_ a: DenseMatrix, _ b: DenseMatrix) {
    precondition(rows == a.rows * b.rows && columns == a.columns * b.columns)
    let width = columns
    elements.withUnsafeMutableBufferPointer { target in
      for i in 0..<a.rows {
        for k in 0..<b.rows {
          let row = (i * b.rows + k) * width
          for j in 0..<a.columns {
            let factor = a[i, j]
            let start = row + j * b.columns
            for l in 0..<b.columns { target[start + l] += factor * b.elements[k * b.columns + l] }
          }
        }
      }
    }
  }
}

// MARK: - Products

extension DenseMatrix {
  /// A B. Cost: 2mnk operations.
  public static func * (a: DenseMatrix, b: DenseMatrix) throws(InputError) -> DenseMatrix {
    try product(a, false, b, false)
  }

  /// AᵀA
  public func gram() throws(InputError) -> DenseMatrix { try DenseMatrix.product(self, true, self, false) }

  /// AAᵀ
  public func outerGram() throws(InputError) -> DenseMatrix { try DenseMatrix.product(self, false, self, true) }

  /// op(A) op(B), each transposed where its flag says so.
  public static func product(
    _ a: DenseMatrix, _ transposeA: Bool, _ b: DenseMatrix, _ transposeB: Bool
  ) throws(InputError) -> DenseMatrix {
    let (m, inner) = transposeA ? (a.columns, a.rows) : (a.rows, a.columns)
    let (innerB, n) = transposeB ? (b.columns, b.rows) : (b.rows, b.columns)
    precondition(inner == innerB)
    var result = DenseMatrix(zeros: m, n)
    if m == 0 || n == 0 || inner == 0 { return result }
    try LinearAlgebraLibrary.load()
    a.elements.withUnsafeBufferPointer { left in
      b.elements.withUnsafeBufferPointer { right in
        result.elements.withUnsafeMutableBufferPointer { target in
          guard let left = left.baseAddress, let right = right.baseAddress, let target = target.baseAddress else {
            return
          }
          Double.gemm(
            transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: inner, alpha: 1, left, a.columns, right,
            b.columns, beta: 0, target, n)
        }
      }
    }
    return result
  }
}

// MARK: - Decompositions

extension DenseMatrix {
  /// The singular values, descending, min(rows, columns) of them; each is accurate to some ε σ₁.
  ///
  /// Cost: 4mn² − 4n³/3 operations for m ≥ n (LAPACK's `dgesdd` without vectors).
  ///
  /// - Throws: ``InputError`` when an element is not finite or memory does not suffice.
  public func singularValues() throws(InputError) -> [Double] {
    let count = Swift.min(rows, columns)
    if count == 0 { return [] }
    try LinearAlgebraLibrary.load()
    try checkFinite()
    var work = elements
    var values = [Double](repeating: 0, count: count)
    // LAPACK reads by columns: what it sees is the transpose, which has the same singular values.
    try check(ritz_dgesdd(Int32(columns), Int32(rows), &work, &values, nil, nil))
    return values
  }

  /// The thin decomposition A = L diag(σ) R, σ descending; L is rows × c with orthonormal columns, R is c × columns
  /// with orthonormal rows, c = min(rows, columns).
  ///
  /// - Throws: ``InputError`` when an element is not finite or memory does not suffice.
  public func singularDecomposition() throws(InputError) -> (left: DenseMatrix, values: [Double], right: DenseMatrix) {
    let count = Swift.min(rows, columns)
    var left = DenseMatrix(zeros: rows, count)
    var right = DenseMatrix(zeros: count, columns)
    if count == 0 { return (left, [], right) }
    try LinearAlgebraLibrary.load()
    try checkFinite()
    var work = elements
    var values = [Double](repeating: 0, count: count)
    // Aᵀ = Rᵀ diag(σ) Lᵀ by columns: both factors come out by rows as wanted here.
    try check(ritz_dgesdd(Int32(columns), Int32(rows), &work, &values, &right.elements, &left.elements))
    return (left, values, right)
  }

  /// The eigenvalues of a symmetric matrix, ascending. Cost: 4n³/3 operations.
  ///
  /// - Throws: ``InputError`` when an element is not finite or memory does not suffice.
  public func symmetricEigenvalues() throws(InputError) -> [Double] {
    precondition(rows == columns)
    try checkFinite()
    return try SymmetricEigen.decompose(elements, order: rows, vectors: false).values
  }

  /// The eigendecomposition of a symmetric matrix.
  ///
  /// - Throws: ``InputError`` when an element is not finite or memory does not suffice.
  public func symmetricEigen() throws(InputError) -> SymmetricEigen {
    precondition(rows == columns)
    try checkFinite()
    return try SymmetricEigen.decompose(elements, order: rows, vectors: true)
  }

  /// LAPACK may loop or return anything when it meets a NaN.
  private func checkFinite() throws(InputError) {
    if let index = elements.firstIndex(where: { !$0.isFinite }) {
      throw InputError(
        "element (\(index / columns), \(index % columns)) of a \(rows) × \(columns) matrix is \(elements[index])",
        remedy: "look for weights or inputs that are not finite")
    }
  }

  private func check(_ info: Int32) throws(InputError) {
    if info == -1000 {
      throw InputError("not enough memory for the singular values of a \(rows) × \(columns) matrix")
    }
    if info != 0 {
      throw InputError("the singular values of a \(rows) × \(columns) matrix did not converge (LAPACK info \(info))")
    }
  }
}
