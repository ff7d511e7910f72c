/// Which derivatives δ the second factor averages over.
public enum DerivativeSource: Sendable, Codable, Hashable {
  /// δ = Uᵀs_c for all columns s_c of a root of ∂²ℓ/∂z², U = ∂z/∂h: the factor of the Gauss-Newton matrix, M = Uᵀ(∂²ℓ/∂z²)U. One
  /// backward pass over the data for each output of a sample.
  case outputs
  /// Gradients at labels drawn from the model's own distribution: of the Monte Carlo Fisher matrix. One pass a draw.
  case draws(Int, seed: UInt64)
  /// Gradients at the labels given: of the second moment of the gradients. One pass.
  case labels

  /// The matrix that has this factor.
  public var kind: OperatorKind {
    switch self {
    case .outputs: .gaussNewton
    case .draws: .monteCarloFisher
    case .labels: .gradientSecondMoment
    }
  }
}
