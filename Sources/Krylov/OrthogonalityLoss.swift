/// Simon's recurrence for ω_{j,k} ≈ q_jᵀq_k, from T alone: it tells when orthogonality is about to be lost without an
/// inner product.
///
///     β_j ω_{j+1,k} = β_k ω_{j,k+1} + (α_k − α_j) ω_{j,k} + β_{k−1} ω_{j,k−1} − β_{j−1} ω_{j−1,k} + noise,
///
/// which is q_kᵀ(A q_j) − q_jᵀ(A q_k) written out. The noise enters with the sign that makes |ω| larger, so ω is an
/// estimate from above; by how much depends on the direction of the errors, which nobody knows beforehand. But ω is
/// proportional to the noise: whenever inner products are measured anyway, and at steps 4, 8, 16, …, it is scaled to
/// ten times what was found.
///
/// Source: H. D. Simon, Math. Comp. 42 (1984), 115–142, doi:10.1090/S0025-5718-1984-0725988-X.
struct OrthogonalityLoss: Sendable {
  /// ω_{j,k} for k < j, j the newest vector.
  var current: [Double] = []
  /// ω_{j−1,k} for k < j − 1.
  var previous: [Double] = []
  /// What the noise is multiplied with, from measurements.
  var factor = 1.0

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
    let floor = factor * noise * scale
    for k in 0..<j {
      let before = k > 0 ? betas[k - 1] * omega(k - 1) : 0
      let sum =
        betas[k] * omega(k + 1) + (alphas[k] - alphas[j]) * omega(k) + before - betas[j - 1] * omegaBefore(k)
      next[k] = norm > 0 ? Swift.min(1, (abs(sum) + floor) / norm) * (sum < 0 ? -1 : 1) : 1
    }
    next[j] = norm > 0 ? Swift.min(1, factor * noise * Swift.max(1, scale / norm)) : 1
    previous = current
    current = next
    return largest > noise.squareRoot()
  }

  /// Whether a measurement should be made of the newest vector although nothing else asks for one.
  var wantsMeasurement: Bool { current.count >= 4 && current.count & (current.count - 1) == 0 }

  /// Scales the estimates by what was measured of the newest vector: |q_kᵀq_j|, for all k.
  ///
  /// Its two neighbours are left out, to which it has just been made orthogonal.
  mutating func calibrate(measured: [Double], noise: Double, least: Double) {
    let far = current.count - 2
    guard far >= 2 else { return }
    let found = measured.prefix(far).reduce(0) { Swift.max($0, abs($1)) }
    let estimated = current.prefix(far).reduce(0) { Swift.max($0, abs($1)) }
    guard found > 0 && found.isFinite && estimated > 0 else { return }
    let scaled = Swift.min(1e3, Swift.max(least / noise, factor * (10 * found / estimated)))
    let ratio = scaled / factor
    factor = scaled
    for k in current.indices { current[k] = Swift.max(-1, Swift.min(1, current[k] * ratio)) }
    for k in previous.indices { previous[k] = Swift.max(-1, Swift.min(1, previous[k] * ratio)) }
  }

  /// Records that the two newest vectors have been made orthogonal to all others.
  mutating func reset(to noise: Double) {
    for k in current.indices { current[k] = factor * noise }
    for k in previous.indices { previous[k] = factor * noise }
  }
}
