import Foundation
import Krylov
import Tensors

/// A dense symmetric matrix with eigenvalues known by construction: R Λ Rᵀ, R a product of Householder reflections.
struct KnownSpectrum {
  let eigenvalues: [Double]
  /// Row by row.
  let matrix: [Double]
  /// Unit vectors of the reflections.
  private let reflectors: [[Double]]

  init(_ eigenvalues: [Double], seed: UInt64 = 1, reflections: Int = 8) {
    let n = eigenvalues.count
    self.eigenvalues = eigenvalues
    reflectors = (0..<(n > 1 ? reflections : 0)).map { index in
      let v = KnownSpectrum.gaussian(n, seed: seed, index: index)
      let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return v.map { $0 / norm }
    }
    var a = [Double](repeating: 0, count: n * n)
    for i in 0..<n { a[i * n + i] = eigenvalues[i] }
    for u in reflectors {
      // (I − 2uuᵀ) A (I − 2uuᵀ) = A − 2u(Au)ᵀ − 2(Au)uᵀ + 4(uᵀAu) uuᵀ
      let w = (0..<n).map { i in (0..<n).reduce(0) { $0 + a[i * n + $1] * u[$1] } }
      let s = zip(u, w).reduce(0) { $0 + $1.0 * $1.1 }
      for i in 0..<n {
        for j in 0..<n { a[i * n + j] += -2 * u[i] * w[j] - 2 * w[i] * u[j] + 4 * s * u[i] * u[j] }
      }
    }
    for i in 0..<n {
      for j in 0..<i {
        a[i * n + j] = (a[i * n + j] + a[j * n + i]) / 2
        a[j * n + i] = a[i * n + j]
      }
    }
    matrix = a
  }

  var count: Int { eigenvalues.count }

  /// The eigenvector of `eigenvalues[index]`.
  func eigenvector(_ index: Int) -> [Double] {
    var v = [Double](repeating: 0, count: count)
    v[index] = 1
    for u in reflectors {
      let s = 2 * zip(u, v).reduce(0) { $0 + $1.0 * $1.1 }
      for i in v.indices { v[i] -= s * u[i] }
    }
    return v
  }

  func operation<Scalar: Real>(_: Scalar.Type, workers: Int = 1) throws -> DenseSymmetricOperator<Scalar> {
    try DenseSymmetricOperator(
      matrix: Vector(matrix.map { Scalar($0) }),
      space: DenseVectorSpace(dimension: count, pool: WorkerPool(count: workers)))
  }

  static func gaussian(_ count: Int, seed: UInt64, index: Int = 0) -> [Double] {
    DenseVectorSpace<Double>(dimension: count)
      .random(.gaussian, from: RandomStream(seed: seed, purpose: "test", index: index)).elements
  }

  /// 490 bulk eigenvalues in [−0.06, 0.06] and 10 outliers from 0.5 to 3: the spectrum of papers.md 2.3.
  static let bulkAndOutliers: KnownSpectrum = {
    let bulk = gaussian(490, seed: 7).map { Swift.min(0.06, Swift.max(-0.06, 0.02 * $0)) }
    return KnownSpectrum(bulk + (0..<10).map { 0.5 + 2.5 * Double($0) / 9 })
  }()
}

func naiveDot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }

extension Vector {
  var doubles: [Double] { elements.map { Double($0) } }
  /// The bits, so that −0 and 0 differ.
  var bits: [UInt64] { elements.map { Double($0).bitPattern } }
}
