/// An approximate eigenpair with its evidence.
public struct Eigenpair<Vector: Sendable>: Sendable {
  /// The Rayleigh quotient vᵀAv of the final product.
  public var value: Double
  /// Of unit norm.
  public var vector: Vector
  /// ‖Av − λv‖, from a product of its own at the end: an eigenvalue of A lies within it of `value`.
  public var residual: Double
  /// Whether the residual is within tolerance · ‖A‖.
  public var converged: Bool
  /// A bound for |value − eigenvalue|: the residual r, or r²/gap where that is smaller; the gap is the distance to the
  /// nearest other Ritz value (less its residual) and taken at its word only where the multiplicity was verified (T.
  /// Kato 1949, G. Temple 1928). Of the two the second is at least ε‖A‖, the rounding of the value.
  public var errorBound: Double
  /// How many of the eigenvalues that were found, this one included, coincide with it within the tolerance.
  public var multiplicity: Int
  /// Whether a search of the complement would have found another copy with probability 0.99. False where it was cut
  /// short, was not asked for, or where the next eigenvalue is too close to tell.
  public var multiplicityVerified: Bool

  public init(
    value: Double, vector: Vector, residual: Double, converged: Bool, errorBound: Double, multiplicity: Int,
    multiplicityVerified: Bool
  ) {
    self.value = value
    self.vector = vector
    self.residual = residual
    self.converged = converged
    self.errorBound = errorBound
    self.multiplicity = multiplicity
    self.multiplicityVerified = multiplicityVerified
  }
}

/// Why a search for eigenpairs ended.
public enum EigenpairReason: String, Sendable, Codable, CaseIterable {
  /// All pairs are within tolerance.
  case converged
  /// The basis spans the whole space: the eigenpairs are those of a dense matrix.
  case complete
  /// All pairs are within tolerance, and the last wanted coincides with others beyond it.
  case coincident
  /// The number of products ran out.
  case productsExhausted
  /// The recurrence converged, but the products are too noisy to show residuals within tolerance.
  case noisyProducts

  /// What happened, the likely cause, and the next step.
  public var explanation: String {
    switch self {
    case .converged: "all eigenpairs converged to the tolerance"
    case .complete: "the basis spans the whole space; the eigenpairs are exact to rounding"
    case .coincident:
      "all eigenpairs converged, but the outermost of a repeated or clustered eigenvalue were asked for: more eigenvalues than were asked for "
        + "coincide with the last within the tolerance (a null space, where it is 0), so its eigenvectors are one choice of many; ask for fewer"
    case .productsExhausted:
      "the number of products ran out before all eigenpairs converged; likely the wanted eigenvalues are clustered: allow more products, a larger "
        + "basis, or a larger tolerance"
    case .noisyProducts:
      "the residuals measured at the end are above the tolerance although the recurrence converged; the products carry more noise than that: use "
        + "double precision or a larger tolerance"
    }
  }
}

/// The eigenpairs at the ends of a spectrum, with what it took to find them and how sure they are.
public struct Eigenpairs<Vector: Sendable>: Sendable {
  /// The largest eigenvalues, descending.
  public var top: [Eigenpair<Vector>]
  /// The smallest eigenvalues, ascending.
  public var bottom: [Eigenpair<Vector>]
  public var reason: EigenpairReason
  /// Residuals at or below `tolerance` · `normEstimate` count as converged.
  public var tolerance: Double
  /// The largest |Ritz value| seen: an estimate of ‖A‖ from below.
  public var normEstimate: Double
  /// All products, those for verification and for the final residuals included.
  public var products: Int
  /// Of these, products spent after convergence in the search for further copies of eigenvalues.
  public var verificationProducts: Int
  public var restarts: Int
  /// max |VᵀV − I| over the vectors returned.
  public var orthogonality: Double
  /// How many pairs were asked for and could not be given because the dimension is smaller.
  public var unavailable: Int

  public init(
    top: [Eigenpair<Vector>], bottom: [Eigenpair<Vector>], reason: EigenpairReason, tolerance: Double,
    normEstimate: Double, products: Int, verificationProducts: Int, restarts: Int, orthogonality: Double,
    unavailable: Int
  ) {
    self.top = top
    self.bottom = bottom
    self.reason = reason
    self.tolerance = tolerance
    self.normEstimate = normEstimate
    self.products = products
    self.verificationProducts = verificationProducts
    self.restarts = restarts
    self.orthogonality = orthogonality
    self.unavailable = unavailable
  }

  /// Whether every pair that was asked for, and that the dimension allows, has been found and has converged.
  public var converged: Bool { reason != .productsExhausted && (top + bottom).allSatisfy(\.converged) }

  /// What the user should be told beside the numbers; empty when there is nothing.
  public var warnings: [String] {
    var result: [String] = []
    if reason != .converged && reason != .complete { result.append(reason.explanation) }
    let doubtful = (top + bottom).filter { !$0.multiplicityVerified }.count
    if doubtful > 0 {
      result.append(
        "the multiplicity of \(doubtful) of \(top.count + bottom.count) eigenvalues could not be verified; a block as wide as the suspected "
          + "multiplicity would tell")
    }
    if unavailable > 0 { result.append("\(unavailable) eigenpairs fewer than asked for: the dimension is smaller") }
    return result
  }
}

/// Vectors whose final products are asked for in one call: each has sums of its own in every task.
public let residualBatch = 4
