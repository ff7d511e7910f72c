import CTensors

/// Spectra of large dense matrices, values only, in place: what a matrix takes is all the memory there is.
public enum DenseFactorization {
  /// The eigenvalues, ascending, of the symmetric n × n matrix whose lower triangle (row i ≥ column j at `matrix[j·n +
  /// i]`) is given. The matrix is overwritten.
  ///
  /// Cost: (4/3)n³ operations, over a banded matrix where n is large. Errors of eigenvalues: some ε‖A‖.
  ///
  /// - Throws: ``InputError`` where there is no memory for LAPACK's workspace, or the matrix is not finite.
  public static func eigenvalues(
    overwriting matrix: AlignedStorage<Double>, order n: Int
  ) throws(InputError) -> [Double] {
    precondition(matrix.count >= n * n)
    try LinearAlgebraLibrary.load()
    var values = [Double](repeating: 0, count: n)
    try check(ritz_symmetric_eigenvalues(Int32(n), matrix.pointer, &values), "eigenvalues", n, n)
    return values
  }

  /// The singular values, descending, of an m × n matrix in column-major order, which is overwritten.
  ///
  /// Cost: about (8/3)n³ operations for a square matrix. Errors of singular values: some ε‖A‖.
  ///
  /// - Throws: ``InputError`` as for eigenvalues.
  public static func singularValues(
    overwriting matrix: AlignedStorage<Double>, rows m: Int, columns n: Int
  ) throws(InputError) -> [Double] {
    precondition(matrix.count >= m * n)
    try LinearAlgebraLibrary.load()
    var values = [Double](repeating: 0, count: min(m, n))
    try check(ritz_singular_values(Int32(m), Int32(n), matrix.pointer, &values), "singular values", m, n)
    return values
  }

  /// A = Q R of an m × n matrix in column-major order: R is left in its upper triangle, what is below means nothing to
  /// the caller.
  ///
  /// Cost: 2n²(m − n/3) operations.
  public static func orthogonalize(
    _ matrix: UnsafeMutablePointer<Double>, rows m: Int, columns n: Int, stride: Int
  ) throws(InputError) {
    precondition(stride >= m)
    try LinearAlgebraLibrary.load()
    try check(ritz_dgeqrf(Int32(m), Int32(n), matrix, Int32(stride)), "orthogonal factor", m, n)
  }

  private static func check(_ info: Int32, _ what: String, _ m: Int, _ n: Int) throws(InputError) {
    switch info {
    case 0: return
    case -1000:
      throw InputError("not enough memory for the \(what) of a \(m) × \(n) matrix", remedy: "use fewer samples")
    case -1001: throw InputError("the OpenBLAS found has no LAPACK: install libopenblas-dev")
    default:
      throw InputError(
        "the \(what) of a \(m) × \(n) matrix were not found (LAPACK info \(info)): is there a NaN in it?")
    }
  }
}
