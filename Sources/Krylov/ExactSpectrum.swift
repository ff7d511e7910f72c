import Tensors

/// All eigenvalues of an operator, through its dense matrix.
public struct ExactSpectrum: Sendable {
  /// Eigenvalues in ascending order; eigenvectors where asked for.
  public var eigen: SymmetricEigen
  /// max |aᵢⱼ − aⱼᵢ| of the products before they were made symmetric: how far the operator is from symmetric.
  public var asymmetry: Double
  /// max |aᵢⱼ|, to compare the asymmetry with.
  public var largestElement: Double
  public var products: Int

  /// Applies the operator to the columns of the identity and decomposes (M + Mᵀ)/2.
  ///
  /// Cost: n products in calls of `batch`, 8n² bytes (twice that with vectors) and O(n³) operations.
  ///
  /// - Throws: ``InputError`` when a product is not finite or there is no memory.
  public static func compute<Scalar: Real, A: LinearOperator>(
    _ operation: A, vectors: Bool = false, batch: Int = 16, observe: (_ columns: Int) throws -> Void = { _ in }
  ) throws -> ExactSpectrum where A.Space == DenseVectorSpace<Scalar> {
    let (matrix, asymmetry) = try symmetricMatrix(operation, batch: batch, observe: observe)
    let n = operation.dimension
    return ExactSpectrum(
      eigen: try SymmetricEigen.decompose(matrix, order: n, vectors: vectors), asymmetry: asymmetry,
      largestElement: matrix.reduce(0) { Swift.max($0, abs($1)) }, products: n)
  }

  /// The dense matrix (M + Mᵀ)/2 in Double, n² elements, with max |mᵢⱼ − mⱼᵢ|.
  public static func symmetricMatrix<Scalar: Real, A: LinearOperator>(
    _ operation: A, batch: Int = 16, observe: (_ columns: Int) throws -> Void = { _ in }
  ) throws -> (matrix: [Double], asymmetry: Double) where A.Space == DenseVectorSpace<Scalar> {
    precondition(batch > 0)
    let n = operation.dimension
    var matrix = [Double](repeating: 0, count: n * n)
    for start in stride(from: 0, to: n, by: batch) {
      let columns = start..<Swift.min(n, start + batch)
      let identity = columns.map { column in
        var vector = Vector<Scalar>(zeros: n)
        vector[column] = 1
        return vector
      }
      for (column, image) in zip(columns, try operation.checkedProducts(identity)) {
        guard operation.space.norm(image).isFinite else { throw nonFiniteProduct(column + 1) }
        image.withUnsafePointer { image in
          for row in 0..<n { matrix[column * n + row] = Double(image[row]) }
        }
      }
      try observe(columns.upperBound)
    }
    var asymmetry = 0.0
    for column in 0..<n {
      for row in 0..<column {
        let (upper, lower) = (matrix[column * n + row], matrix[row * n + column])
        asymmetry = Swift.max(asymmetry, abs(upper - lower))
        matrix[column * n + row] = upper / 2 + lower / 2
        matrix[row * n + column] = matrix[column * n + row]
      }
    }
    return (matrix, asymmetry)
  }
}
