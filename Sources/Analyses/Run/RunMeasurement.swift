/// The curvature at one moment of a training run, as far as it was asked for.
public struct RunMeasurement: Codable, Sendable, Equatable {
  /// Steps taken before it.
  public var step: Int
  @ReportedNumber public var epoch: Double
  /// Why it was taken: `schedule`, `spike`, `start`, `end`.
  public var reason: String
  /// The operator, such as `hessian`.
  public var operatorName: String
  /// The block of parameters it is of; `nil` for all.
  public var block: String?
  /// Samples it is measured on.
  public var samples: Int
  /// L and ‖∇L‖ on these samples.
  @OptionalReportedNumber public var loss: Double?
  @OptionalReportedNumber public var gradientNorm: Double?

  /// Leading eigenvalues, largest first, with their residual norms, and the lowest ones, lowest first.
  @ReportedNumbers public var top: [Double] = []
  @ReportedNumbers public var topResiduals: [Double] = []
  /// Standard errors of the leading eigenvalues over the data, by leaving out groups of samples; empty where not asked for.
  @ReportedNumbers public var topDataErrors: [Double] = []
  @ReportedNumbers public var bottom: [Double] = []
  @ReportedNumbers public var bottomResiduals: [Double] = []
  /// The sharpness edge of the optimiser at this step's learning rate, and what is held against it: λ₁, or that of the
  /// preconditioned matrix.
  @OptionalReportedNumber public var edge: Double?
  @OptionalReportedNumber public var sharpness: Double?
  public var trace: RunEstimate?
  public var density: ReportedDensity?
  /// Standard errors over the data of the density at the points of its grid, by leaving out groups of samples; empty
  /// where not asked for.
  @ReportedNumbers public var densityDataErrors: [Double] = []
  /// The outliers by the convention's rule, the ratio at the gap, and λ₁/λ_{C+1}.
  public var outliers: Int?
  @OptionalReportedNumber public var outlierGap: Double?
  @OptionalReportedNumber public var firstToBulk: Double?
  /// ∫_{λ<0} |λ| φ / ∫ |λ| φ.
  @OptionalReportedNumber public var negativeMass: Double?
  /// ‖Pg‖²/‖g‖² for the full gradient, mini-batch gradients and the optimiser's update; chance is K/P.
  public var gradientFraction: RunEstimate?
  public var batchGradientFraction: RunEstimate?
  public var updateFraction: RunEstimate?
  @OptionalReportedNumber public var fractionByChance: Double?
  /// Tr(P₁P₂)/k of the top eigenspace with that of the measurement before.
  public var overlap: RunEstimate?
  @OptionalReportedNumber public var overlapByChance: Double?
  /// The standard deviation of the overlap of independent random subspaces about ``overlapByChance``.
  @OptionalReportedNumber public var overlapChanceDeviation: Double?
  /// The change of the loss in the next step as predicted by the second-order model, and as observed.
  public var lossChange: RunLossChange?
  /// The change that the optimiser's own next update makes on these samples: uᵀμ + ½ uᵀHu, and as observed.
  public var updateChange: RunLossChange?
  /// The leading eigendirections under the noisy quadratic model.
  public var directions: RunDirections?
  /// The statistics batch normalisation took; `nil` for a network without any.
  public var batchNormalization: String?
  /// What the reader should know of these numbers.
  public var notes: [String]?
  /// Products with the operator this measurement took.
  public var products: Int = 0

  public init(
    step: Int, epoch: Double, reason: String, operatorName: String, block: String? = nil, samples: Int
  ) {
    self.step = step
    self.epoch = epoch
    self.reason = reason
    self.operatorName = operatorName
    self.block = block
    self.samples = samples
  }

  private enum CodingKeys: String, CodingKey {
    case step, epoch, reason, block, samples, loss, top, bottom, edge, sharpness, trace, density, outliers, overlap,
      directions, notes, products
    case operatorName = "operator_name"
    case gradientNorm = "gradient_norm"
    case topResiduals = "top_residuals"
    case topDataErrors = "top_data_errors"
    case bottomResiduals = "bottom_residuals"
    case densityDataErrors = "density_data_errors"
    case outlierGap = "outlier_gap"
    case firstToBulk = "first_to_bulk"
    case negativeMass = "negative_mass"
    case gradientFraction = "gradient_fraction"
    case batchGradientFraction = "batch_gradient_fraction"
    case updateFraction = "update_fraction"
    case fractionByChance = "fraction_by_chance"
    case overlapByChance = "overlap_by_chance"
    case overlapChanceDeviation = "overlap_chance_deviation"
    case lossChange = "loss_change"
    case updateChange = "update_change"
    case batchNormalization = "batch_normalization"
  }
}

/// What happens along each leading eigendirection, in the order of the eigenvalues.
public struct RunDirections: Codable, Sendable, Equatable {
  /// c = vᵢᵀ∇L
  @ReportedNumbers public var slopes: [Double]
  /// vᵢᵀΣvᵢ/m, the variance of c over mini-batches.
  @ReportedNumbers public var noise: [Double]
  /// E c² where gradient descent settles at this noise; not finite where it does not settle.
  @ReportedNumbers public var floor: [Double]
  /// `trains`, `settled`, `unstable` or `escapes`.
  public var fates: [String]
  /// Along the directions of the measurement before: the slope expected here, its standard deviation, and the slope
  /// there is. Empty at the first.
  @ReportedNumbers public var earlierPredicted: [Double]
  @ReportedNumbers public var earlierDeviations: [Double]
  @ReportedNumbers public var earlierObserved: [Double]

  public init(
    slopes: [Double], noise: [Double], floor: [Double], fates: [String], earlierPredicted: [Double],
    earlierDeviations: [Double], earlierObserved: [Double]
  ) {
    self.slopes = slopes
    self.noise = noise
    self.floor = floor
    self.fates = fates
    self.earlierPredicted = earlierPredicted
    self.earlierDeviations = earlierDeviations
    self.earlierObserved = earlierObserved
  }

  private enum CodingKeys: String, CodingKey {
    case slopes, noise, floor, fates
    case earlierPredicted = "earlier_predicted"
    case earlierDeviations = "earlier_deviations"
    case earlierObserved = "earlier_observed"
  }
}

/// A number with its error: a standard error, or a bound where `isBound`.
public struct RunEstimate: Codable, Sendable, Equatable {
  @ReportedNumber public var value: Double
  @OptionalReportedNumber public var error: Double?
  public var isBound: Bool

  public init(_ value: Double, error: Double? = nil, isBound: Bool = false) {
    self.value = value
    self.error = error
    self.isBound = isBound
  }

  private enum CodingKeys: String, CodingKey {
    case value, error
    case isBound = "is_bound"
  }
}

/// Predicted and observed change of the loss in a step.
public struct RunLossChange: Codable, Sendable, Equatable {
  /// E Δ = −η ‖μ‖² + η²/2 (μᵀHμ + tr(HΣ)/m), or its preconditioned form.
  public var predicted: RunEstimate
  /// The mean and the quantiles 0.05, 0.25, 0.5, 0.75, 0.95 of Δ over drawn mini-batches.
  public var observed: RunEstimate
  @ReportedNumbers public var quantiles: [Double]
  /// The largest η at which the loss is expected to fall.
  @OptionalReportedNumber public var descentLimit: Double?

  public init(predicted: RunEstimate, observed: RunEstimate, quantiles: [Double], descentLimit: Double?) {
    self.predicted = predicted
    self.observed = observed
    self.quantiles = quantiles
    self.descentLimit = descentLimit
  }

  private enum CodingKeys: String, CodingKey {
    case predicted, observed, quantiles
    case descentLimit = "descent_limit"
  }
}
