/// Simon's recurrence for ω_{j,k} ≈ q_jᵀq_k, from T alone: it tells when orthogonality is about to be lost without an inner product.
///
///     β_j ω_{j+1,k} = β_k ω_{j,k+1} + (α_k − α_j) ω_{j,k} + β_{k−1} ω_{j,k−1} − β_{j−1} ω_{j−1,k} + noise,
///
/// which is q_kᵀ(A q_j) − q_jᵀ(A q_k) written out. The noise enters with the sign that makes |ω| larger, so ω is an estimate from above.
///
/// Source: H. D. Simon, Math. Comp. 42 (1984), 115–142, doi:10.1090/S0025-5718-1984-0725988-X.
struct OrthogonalityLoss: Sendable {
  /// ω_{j,k} for k < j, j the newest vector.
  var current: [Double] = []
  /// ω_{j−1,k} for k < j − 1.
  var previous: [Double] = []
  /// Whether the next vector is to be reorthogonalised whatever its estimate: the recurrence reaches back two vectors.
  var again = false

  /// The largest |ω| of the newest vector.
  var largest: Double { current.reduce(0) { Swift.max($0, abs($1)) } }

  /// Takes the step to the next vector, whose norm before scaling is `norm`; true when it has to be reorthogonalised.
  ///
  /// `alphas` has j + 1 elements, `betas` j.
  mutating func advance(alphas: [Double], betas: [Double], norm: Double, noise: Double, scale: Double) -> Bool {
    let j = betas.count
    var next = [Double](repeating: 0, count: j + 1)
    func omega(_ k: Int) -> Double { k < 0 ? 0 : k == j ? 1 : current[k] }
    func omegaBefore(_ k: Int) -> Double { k == j - 1 ? 1 : previous[k] }
    let floor = noise * scale
    for k in 0..<j {
      let before = k > 0 ? betas[k - 1] * omega(k - 1) : 0
      let sum =
        betas[k] * omega(k + 1) + (alphas[k] - alphas[j]) * omega(k) + before - betas[j - 1] * omegaBefore(k)
      next[k] = norm > 0 ? Swift.min(1, (abs(sum) + floor) / norm) * (sum < 0 ? -1 : 1) : 1
    }
    next[j] = norm > 0 ? Swift.min(1, noise * Swift.max(1, scale / norm)) : 1
    previous = current
    current = next
    let due = again || largest > noise.squareRoot()
    again = due && !again
    return due
  }

  /// Records that the newest vector has been made orthogonal to all others.
  mutating func reset(to noise: Double) {
    for k in current.indices { current[k] = noise }
  }
}
