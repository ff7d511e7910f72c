import Curvature
import Krylov
import Tensors

/// One layer of a model.
public struct ReportedLayer: Codable, Sendable, Equatable {
  public var name: String
  /// m, the rows of the weight as a matrix.
  public var outputs: Int
  /// n, its columns; with a bias in the block one of them is the bias.
  public var inputs: Int
  /// Rows a sample multiplied with the weight: the pixels of a convolution's output, the places of a tied weight.
  public var positions: Int
  public var hasBias: Bool
  /// mn, the parameters of the block.
  public var dimension: Int
  public var spectra: [ReportedLayerSpectrum]
  /// Of E[xxᵀ] and E[M]; missing where there are none.
  public var factors: ReportedFactors?
  /// E[M] ⊗ E[xxᵀ] first, then the other approximations that were asked for.
  public var approximations: [ReportedApproximation]

  public init<Scalar: Real>(_ measured: LayerDissection<Scalar>, top: Int) {
    let layer = measured.layer
    name = layer.name
    outputs = layer.outputs
    inputs = layer.inputWidth
    positions = layer.positions
    hasBias = layer.bias != nil
    dimension = layer.dimension
    spectra = measured.spectra.enumerated().map { index, spectrum in
      ReportedLayerSpectrum(
        spectrum.kind, spectrum.pairs, measured.shapes.indices.contains(index) ? measured.shapes[index] : [], top: top)
    }
    factors = measured.factors.map { ReportedFactors($0) }
    approximations = measured.approximations.map { ReportedApproximation($0, top: top) }
  }

  private enum CodingKeys: String, CodingKey {
    case name, outputs, inputs, positions, dimension, spectra, factors, approximations
    case hasBias = "has_bias"
  }
}

/// The leading eigenpairs of a layer's block of one operator.
public struct ReportedLayerSpectrum: Codable, Sendable, Equatable {
  public var `operator`: String
  /// Descending.
  @ReportedNumbers public var eigenvalues: [Double]
  /// ‖Av − λv‖, measured by a product at the end.
  @ReportedNumbers public var residuals: [Double]
  /// How many residuals are within the tolerance.
  public var converged: Int
  /// What counts as converged, as a part of the largest eigenvalue.
  @ReportedNumber public var tolerance: Double
  /// Why the search ended, with the likely cause and the next step.
  public var message: String
  public var products: Int
  /// σ₁²/Σσ² of the eigenvectors as matrices.
  @ReportedNumbers public var rankOneShares: [Double]
  /// ‖Mat(hᵢ)vⱼ‖², a row for each eigenvector hᵢ, a column for each leading eigenvector of E[xxᵀ].
  @ReportedRows public var inputShares: [[Double]]
  /// ‖Mat(hᵢ)ᵀuⱼ‖², the same of E[M].
  @ReportedRows public var outputShares: [[Double]]

  public init<Scalar: Real>(
    _ kind: OperatorKind, _ pairs: Eigenpairs<Vector<Scalar>>, _ shapes: [ReshapedEigenvector], top: Int
  ) {
    let shown = pairs.top.prefix(top)
    `operator` = kind.rawValue
    eigenvalues = shown.map(\.value)
    residuals = shown.map(\.residual)
    converged = shown.count { $0.converged }
    tolerance = pairs.tolerance
    // Of pairs that are all within the tolerance the reason the last one gives is of no weight.
    message = pairs.reason.explanation
    products = pairs.products
    rankOneShares = shapes.map(\.rankOneShare)
    inputShares = shapes.map(\.inputShares)
    outputShares = shapes.map(\.outputShares)
  }

  /// ``rankOneShares`` up to the first eigenvector whose residual is above the tolerance.
  public var convergedRankOneShares: [Double] {
    let limit = tolerance * abs(eigenvalues.first ?? 0)
    return Array(zip(rankOneShares, residuals).prefix { $1 <= limit }.map(\.0))
  }

  private enum CodingKeys: String, CodingKey {
    case `operator`, eigenvalues, residuals, converged, tolerance, message, products
    case rankOneShares = "rank_one_shares"
    case inputShares = "input_shares"
    case outputShares = "output_shares"
  }
}

/// The eigenvalues of a layer's two factors.
public struct ReportedFactors: Codable, Sendable, Equatable {
  /// Of E[xxᵀ], descending, the leading ones.
  @ReportedNumbers public var inputEigenvalues: [Double]
  /// Of E[M].
  @ReportedNumbers public var outputEigenvalues: [Double]
  /// λ₁/Σλ of E[xxᵀ].
  @ReportedNumber public var inputLeadingShare: Double
  /// cos² of the angle between E[x] and the first eigenvector of E[xxᵀ].
  @ReportedNumber public var meanAlignment: Double
  /// Of E[M]; missing where it is zero.
  public var outliers: ReportedOutputGaps?

  init(_ factors: FactorSpectra) {
    inputEigenvalues = factors.inputValues
    outputEigenvalues = factors.outputValues
    inputLeadingShare = factors.inputLeadingShare
    meanAlignment = factors.meanAlignment
    outliers = factors.outputGaps.map { ReportedOutputGaps($0) }
  }

  private enum CodingKeys: String, CodingKey {
    case inputEigenvalues = "input_eigenvalues"
    case outputEigenvalues = "output_eigenvalues"
    case inputLeadingShare = "input_leading_share"
    case meanAlignment = "mean_alignment"
    case outliers
  }
}

/// How far leading eigenvalues of E[M] stand apart; `null` of a ratio is infinite.
public struct ReportedOutputGaps: Codable, Sendable, Equatable {
  /// The i up to 3c with the largest λᵢ/λᵢ₊₁.
  public var count: Int
  @ReportedNumber public var ratio: Double
  /// λ_{c−1}/λ_c
  @OptionalReportedNumber public var ratioAtClasses: Double?
  /// λ₁/λ_{c+1}
  @OptionalReportedNumber public var ratioToClasses: Double?

  init(_ gaps: OutputGaps) {
    count = gaps.outliers
    ratio = gaps.ratio
    ratioAtClasses = gaps.atClasses
    ratioToClasses = gaps.toClasses
  }

  private enum CodingKeys: String, CodingKey {
    case count, ratio
    case ratioAtClasses = "ratio_at_classes"
    case ratioToClasses = "ratio_to_classes"
  }
}

/// A Kronecker approximation of a layer's block.
public struct ReportedApproximation: Codable, Sendable, Equatable {
  /// ‖A − Â‖_F/‖A‖_F for an operator's block A.
  public struct Error: Codable, Sendable, Equatable {
    public var `operator`: String
    @ReportedNumber public var value: Double
    /// Missing where one probe says nothing of it.
    @OptionalReportedNumber public var standardError: Double?
    /// Of the difference to the error of the first approximation.
    @OptionalReportedNumber public var differenceError: Double?

    private enum CodingKeys: String, CodingKey {
      case `operator`, value
      case standardError = "standard_error"
      case differenceError = "difference_standard_error"
    }
  }

  /// `decoupled` for E[M] ⊗ E[xxᵀ], else the name of the method.
  public var name: String
  /// The operator that it approximates.
  public var source: String
  /// Its own, descending.
  @ReportedNumbers public var eigenvalues: [Double]
  public var errors: [Error]
  /// Of the damped inverse, for operators without negative eigenvalues.
  public var steps: [Step]

  /// See ``DampedStep``.
  public struct Step: Codable, Sendable, Equatable {
    public var `operator`: String
    /// λ
    @ReportedNumber public var damping: Double
    @ReportedNumber public var share: Double
    public var isConverged: Bool

    private enum CodingKeys: String, CodingKey {
      case `operator`, damping, share
      case isConverged = "is_converged"
    }
  }

  init<Scalar: Real>(_ measured: LayerApproximation<Scalar>, top: Int) {
    name = measured.name
    source = measured.source.rawValue
    eigenvalues = measured.pairs.prefix(top).map(\.value)
    errors = measured.errors.map {
      Error(
        operator: $0.kind.rawValue, value: $0.error.value, standardError: $0.error.standardError,
        differenceError: $0.error.differenceError)
    }
    steps = measured.steps.map {
      Step(
        operator: $0.kind.rawValue, damping: $0.step.damping, share: $0.step.share, isConverged: $0.step.isConverged)
    }
  }
}
