/// The largest curvature at which an optimiser with fixed coefficients is stable on a quadratic: where λ₁ passes it,
/// iterates grow along the first eigenvector.
///
/// | optimiser | edge | held against it |
/// |---|---|---|
/// | gradient descent | 2/η | λ₁ of H |
/// | heavy ball, v ← βv + g, θ ← θ − ηv | 2(1 + β)/η | λ₁ of H |
/// | Nesterov | 2(1 + β)/(η(1 + 2β)) | λ₁ of H |
/// | Adam, momentum as an average | 2(1 + β₁)/((1 − β₁)η) | λ₁ of P^(−½) H P^(−½), P = √v̂ + ε |
///
/// RMSprop is Adam with β₁ = 0, AdaHessian has other squares in P. Coupled weight decay λ is a part of H: H + λI is
/// held against the edge. Decoupled decay multiplies θ by 1 − ηλ beside the step; where an edge without it is 2s/η, the
/// mode with eigenvalue h then changes its sign at h + sλ = 2s/η. Source: J. M. Cohen et al., arXiv:2103.00065 and, for
/// Adam, arXiv:2207.14484.
public enum SharpnessEdge: Codable, Sendable, Hashable {
  case gradientDescent
  case heavyBall(momentum: Double)
  case nesterov(momentum: Double)
  case adam(beta1: Double)

  /// The edge at a learning rate.
  public func value(learningRate: Double) -> Double {
    switch self {
    case .gradientDescent: 2 / learningRate
    case .heavyBall(let momentum): 2 * (1 + momentum) / learningRate
    case .nesterov(let momentum): 2 * (1 + momentum) / (learningRate * (1 + 2 * momentum))
    case .adam(let beta1): 2 * (1 + beta1) / ((1 - beta1) * learningRate)
    }
  }

  /// What decoupled weight decay adds to an eigenvalue that is held against the edge: sλ, the edge being 2s/η.
  public func shift(decoupledDecay: Double) -> Double { value(learningRate: 2) * decoupledDecay }

  /// Whether the preconditioned matrix is held against it.
  public var isPreconditioned: Bool { if case .adam = self { true } else { false } }

  public var formula: String {
    switch self {
    case .gradientDescent: "2/η"
    case .heavyBall: "2(1+β)/η"
    case .nesterov: "2(1+β)/(η(1+2β))"
    case .adam: "2(1+β₁)/((1−β₁)η), of P^(−½) H P^(−½)"
    }
  }
}
