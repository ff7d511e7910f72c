import Krylov
import Tensors

/// How a trace is estimated.
public enum TraceChoice: String, Codable, Sendable, CaseIterable {
  /// From the first moments of the density's quadrature rules: costs nothing beside a density.
  case quadrature
  case hutchinson
  case hutchPlusPlus = "hutch++"
}

/// What is asked of a spectrum.
public struct SpectrumRequest: Codable, Sendable, Hashable {
  /// How many of the algebraically largest, and of the smallest, eigenpairs.
  public var top: Int
  public var bottom: Int
  /// Whether the bottom is left out, with a note, where a null space makes it zeros: the case when nobody asked for it.
  public var skipsNullSpace: Bool
  /// The residual tolerance relative to ‖A‖; `nil` for the precision's own.
  public var tolerance: Double?
  /// Vectors the eigensolver multiplies at once.
  public var blockSize: Int
  public var maximumProducts: Int?
  /// How the density is sampled; `nil` for no density.
  public var quadrature: QuadratureOptions?
  public var density: DensityOptions
  /// Whether the density follows google/spectral-density: range-scaled variance, renormalised, nothing deflated.
  public var isGoogleCompatible: Bool
  public var trace: TraceChoice?
  /// Probes of Hutchinson's estimate; a third of the products of Hutch++.
  public var traceProbes: Int
  /// Probes of the diagonal where it has to be estimated; `nil` for no diagonal.
  public var diagonalProbes: Int?
  /// All eigenvalues through the dense matrix.
  public var exact: Bool
  public var seed: UInt64
  /// The route to the condition number; `nil` where it is not asked for.
  public var condition: ConditionRoute?

  public init(
    top: Int = 0, bottom: Int = 0, skipsNullSpace: Bool = false, tolerance: Double? = nil, blockSize: Int = 1,
    maximumProducts: Int? = nil, quadrature: QuadratureOptions? = nil, density: DensityOptions = DensityOptions(),
    isGoogleCompatible: Bool = false, trace: TraceChoice? = nil, traceProbes: Int = 30, diagonalProbes: Int? = nil,
    exact: Bool = false,
    seed: UInt64 = 0, condition: ConditionRoute? = nil
  ) {
    self.top = top
    self.bottom = bottom
    self.skipsNullSpace = skipsNullSpace
    self.tolerance = tolerance
    self.blockSize = blockSize
    self.maximumProducts = maximumProducts
    self.quadrature = quadrature
    self.density = density
    self.isGoogleCompatible = isGoogleCompatible
    self.trace = trace
    self.traceProbes = traceProbes
    self.diagonalProbes = diagonalProbes
    self.exact = exact
    self.seed = seed
    self.condition = condition
  }
}
