import Curvature

/// What a dissection of a network's curvature measures of every layer.
public struct DissectionSettings: Sendable, Hashable, Codable {
  /// The operators whose blocks are measured, the first one in most detail.
  public var operators: [OperatorKind]
  /// Kronecker approximations to judge beside the decoupled one.
  public var approximations: [KroneckerMethod]
  /// Leading eigenpairs of each block.
  public var top: Int
  /// Whether a layer's block takes its bias in, as another column of the weight.
  public var includesBias: Bool
  /// Residuals up to this part of a block's largest eigenvalue count as converged.
  public var tolerance: Double
  /// Products to spend on the eigenpairs of one block at most; `nil` for the solver's own limit.
  public var maximumProducts: Int?
  /// Leading eigenvectors of E[xxᵀ] and of E[M] that eigenvectors are held against.
  public var factorVectors: Int
  /// Random vectors for what the leading eigenvectors leave of the approximations' errors, and for identities.
  public var probes: Int
  /// λ of the damped inverses, as a part of a block's largest eigenvalue.
  public var damping: Double
  /// What is chosen of the operators and approximations beside their names: draws of labels, sources, exponents.
  public var options: OperatorOptions
  public var seed: UInt64

  public init(
    operators: [OperatorKind] = Self.standardOperators,
    approximations: [KroneckerMethod] = Self.standardApproximations, top: Int = 20, includesBias: Bool = false,
    tolerance: Double = 1e-3, maximumProducts: Int? = nil, factorVectors: Int = 20, probes: Int = 8,
    damping: Double = 0.01, options: OperatorOptions = OperatorOptions(), seed: UInt64 = 0
  ) {
    self.operators = operators
    self.approximations = approximations
    self.top = top
    self.includesBias = includesBias
    self.tolerance = tolerance
    self.maximumProducts = maximumProducts
    self.factorVectors = factorVectors
    self.probes = probes
    self.damping = damping
    self.options = options
    self.seed = seed
  }

  /// The Hessian, the Gauss-Newton matrix, and the second moment and covariance of the gradients.
  public static let standardOperators: [OperatorKind] = [
    .hessian, .gaussNewton, .gradientSecondMoment, .gradientCovariance,
  ]

  /// What differs from the decoupled one, which is K-FAC's expand.
  public static let standardApproximations: [KroneckerMethod] = [.kfacReduce, .ekfac, .shampoo]
}
