import Tensors

/// An eigenvalue of a matrix whose eigenvectors are Kronecker products u_i ⊗ v_j.
public struct KroneckerEigenvalue: Sendable, Hashable {
  public var value: Double
  /// i, the position of u_i among the left factor's eigenvectors.
  public var left: Int
  /// j, that of v_j among the right factor's.
  public var right: Int

  public init(value: Double, left: Int, right: Int) {
    self.value = value
    self.left = left
    self.right = right
  }
}

/// A symmetric matrix with eigenvectors u_i ⊗ v_j: a Kronecker product A ⊗ B, or one whose eigenvalues λ_ij are not
/// those of a product.
///
/// It acts on vectors of m·n elements, which are read as matrices V [m, n] by rows: (A ⊗ B) vec V = vec(A V Bᵀ), and in
/// general V ↦ U (Λ ⊙ (UᵀV W)) Wᵀ, with U and W the matrices of the u_i and v_j. All eigenpairs, functions of the
/// matrix and inverses are at hand.
///
/// Cost of a product: 4mn(m + n) operations. Memory: m² + n² + mn numbers.
public struct KroneckerOperator<Scalar: Real>: LinearOperator, Sendable {
  public let space: DenseVectorSpace<Scalar>
  /// m
  public let rows: Int
  /// n
  public let columns: Int
  /// u_i in elements i·m ..< (i + 1)·m.
  public let leftVectors: Vector<Scalar>
  /// v_j in elements j·n ..< (j + 1)·n.
  public let rightVectors: Vector<Scalar>
  /// λ_ij at i·n + j.
  public let values: [Double]
  /// The eigenvalues of A and B where this is A ⊗ B: λ_ij = aᵢ bⱼ.
  public let factors: Factors?

  /// The eigenvalues of the factors of a Kronecker product.
  public struct Factors: Sendable, Hashable {
    public var left: [Double]
    public var right: [Double]

    public init(left: [Double], right: [Double]) {
      self.left = left
      self.right = right
    }

    /// aᵢ bⱼ at i·n + j.
    var products: [Double] { left.flatMap { a in right.map { a * $0 } } }
  }

  /// A ⊗ B of symmetric matrices; eigenvalues of each factor descending.
  ///
  /// Cost: two dense eigenproblems, O(m³ + n³) operations.
  ///
  /// - Throws: ``InputError`` when an element is not finite or memory does not suffice.
  public init(_ a: DenseMatrix, _ b: DenseMatrix, pool: WorkerPool = WorkerPool(count: 1)) throws(InputError) {
    let (left, right) = (try a.descendingEigen(), try b.descendingEigen())
    try self.init(
      leftVectors: left.vectors, rightVectors: right.vectors,
      factors: Factors(left: left.values, right: right.values), pool: pool)
  }

  /// The matrix with the eigenvectors of a product, its eigenvalues products of given ones.
  ///
  /// - Parameters: rows of the matrices of vectors are the eigenvectors.
  public init(
    leftVectors: DenseMatrix, rightVectors: DenseMatrix, factors: Factors, pool: WorkerPool = WorkerPool(count: 1)
  ) throws(InputError) {
    try LinearAlgebraLibrary.load()
    precondition(factors.left.count == leftVectors.rows && factors.right.count == rightVectors.rows)
    self.init(
      space: DenseVectorSpace(dimension: leftVectors.rows * rightVectors.rows, pool: pool),
      rows: leftVectors.rows, columns: rightVectors.rows, leftVectors: Vector(leftVectors.elements.map { Scalar($0) }),
      rightVectors: Vector(rightVectors.elements.map { Scalar($0) }), values: factors.products, factors: factors)
  }

  private init(
    space: DenseVectorSpace<Scalar>, rows: Int, columns: Int, leftVectors: Vector<Scalar>,
    rightVectors: Vector<Scalar>, values: [Double], factors: Factors?
  ) {
    self.space = space
    self.rows = rows
    self.columns = columns
    self.leftVectors = leftVectors
    self.rightVectors = rightVectors
    self.values = values
    self.factors = factors
  }

  /// The matrix with the same eigenvectors and other eigenvalues, λ_ij at i·n + j.
  public func withValues(_ values: [Double]) -> KroneckerOperator {
    precondition(values.count == rows * columns)
    return KroneckerOperator(
      space: space, rows: rows, columns: columns, leftVectors: leftVectors, rightVectors: rightVectors,
      values: values, factors: nil)
  }

  /// The product of factors with the same eigenvectors and other eigenvalues.
  public func withFactors(_ factors: Factors) -> KroneckerOperator {
    precondition(factors.left.count == rows && factors.right.count == columns)
    return KroneckerOperator(
      space: space, rows: rows, columns: columns, leftVectors: leftVectors, rightVectors: rightVectors,
      values: factors.products, factors: factors)
  }

  public func apply(_ vectors: [Vector<Scalar>]) throws -> [Vector<Scalar>] {
    try vectors.map { vector in
      var coordinates = try coordinates(of: vector)
      coordinates.withUnsafeMutablePointer { pointer in
        for index in 0..<values.count { pointer[index] = Scalar(Double(pointer[index]) * values[index]) }
      }
      return try combination(coordinates)
    }
  }

  /// UᵀV W: the coordinates of a vector in the eigenvectors, that of u_i ⊗ v_j at i·n + j.
  public func coordinates(of vector: Vector<Scalar>) throws(InputError) -> Vector<Scalar> {
    try rotated(vector, transposed: false)
  }

  /// The vector with these coordinates in the eigenvectors.
  public func combination(_ coordinates: Vector<Scalar>) throws(InputError) -> Vector<Scalar> {
    try rotated(coordinates, transposed: true)
  }

  private func rotated(_ vector: Vector<Scalar>, transposed: Bool) throws(InputError) -> Vector<Scalar> {
    guard vector.count == rows * columns else {
      throw InputError("a vector of \(vector.count) elements for an operator of dimension \(rows * columns)")
    }
    var (half, result) = (Vector<Scalar>(zeros: vector.count), Vector<Scalar>(zeros: vector.count))
    guard vector.count > 0 else { return result }
    vector.withUnsafePointer { vector in
      leftVectors.withUnsafePointer { left in
        rightVectors.withUnsafePointer { right in
          half.withUnsafeMutablePointer { half in
            result.withUnsafeMutablePointer { result in
              // The rows of the matrices of vectors are the eigenvectors: V ↦ L V Rᵀ, and Lᵀ V R back.
              Scalar.gemm(
                transposeA: transposed, transposeB: false, m: rows, n: columns, k: rows, alpha: 1, left, rows,
                vector, columns, beta: 0, half, columns)
              Scalar.gemm(
                transposeA: false, transposeB: !transposed, m: rows, n: columns, k: columns, alpha: 1, half, columns,
                right, columns, beta: 0, result, columns)
            }
          }
        }
      }
    }
    return result
  }

  /// The largest eigenvalues, descending; of equal ones that with the smaller indices first.
  ///
  /// Cost: mn comparisons and O(log k) for each that is among the k largest so far.
  public func largest(_ count: Int) -> [KroneckerEigenvalue] {
    var heap = BoundedHeap(capacity: min(count, values.count))
    for (index, value) in values.enumerated() { heap.insert(value, index) }
    return heap.descending.map {
      KroneckerEigenvalue(value: $0.value, left: $0.index / columns, right: $0.index % columns)
    }
  }

  /// u_i ⊗ v_j, of unit norm.
  public func vector(_ eigenvalue: KroneckerEigenvalue) -> Vector<Scalar> {
    Vector(count: rows * columns) { target in
      for i in 0..<rows {
        let factor = leftVectors[eigenvalue.left * rows + i]
        for j in 0..<columns {
          target.initializeElement(at: i * columns + j, to: factor * rightVectors[eigenvalue.right * columns + j])
        }
      }
    }
  }

  /// The sum of all eigenvalues.
  public var trace: Double { values.reduce(0, +) }

  /// ‖A‖_F, the root of the sum of all squared eigenvalues.
  public var frobeniusNorm: Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// (A + λI)⁻¹, with negative eigenvalues, which are rounding where the matrix is semidefinite, taken as zero.
  ///
  /// - Throws: ``InputError`` for a damping that is not positive.
  public func dampedInverse(_ damping: Double) throws(InputError) -> KroneckerOperator {
    try requireDamping(damping)
    return withValues(values.map { 1 / (max($0, 0) + damping) })
  }

  /// ((A + π√λ I) ⊗ (B + √λ/π I))⁻¹ with π² the ratio of the factors' mean eigenvalues: not an inverse of A ⊗ B + λI,
  /// from which it differs by √λ (A/π ⊗ I + π I ⊗ B), but of a Kronecker product again.
  ///
  /// - Throws: ``InputError`` for a damping that is not positive, and for matrices that are not products.
  ///
  /// Source: J. Martens, R. Grosse, "Optimizing neural networks with Kronecker-factored approximate curvature", ICML 2015,
  /// arXiv:1503.05671, section 6.3.
  public func factoredInverse(_ damping: Double) throws(InputError) -> KroneckerOperator {
    try requireDamping(damping)
    guard let factors else {
      throw InputError(
        "factored damping is for Kronecker products, and this matrix is none", remedy: "use exact damping")
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0) { $0 + max($1, 0) } / Double(max(1, values.count)) }
    let (left, right) = (mean(factors.left), mean(factors.right))
    let ratio = left > 0 && right > 0 ? (left / right).squareRoot() : 1
    let root = damping.squareRoot()
    return withFactors(
      Factors(
        left: factors.left.map { 1 / (max($0, 0) + ratio * root) },
        right: factors.right.map { 1 / (max($0, 0) + root / ratio) }))
  }

  private func requireDamping(_ damping: Double) throws(InputError) {
    guard damping > 0, damping.isFinite else { throw InputError("a damping must be positive, not \(damping)") }
  }
}

extension DenseMatrix {
  /// The eigenvalues of a symmetric matrix, descending, with the eigenvectors as rows.
  public func descendingEigen() throws(InputError) -> (values: [Double], vectors: DenseMatrix) {
    let eigen = try symmetricEigen()
    var vectors = DenseMatrix(zeros: rows, rows)
    for index in 0..<rows {
      vectors.elements.replaceSubrange(index * rows..<(index + 1) * rows, with: eigen.vector(rows - 1 - index))
    }
    return (eigen.values.reversed(), vectors)
  }
}
