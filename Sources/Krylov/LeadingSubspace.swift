import Tensors

/// The span of leading eigenvectors, and how far the true one may be from it.
public struct LeadingSubspace<Scalar: Real>: Sendable {
  /// Orthonormal.
  public var vectors: [Vector<Scalar>]
  /// A bound on ‖sin Θ‖_F between the span and the true eigenspace: ‖R‖_F/gap, R the residuals and the gap that below
  /// the last eigenvalue, less the residual of the next (C. Davis, W. M. Kahan, SIAM J. Numer. Anal. 7 (1970), 1–46,
  /// doi:10.1137/0707001). `nil` where the gap is not larger than the residuals: the eigenspace is then not defined by
  /// what is known.
  public var sine: Double?

  public init(vectors: [Vector<Scalar>], sine: Double?) {
    self.vectors = vectors
    self.sine = sine
  }

  /// The span of the first `count` of descending eigenpairs.
  ///
  /// - Parameters:
  ///   - pairs: the leading ones and those after them, as far as known.
  ///   - isWhole: whether these are all eigenpairs there are.
  public init(_ pairs: [Eigenpair<Vector<Scalar>>], count: Int, isWhole: Bool = false) {
    let leading = pairs.prefix(count)
    vectors = leading.map(\.vector)
    let residual = leading.reduce(0) { $0 + $1.residual * $1.residual }.squareRoot()
    guard let last = leading.last, leading.count == count else {
      sine = nil
      return
    }
    guard pairs.count > count else {
      sine = isWhole ? residual : nil
      return
    }
    let gap = last.value - pairs[count].value - pairs[count].residual
    let largest = leading.map(\.residual).max() ?? 0
    sine = gap > largest && gap > 0 ? residual / gap : nil
  }

  public var count: Int { vectors.count }

  /// ‖P x‖²/‖x‖², P the projector on the span; `nil` for x = 0. The true eigenspace gives a number within ``sine`` of it.
  public func fraction(of x: Vector<Scalar>, in space: DenseVectorSpace<Scalar>) -> Double? {
    let whole = space.dot(x, x)
    guard whole > 0, !vectors.isEmpty else { return nil }
    return Swift.min(1, energy(of: x, in: space) / whole)
  }

  /// ‖P x‖²
  public func energy(of x: Vector<Scalar>, in space: DenseVectorSpace<Scalar>) -> Double {
    vectors.reduce(0) { sum, vector in
      let component = space.dot(x, vector)
      return sum + component * component
    }
  }
}
