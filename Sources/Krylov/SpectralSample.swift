import Tensors

/// What stochastic Lanczos quadrature knows of a spectrum: a tridiagonal matrix a probe, and eigenvalues known exactly.
///
/// The spectral density φ = (1/P) Σᵢ δ(λ − λᵢ) is estimated as
///
///     φ ≈ (1/P) Σ_{deflated} δ(λ − λᵢ) + (P − k)/P · mean over probes of Σⱼ wⱼ δ(λ − θⱼ),
///
/// k the number of deflated eigenvalues, (θⱼ, wⱼ) the Gauss rule of a probe drawn in the complement of their eigenvectors.
public struct SpectralSample: Sendable, Hashable, Codable {
  /// P, the dimension of the operator.
  public var dimension: Int
  /// Eigenvalues that enter with weight exactly 1/P each.
  public var deflated: [Double]
  /// T of each probe.
  public var tridiagonals: [TridiagonalMatrix]
  /// Which of them span an invariant subspace, so that their rules are exact.
  public var invariant: Set<Int>

  public init(
    dimension: Int, deflated: [Double] = [], tridiagonals: [TridiagonalMatrix], invariant: Set<Int> = []
  ) {
    precondition(dimension > 0 && deflated.count <= dimension)
    self.dimension = dimension
    self.deflated = deflated
    self.tridiagonals = tridiagonals
    self.invariant = invariant
  }

  /// (P − k)/P, the part of the spectrum the probes stand for.
  public var remainderFraction: Double { Double(dimension - deflated.count) / Double(dimension) }

  /// The Gauss rule of each probe; rules of fewer steps where `order` is given.
  public func rules(order: Int? = nil) throws(InputError) -> [QuadratureRule] {
    var result: [QuadratureRule] = []
    for matrix in tridiagonals where matrix.order > 0 {
      result.append(try QuadratureRule(order.map { matrix.leading($0) } ?? matrix))
    }
    return result
  }

  /// The rules of m, m − 1, … steps, those of m first, each for every probe; a quarter of m of them, at most 8 and at least 1.
  ///
  /// A rule that is exact, because T spans an invariant subspace or the whole space, stays the same.
  func rulesOfSeveralOrders() throws(InputError) -> [[QuadratureRule]] {
    let largest = tridiagonals.map(\.order).max() ?? 0
    var result = [try rules()]
    while result.count < Swift.min(8, largest / 4) {
      var shorter: [QuadratureRule] = []
      for (index, matrix) in tridiagonals.enumerated() where matrix.order > 0 {
        let isExact = invariant.contains(index) || matrix.order >= dimension - deflated.count
        shorter.append(
          isExact
            ? result[0][shorter.count] : try QuadratureRule(matrix.leading(Swift.max(1, matrix.order - result.count))))
      }
      result.append(shorter)
    }
    return result
  }

  /// The least and the greatest of all nodes and deflated eigenvalues; nil without any.
  func range(of rules: [QuadratureRule]) -> ClosedRange<Double>? {
    let values = deflated + rules.flatMap(\.nodes)
    guard let low = values.min(), let high = values.max() else { return nil }
    return low...high
  }

  /// tr f(A) = Σᵢ f(λᵢ), with its standard error over probes.
  public func trace(of f: (Double) -> Double) throws(InputError) -> TraceEstimate {
    let rest = Double(dimension - deflated.count)
    let known = deflated.reduce(0) { $0 + f($1) }
    var samples: [Double] = []
    for rule in try rules() { samples.append(known + rest * rule.integral(f)) }
    if samples.isEmpty { samples = [known] }
    return TraceEstimate(
      method: .quadrature, samples: samples, isExact: deflated.count == dimension,
      products: tridiagonals.reduce(0) { $0 + $1.order })
  }

  /// tr A
  public func trace() throws(InputError) -> TraceEstimate { try trace { $0 } }
}
