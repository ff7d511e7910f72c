import CTensors

/// The concrete, single-threaded kernels behind ``Real``.
///
/// Pointers are unchecked: shapes are the caller's responsibility and have been checked before a pointer exists.
public protocol RealKernels {
  /// C = α op(A) op(B) + β C for row-major matrices; op(A) is m × k, op(B) k × n, C m × n. 2mnk operations.
  static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Self, _ a: UnsafePointer<Self>, _ lda: Int,
    _ b: UnsafePointer<Self>, _ ldb: Int, beta: Self, _ c: UnsafeMutablePointer<Self>, _ ldc: Int)
  /// Σ xᵢyᵢ, accumulated in Double.
  static func dot(_ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>, count: Int) -> Double
  /// y ← y + a x
  static func axpy(_ a: Self, _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, count: Int)
  /// x ← a x
  static func scale(_ a: Self, _ x: UnsafeMutablePointer<Self>, count: Int)
  /// total ← x
  static func assign(_ x: UnsafePointer<Self>, to total: UnsafeMutablePointer<Double>, count: Int)
  /// x ← a x, each element rounded once
  static func multiply(by a: Double, _ x: UnsafeMutablePointer<Self>, count: Int)
  /// total ← total + x
  static func commit(_ x: UnsafePointer<Self>, to total: UnsafeMutablePointer<Double>, count: Int)
  /// y ← total, rounded
  static func round(_ total: UnsafePointer<Double>, to y: UnsafeMutablePointer<Self>, count: Int)
  /// y ← x₀ + x₁ + … in Double, in order, rounded once; xᵢ of `length` elements begins at x + i·stride.
  static func sumColumns(
    _ x: UnsafePointer<Self>, stride: Int, count: Int, to y: UnsafeMutablePointer<Self>, length: Int)
  /// y ← total + x, rounded
  static func finish(
    _ x: UnsafePointer<Self>, _ total: UnsafePointer<Double>, to y: UnsafeMutablePointer<Self>, count: Int)
  /// sums[v · columns + k] = Σᵢ columns[k][i] vectors[v][i] over elements offset ..< offset + count, accumulated in
  /// Double in an order of its own for each pair.
  static func dots(
    _ columns: UnsafePointer<UnsafePointer<Self>?>, columns columnCount: Int,
    _ vectors: UnsafePointer<UnsafePointer<Self>?>, vectors vectorCount: Int, offset: Int, count: Int,
    _ sums: UnsafeMutablePointer<Double>)
  /// vectors[v][i] ← vectors[v][i] + Σₖ a[v · columns + k] columns[k][i] over elements offset ..< offset + count,
  /// accumulated in Double and rounded once.
  static func axpys(
    _ a: UnsafePointer<Double>, _ columns: UnsafePointer<UnsafePointer<Self>?>, columns columnCount: Int,
    _ vectors: UnsafePointer<UnsafeMutablePointer<Self>?>, vectors vectorCount: Int, offset: Int, count: Int)
}

extension Float: RealKernels {
  public static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int,
    _ b: UnsafePointer<Float>, _ ldb: Int, beta: Float, _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    ritz_sgemm(transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  }
  public static func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Double {
    ritz_sdot(x, y, count)
  }
  public static func axpy(_ a: Float, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int) {
    ritz_saxpy(a, x, y, count)
  }
  public static func scale(_ a: Float, _ x: UnsafeMutablePointer<Float>, count: Int) { ritz_sscal(a, x, count) }
  public static func assign(_ x: UnsafePointer<Float>, to total: UnsafeMutablePointer<Double>, count: Int) {
    ritz_sassign(x, total, count)
  }
  public static func multiply(by a: Double, _ x: UnsafeMutablePointer<Float>, count: Int) { ritz_smul(a, x, count) }
  public static func commit(_ x: UnsafePointer<Float>, to total: UnsafeMutablePointer<Double>, count: Int) {
    ritz_scommit(x, total, count)
  }
  public static func round(_ total: UnsafePointer<Double>, to y: UnsafeMutablePointer<Float>, count: Int) {
    ritz_sround(total, y, count)
  }
  public static func sumColumns(
    _ x: UnsafePointer<Float>, stride: Int, count: Int, to y: UnsafeMutablePointer<Float>, length: Int
  ) {
    ritz_ssum_columns(x, stride, count, y, length)
  }
  public static func finish(
    _ x: UnsafePointer<Float>, _ total: UnsafePointer<Double>, to y: UnsafeMutablePointer<Float>, count: Int
  ) {
    ritz_sfinish(x, total, y, count)
  }
  public static func dots(
    _ columns: UnsafePointer<UnsafePointer<Float>?>, columns columnCount: Int,
    _ vectors: UnsafePointer<UnsafePointer<Float>?>, vectors vectorCount: Int, offset: Int, count: Int,
    _ sums: UnsafeMutablePointer<Double>
  ) {
    ritz_sdots(columns, columnCount, vectors, vectorCount, offset, count, sums)
  }
  public static func axpys(
    _ a: UnsafePointer<Double>, _ columns: UnsafePointer<UnsafePointer<Float>?>, columns columnCount: Int,
    _ vectors: UnsafePointer<UnsafeMutablePointer<Float>?>, vectors vectorCount: Int, offset: Int, count: Int
  ) {
    ritz_saxpys(a, columns, columnCount, vectors, vectorCount, offset, count)
  }
}

extension Double: RealKernels {
  public static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Double, _ a: UnsafePointer<Double>, _ lda: Int,
    _ b: UnsafePointer<Double>, _ ldb: Int, beta: Double, _ c: UnsafeMutablePointer<Double>, _ ldc: Int
  ) {
    ritz_dgemm(transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  }
  public static func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, count: Int) -> Double {
    ritz_ddot(x, y, count)
  }
  public static func axpy(_ a: Double, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, count: Int) {
    ritz_daxpy(a, x, y, count)
  }
  public static func scale(_ a: Double, _ x: UnsafeMutablePointer<Double>, count: Int) { ritz_dscal(a, x, count) }
  public static func assign(_ x: UnsafePointer<Double>, to total: UnsafeMutablePointer<Double>, count: Int) {
    total.update(from: x, count: count)
  }
  public static func multiply(by a: Double, _ x: UnsafeMutablePointer<Double>, count: Int) { ritz_dscal(a, x, count) }
  public static func commit(_ x: UnsafePointer<Double>, to total: UnsafeMutablePointer<Double>, count: Int) {
    ritz_dcommit(x, total, count)
  }
  public static func round(_ total: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, count: Int) {
    y.update(from: total, count: count)
  }
  public static func sumColumns(
    _ x: UnsafePointer<Double>, stride: Int, count: Int, to y: UnsafeMutablePointer<Double>, length: Int
  ) {
    ritz_dsum_columns(x, stride, count, y, length)
  }
  public static func finish(
    _ x: UnsafePointer<Double>, _ total: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, count: Int
  ) {
    ritz_dfinish(x, total, y, count)
  }
  public static func dots(
    _ columns: UnsafePointer<UnsafePointer<Double>?>, columns columnCount: Int,
    _ vectors: UnsafePointer<UnsafePointer<Double>?>, vectors vectorCount: Int, offset: Int, count: Int,
    _ sums: UnsafeMutablePointer<Double>
  ) {
    ritz_ddots(columns, columnCount, vectors, vectorCount, offset, count, sums)
  }
  public static func axpys(
    _ a: UnsafePointer<Double>, _ columns: UnsafePointer<UnsafePointer<Double>?>, columns columnCount: Int,
    _ vectors: UnsafePointer<UnsafeMutablePointer<Double>?>, vectors vectorCount: Int, offset: Int, count: Int
  ) {
    ritz_daxpys(a, columns, columnCount, vectors, vectorCount, offset, count)
  }
}
