import Tensors
import Testing

@Suite struct MatrixProductTests {
  struct Case: Sendable {
    var transposeA: Bool
    var transposeB: Bool
    var m: Int
    var n: Int
    var k: Int
    var alpha: Double
    var beta: Double
    var padding: Int
  }

  static let cases: [Case] = [false, true].flatMap { transposeA in
    [false, true].flatMap { transposeB in
      [(1, 1, 1), (5, 3, 7), (1, 17, 9), (16, 1, 33), (20, 24, 40)].flatMap { m, n, k in
        [(1.0, 0.0, 0), (1, 1, 0), (-0.5, 2, 3), (1, 0, 5)].map { alpha, beta, padding in
          Case(
            transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: alpha, beta: beta,
            padding: padding)
        }
      }
    }
  }

  func check<T: Real>(_ test: Case, _ type: T.Type) {
    let (m, n, k) = (test.m, test.n, test.k)
    let lda = (test.transposeA ? m : k) + test.padding
    let ldb = (test.transposeB ? k : n) + test.padding
    let ldc = n + test.padding
    let a: [T] = ElementwiseTileTests.random((test.transposeA ? k : m) * lda, 1)
    let b: [T] = ElementwiseTileTests.random((test.transposeB ? n : k) * ldb, 2)
    var start: [T] = ElementwiseTileTests.random(m * ldc, 3)
    // With β = 0, C is written without being read.
    if test.beta == 0 { for i in 0..<m { for j in 0..<n { start[i * ldc + j] = .nan } } }
    var c = start
    T.gemm(
      transposeA: test.transposeA, transposeB: test.transposeB, m: m, n: n, k: k, alpha: T(test.alpha), a, lda, b, ldb,
      beta: T(test.beta), &c, ldc)
    for i in 0..<m {
      for j in 0..<ldc {
        guard j < n else {
          #expect(c[i * ldc + j] == start[i * ldc + j])
          continue
        }
        var sum = 0.0
        for p in 0..<k {
          sum +=
            Double(a[test.transposeA ? p * lda + i : i * lda + p])
            * Double(b[test.transposeB ? j * ldb + p : p * ldb + j])
        }
        sum *= test.alpha
        if test.beta != 0 { sum += test.beta * Double(start[i * ldc + j]) }
        #expect(abs(Double(c[i * ldc + j]) - sum) <= Double(k + 3) * Double(T.ulpOfOne))
      }
    }
  }

  @Test(arguments: cases) func matchesTheTripleLoop(_ test: Case) throws {
    try LinearAlgebraLibrary.load()
    check(test, Float.self)
    check(test, Double.self)
  }
}
