import CTensors

/// Makes sure OpenBLAS is loaded; call before any `gemm` in Double or any dense eigenproblem.
///
/// - Throws: ``InputError`` that names the package to install.
public enum LinearAlgebraLibrary {
  public static func load() throws(InputError) {
    if let problem = ritz_blas_load() { throw InputError(String(cString: problem)) }
  }

  /// The libraries in use, with the kernels they chose, as printed with every result.
  public static var description: String {
    String(cString: ritz_blas_description()) + "; " + String(cString: ritz_onednn_description())
  }
}

/// A symmetric eigendecomposition A = Q diag(λ) Qᵀ, λ ascending.
public struct SymmetricEigen: Sendable {
  /// Eigenvalues in ascending order.
  public var values: [Double]
  /// Eigenvector j in elements j·n ..< (j + 1)·n (empty when only values were asked for).
  public var vectors: [Double]

  /// The eigenvector of `values[index]`.
  public func vector(_ index: Int) -> ArraySlice<Double> {
    vectors[index * values.count..<(index + 1) * values.count]
  }

  /// Decomposes the symmetric n × n matrix whose lower triangle (row i ≥ column j at `matrix[j·n + i]`) is given.
  ///
  /// Cost: O(n³), LAPACK's divide and conquer `dsyevd`.
  public static func decompose(_ matrix: [Double], order n: Int, vectors wantVectors: Bool) throws(InputError) -> Self {
    precondition(matrix.count == n * n)
    if n == 0 { return Self(values: [], vectors: []) }
    try LinearAlgebraLibrary.load()
    var a = matrix
    var values = [Double](repeating: 0, count: n)
    try check(ritz_dsyevd(wantVectors ? 1 : 0, Int32(n), &a, &values), n)
    return Self(values: values, vectors: wantVectors ? a : [])
  }

  /// Decomposes the symmetric tridiagonal matrix T with the given diagonal (n) and off-diagonal (n − 1).
  public static func decompose(
    diagonal: [Double], offDiagonal: [Double], vectors wantVectors: Bool = true
  ) throws(InputError) -> Self {
    let n = diagonal.count
    precondition(offDiagonal.count >= n - 1)
    if n == 0 { return Self(values: [], vectors: []) }
    try LinearAlgebraLibrary.load()
    var values = diagonal
    var off = offDiagonal
    if off.isEmpty { off = [0] }
    var vectors = [Double](repeating: 0, count: wantVectors ? n * n : 0)
    let info = wantVectors ? ritz_dstevd(Int32(n), &values, &off, &vectors) : ritz_dstevd(Int32(n), &values, &off, nil)
    try check(info, n)
    return Self(values: values, vectors: vectors)
  }

  private static func check(_ info: Int32, _ n: Int) throws(InputError) {
    if info == -1000 {
      throw InputError(
        "not enough memory for a dense eigenproblem of order \(n)", remedy: "use fewer parameters (--params)")
    }
    if info != 0 {
      throw InputError(
        "the dense eigenproblem of order \(n) did not converge (LAPACK info \(info)): is there a NaN in it?")
    }
  }
}
