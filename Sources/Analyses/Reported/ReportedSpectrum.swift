/// The spectrum of one symmetric operator, as far as it was asked for.
public struct ReportedSpectrum: Codable, Sendable, Equatable {
  /// The name of the operator, such as `hessian` or `ggn`.
  public var name: String
  /// The name of the diagonal block it is of; `nil` for the whole operator.
  public var block: String?
  /// Whether it is of D^½ A D^½ and not of A; `nil` where no D was given.
  public var preconditioned: Bool?
  /// P, the number of rows: the number of selected scalar parameters, or that of outputs.
  public var dimension: Int
  /// The largest eigenvalues (algebraic), largest first.
  public var top: [ReportedEigenpair]?
  /// The smallest eigenvalues (algebraic), smallest first.
  public var bottom: [ReportedEigenpair]?
  /// How the top was found.
  public var topSolver: ReportedSolver?
  /// How the bottom was found.
  public var bottomSolver: ReportedSolver?
  /// The sum of all eigenvalues.
  public var trace: ReportedTrace?
  /// The spectral density.
  public var density: ReportedDensity?
  /// How many eigenvalues stand apart above the bulk.
  public var outliers: ReportedOutliers?
  /// How much of the gradient lies in the span of the top eigenvectors.
  public var gradientFraction: ReportedGradientFraction?
  /// How the diagonal was found, which is in `arrays.npz`.
  public var diagonal: ReportedDiagonal?
  /// All eigenvalues, from the dense matrix.
  public var exact: ReportedExactSpectrum?
  /// The condition number.
  public var condition: ReportedCondition?
  /// What a reader must know before trusting the numbers of this operator.
  public var warnings: [String]

  public init(
    name: String, block: String? = nil, preconditioned: Bool? = nil, dimension: Int, top: [ReportedEigenpair]? = nil,
    bottom: [ReportedEigenpair]? = nil,
    topSolver: ReportedSolver? = nil, bottomSolver: ReportedSolver? = nil, trace: ReportedTrace? = nil,
    density: ReportedDensity? = nil, outliers: ReportedOutliers? = nil,
    gradientFraction: ReportedGradientFraction? = nil,
    diagonal: ReportedDiagonal? = nil, exact: ReportedExactSpectrum? = nil, condition: ReportedCondition? = nil,
    warnings: [String] = []
  ) {
    self.name = name
    self.block = block
    self.preconditioned = preconditioned
    self.dimension = dimension
    self.top = top
    self.bottom = bottom
    self.topSolver = topSolver
    self.bottomSolver = bottomSolver
    self.trace = trace
    self.density = density
    self.outliers = outliers
    self.gradientFraction = gradientFraction
    self.diagonal = diagonal
    self.exact = exact
    self.condition = condition
    self.warnings = warnings
  }

  private enum CodingKeys: String, CodingKey {
    case block, preconditioned, dimension, top, bottom, trace, density, outliers, diagonal, exact, warnings, condition
    case name = "operator"
    case topSolver = "top_solver"
    case bottomSolver = "bottom_solver"
    case gradientFraction = "gradient_fraction"
  }
}

/// One approximate eigenpair (θ, x) with ‖x‖ = 1 and its evidence; the vector is in `arrays.npz`.
public struct ReportedEigenpair: Codable, Sendable, Equatable {
  /// The Ritz value θ.
  @ReportedNumber public var value: Double
  /// The residual norm ‖A x − θ x‖; an eigenvalue of A lies within this distance of θ.
  @ReportedNumber public var residual: Double
  /// Whether the residual is within the tolerance.
  public var converged: Bool
  /// A bound on |θ − λ|: the residual, or residual² / gap where the gap is known.
  @OptionalReportedNumber public var errorBound: Double?
  /// What is known, or cannot be told, about the multiplicity.
  public var multiplicityNote: String?

  public init(
    value: Double, residual: Double, converged: Bool, errorBound: Double? = nil, multiplicityNote: String? = nil
  ) {
    self.value = value
    self.residual = residual
    self.converged = converged
    self.errorBound = errorBound
    self.multiplicityNote = multiplicityNote
  }

  private enum CodingKeys: String, CodingKey {
    case value, residual, converged
    case errorBound = "error_bound"
    case multiplicityNote = "multiplicity_note"
  }
}

/// How an eigensolver ended.
public struct ReportedSolver: Codable, Sendable, Equatable {
  /// The residual norm below which a pair counts as converged, in the units of the eigenvalues.
  @ReportedNumber public var tolerance: Double
  /// The number of operator-vector products.
  public var products: Int
  /// The number of restarts.
  public var restarts: Int
  /// The orthogonality reached by the basis, max |VᵀV − I|.
  @ReportedNumber public var orthogonality: Double
  /// The outcome as a word, such as `converged` or `productLimit`.
  public var reason: String
  /// The outcome in words, with likely causes and the next step.
  public var message: String

  public init(tolerance: Double, products: Int, restarts: Int, orthogonality: Double, reason: String, message: String) {
    self.tolerance = tolerance
    self.products = products
    self.restarts = restarts
    self.orthogonality = orthogonality
    self.reason = reason
    self.message = message
  }

  private enum CodingKeys: String, CodingKey {
    case tolerance, products, restarts, orthogonality, reason, message
  }
}

/// The trace.
public struct ReportedTrace: Codable, Sendable, Equatable {
  /// The estimate.
  @ReportedNumber public var value: Double
  /// Its standard error over probes; zero where it is exact.
  @ReportedNumber public var standardError: Double
  /// The estimator, such as `hutchinson`, `hutch++` or `exact`.
  public var method: String
  /// The number of random probes.
  public var probes: Int

  public init(value: Double, standardError: Double, method: String, probes: Int) {
    self.value = value
    self.standardError = standardError
    self.method = method
    self.probes = probes
  }

  private enum CodingKeys: String, CodingKey {
    case value, method, probes
    case standardError = "standard_error"
  }
}

/// The eigenvalues that stand apart above the bulk: the i ≤ 3C that maximises λᵢ/λᵢ₊₁ among converged top eigenvalues
/// above ten residuals (C classes).
public struct ReportedOutliers: Codable, Sendable, Equatable {
  /// The number of outliers i.
  public var count: Int
  /// λᵢ/λᵢ₊₁ at that i.
  @ReportedNumber public var ratio: Double
  /// λ₁/λ_{C+1}, where that many were found.
  @OptionalReportedNumber public var ratioToClasses: Double?

  public init(count: Int, ratio: Double, ratioToClasses: Double? = nil) {
    self.count = count
    self.ratio = ratio
    self.ratioToClasses = ratioToClasses
  }

  private enum CodingKeys: String, CodingKey {
    case count, ratio
    case ratioToClasses = "ratio_to_classes"
  }
}

/// ‖Pg‖²/‖g‖² for the projector P on the span of the top K eigenvectors.
public struct ReportedGradientFraction: Codable, Sendable, Equatable {
  /// The fraction, between 0 and 1.
  @ReportedNumber public var value: Double
  /// K.
  public var subspaceDimension: Int
  /// What a random subspace would hold, K/P.
  @ReportedNumber public var chance: Double

  public init(value: Double, subspaceDimension: Int, chance: Double) {
    self.value = value
    self.subspaceDimension = subspaceDimension
    self.chance = chance
  }

  private enum CodingKeys: String, CodingKey {
    case value, chance
    case subspaceDimension = "subspace_dimension"
  }
}

/// All eigenvalues of the dense matrix.
public struct ReportedExactSpectrum: Codable, Sendable, Equatable {
  /// All P eigenvalues, ascending.
  @ReportedNumbers public var eigenvalues: [Double]
  /// max |A − Aᵀ| / max |A| of the matrix as computed, before it was symmetrised.
  @OptionalReportedNumber public var asymmetry: Double?

  public init(eigenvalues: [Double], asymmetry: Double? = nil) {
    self.eigenvalues = eigenvalues
    self.asymmetry = asymmetry
  }

  private enum CodingKeys: String, CodingKey {
    case eigenvalues, asymmetry
  }
}

/// How the diagonal of an operator was found.
public struct ReportedDiagonal: Codable, Sendable, Equatable {
  /// `exact` or `hutchinson`.
  public var method: String
  /// The number of random probes; 0 where exact.
  public var probes: Int

  public init(method: String, probes: Int) {
    self.method = method
    self.probes = probes
  }
}
