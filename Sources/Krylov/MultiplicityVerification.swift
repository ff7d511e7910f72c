import Foundation

/// The search for eigenvalues that were missed, in the complement of the converged ones.
///
/// Suppose the complement holds an eigenvalue θ at or beyond a wanted one, and the rest of its spectrum lies in [a, b],
/// θ > b. Of a random unit vector the part along the missed eigenvector is above 0.01/√n with probability 0.99. q
/// Lanczos steps let it grow over everything in [a, b] by T_q(1 + 2(θ − b)/(b − a)), T_q the Chebyshev polynomial. Once
/// that is above 300√n, the missed vector would dominate and its Ritz value stand out. b is taken as the outermost
/// remaining Ritz value plus its residual.
///
/// Source: the bound behind Y. Saad, SIAM J. Numer. Anal. 17 (1980), 687–706, doi:10.1137/0717059.
struct MultiplicityVerification: Sendable, Equatable {
  /// The locked values: top ones first, from the outside in.
  var values: [Double]
  var top: Int
  /// Products when this search began.
  var firstProduct: Int
  /// Products after which the search ends without a verdict.
  var cap: Int
  /// Logarithm of the growth that is enough.
  var threshold: Double
  /// Logarithms of the growth in the cycles before the current one.
  var growth: [Double]
  /// Steps in the current cycle.
  var steps = 0

  init(values: [Double], top: Int, products: Int, cap: Int, threshold: Double) {
    self.values = values
    self.top = top
    self.firstProduct = products
    self.cap = cap
    self.threshold = threshold
    growth = [Double](repeating: 0, count: values.count)
  }

  /// Whether a value has come up that is further out than the locked one in its place.
  func isOvertaken(by current: [Double], _ coincidence: Double) -> Bool {
    zip(values, current).enumerated().contains { index, pair in
      index < top ? pair.1 > pair.0 + coincidence : pair.1 < pair.0 - coincidence
    }
  }

  private func growthOfCycle(_ rest: [(value: Double, residual: Double)]) -> [Double] {
    guard let first = rest.first, let last = rest.last else { return values.map { _ in 0 } }
    let low = first.value - first.residual
    let high = last.value + last.residual
    return values.enumerated().map { index, value in
      let distance = index < top ? value - high : low - value
      guard distance > 0 else { return 0 }
      guard high > low else { return steps > 1 ? threshold : 0 }
      return Swift.max(0, Double(steps) * acosh(1 + 2 * Swift.min(1e100, distance / (high - low))) - log(2))
    }
  }

  mutating func completeCycle(rest: [(value: Double, residual: Double)]) {
    let added = growthOfCycle(rest)
    for index in growth.indices { growth[index] += added[index] }
    steps = 0
  }

  /// For each locked value: whether another copy of it would have come up by now.
  ///
  /// - Parameter isExhausted: the complement's Krylov space is invariant: it holds a copy of every eigenvalue there is.
  func verdicts(rest: [(value: Double, residual: Double)], isExhausted: Bool) -> [Bool] {
    if isExhausted { return values.map { _ in true } }
    let added = growthOfCycle(rest)
    return zip(growth, added).map { $0 + $1 >= threshold }
  }

  /// For each locked value: whether a converged value of the rest coincides with it, so that there is nothing to verify.
  func coincident(
    rest: [(value: Double, residual: Double)], _ coincidence: Double, _ converged: Double
  ) -> [Bool] {
    values.enumerated().map { index, value in
      guard let other = index < top ? rest.last : rest.first else { return false }
      return other.residual <= converged && abs(other.value - value) <= coincidence
    }
  }
}
