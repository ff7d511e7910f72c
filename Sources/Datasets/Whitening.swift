import Tensors

/// How the covariance of a dataset's inputs is taken to the identity: x ↦ A (x − mean), A C Aᵀ = I, with C = Q diag(λ) Qᵀ the
/// covariance over the samples taken, divided by their number.
///
/// Directions in which nothing varies, such as pixels that are always black, have no inverse. Those with λ ≤ tolerance
/// · λ_max are dropped: from the number of inputs where the kind is ``Kind/principal``, to zero where it is
/// ``Kind/zeroPhase``. The description of the dataset says how many.
///
/// The second moment is then the identity too, since the mean is zero. Cost: n d² + O(d³) for n samples of d inputs.
public struct Whitening: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A = diag(λ)^(−1/2) Qᵀ: one input for each direction that is kept, that of the largest variance first.
    case principal = "pca"
    /// A = Q diag(λ)^(−1/2) Qᵀ: the whitened sample nearest to the sample, in its shape. With directions dropped the
    /// covariance is the projection on those that are kept. Source: A. Bell, T. Sejnowski, Vision Research 37 (1997),
    /// 3327–3338, doi:10.1016/S0042-6989(97)00121-1.
    case zeroPhase = "zca"
  }

  public var kind: Kind
  /// The fraction of the largest variance below which a direction is dropped.
  public var tolerance: Double

  public init(_ kind: Kind = .principal, tolerance: Double = 1e-10) {
    self.kind = kind
    self.tolerance = tolerance
  }
}

extension Dataset {
  func whitened(_ whitening: Whitening) throws -> Dataset {
    let width = sampleSize
    let first = try WhitenedRows(
      inputs(), count: count, width: width, keepsWidth: whitening.kind == .zeroPhase, tolerance: whitening.tolerance,
      source: description.source)
    // Small variances are known to fewer digits. A second pass, which turns nothing, takes the covariance to the identity in all.
    let second = try WhitenedRows(
      first.values, count: count, width: first.width, keepsWidth: true, tolerance: 1e-6, source: description.source)
    let dropped = width - first.rank
    let drop =
      dropped == 0
      ? "all \(width) directions"
      : "\(first.rank) of \(width) directions, \(dropped) with less than \(whitening.tolerance) of the largest variance dropped"
    return replacing(
      second.values, shape: whitening.kind == .zeroPhase ? sampleShape : [first.rank],
      step: "whitened (\(whitening.kind.rawValue)): \(drop)")
  }
}

/// Rows with their mean subtracted and their covariance made the identity on the directions in which they vary.
private struct WhitenedRows {
  let values: [Double]
  let width: Int
  let rank: Int

  init(
    _ rows: [Double], count: Int, width: Int, keepsWidth: Bool, tolerance: Double, source: String
  ) throws {
    try LinearAlgebraLibrary.load()
    var centred = rows
    var mean = [Double](repeating: 0, count: width)
    for row in 0..<count { for column in 0..<width { mean[column] += rows[row * width + column] } }
    for row in 0..<count {
      for column in 0..<width { centred[row * width + column] -= mean[column] / Double(count) }
    }
    var covariance = [Double](repeating: 0, count: width * width)
    product(
      centred, transposed: true, centred, transposed: false, into: &covariance, width, width, count,
      scale: 1 / Double(count))
    let eigen = try SymmetricEigen.decompose(covariance, order: width, vectors: true)
    let largest = eigen.values.last ?? 0
    let kept = eigen.values.indices.reversed().filter { eigen.values[$0] > tolerance * largest }
    guard largest > 0, !kept.isEmpty else {
      throw InputError(
        file: source, place: "x", "cannot be whitened: all \(count) samples are equal", remedy: "take more samples")
    }
    rank = kept.count
    // Rows of the scaled directions, diag(λ)^(−1/2) Qᵀ.
    var scaled: [Double] = []
    var directions: [Double] = []
    for index in kept {
      let factor = 1 / eigen.values[index].squareRoot()
      let direction = eigen.vector(index)
      // The sign of an eigenvector is the library's; its largest element is made positive here.
      let sign: Double = (direction.max { abs($0) < abs($1) } ?? 1) < 0 ? -1 : 1
      directions += direction.map { $0 * sign }
      scaled += direction.map { $0 * sign * factor }
    }
    var projected = [Double](repeating: 0, count: count * kept.count)
    product(centred, transposed: false, scaled, transposed: true, into: &projected, count, kept.count, width)
    guard keepsWidth else {
      (values, self.width) = (projected, kept.count)
      return
    }
    var returned = [Double](repeating: 0, count: count * width)
    product(projected, transposed: false, directions, transposed: false, into: &returned, count, width, kept.count)
    (values, self.width) = (returned, width)
  }
}

/// scale · op(a) op(b), row-major, [rows, inner] × [inner, columns].
private func product(
  _ a: [Double], transposed aTransposed: Bool, _ b: [Double], transposed bTransposed: Bool, into c: inout [Double],
  _ rows: Int, _ columns: Int, _ inner: Int, scale: Double = 1
) {
  a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in
      c.withUnsafeMutableBufferPointer { c in
        guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
        Double.gemm(
          transposeA: aTransposed, transposeB: bTransposed, m: rows, n: columns, k: inner, alpha: scale, a,
          aTransposed ? rows : inner, b, bTransposed ? inner : columns, beta: 0, c, columns)
      }
    }
  }
}
