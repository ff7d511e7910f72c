import Tensors

/// How Lanczos vectors are kept orthogonal.
///
/// In exact arithmetic the three-term recurrence does it alone. In floating point orthogonality is lost in the
/// direction of each Ritz vector as it converges (Paige 1971), and copies of converged eigenvalues appear.
public enum Orthogonalization: String, Sendable, Codable, CaseIterable {
  /// Each vector against all before it, a second time when the first cut its norm below 0.7 of what it was. Orthogonal
  /// to rounding.
  ///
  /// Reads 2(j + 1) vectors in step j.
  case full

  /// Against all before only when a recurrence for the loss of orthogonality says that it has reached √η, η the noise
  /// of the products; then for the two newest vectors at once. T agrees with that of full reorthogonalisation to about
  /// η‖A‖.
  ///
  /// Source: H. D. Simon, "The Lanczos algorithm with partial reorthogonalization", Math. Comp. 42 (1984), 115–142,
  /// doi:10.1090/S0025-5718-1984-0725988-X.
  case partial

  /// The bare recurrence. Ghost copies of converged eigenvalues will appear; here to show them.
  case none
}

/// What orthogonalisation has cost and reached.
public struct OrthogonalizationRecord: Sendable, Hashable, Codable {
  /// Passes Bᵀv, v − Bc over the whole basis, each reading it twice.
  public var passes = 0
  /// Basis vectors read from memory, over all passes, local ones included.
  public var columnsRead = 0
  /// The largest |qᵢᵀqⱼ|, i ≠ j, of accepted vectors, as bounded by what was measured in the passes or by the recurrence of
  /// ``Orthogonalization/partial``; nothing is known of it, and this stays 0, for ``Orthogonalization/none``.
  public var orthogonalityBound = 0.0
}

extension Real {
  /// The relative noise ‖fl(Av) − Av‖ / (‖A‖‖v‖) assumed of products when nothing better is known: 16 ε.
  static var defaultNoise: Double { 16 * Double(Self.ulpOfOne) }
}

/// When a Gram–Schmidt pass leaves less than this part of the norm, cancellation calls for another pass.
let cancellationRatio = 0.7
