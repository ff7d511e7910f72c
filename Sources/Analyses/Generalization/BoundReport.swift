/// The result of `ritz bound`: PAC-Bayes bounds in one or more bases, and sharpness measures beside them.
///
/// A plain value, as ``SpectrumReport`` is. Each key is documented in `docs/result-schema.md`.
public struct BoundReport: Codable, Sendable, Equatable {
  /// The layout this version of the library writes.
  public static let currentSchema = "ritz.bound/1"

  public var schema = BoundReport.currentSchema
  /// The command line that reproduces the run, one argument an element, unquoted.
  public var command: [String]
  public var tool: ReportedTool
  public var network: String
  /// d, the weights.
  public var parameters: Int
  public var data: String
  /// m
  public var samples: Int
  public var classes: Int
  public var loss: String
  public var precision: String
  public var workers: Int
  public var seed: UInt64
  /// The constants of the bound.
  public var constants: PACBayesBound
  /// 1 − δ − δ′
  @ReportedNumber public var confidence: Double
  /// What has to hold for the bounds to hold, each with whether it does here.
  public var assumptions: [BoundAssumption]
  /// Every definition that changes a number, as text by its topic.
  public var conventions: [String: String]
  /// The weights the posteriors began with.
  public var start: ReportedStart
  /// In the order in which the bases were asked for.
  public var posteriors: [ReportedPosterior]
  public var scaleInvariant: ReportedScaleInvariantBound?
  public var sharpness: ReportedSharpness?
  /// What a reader must know before trusting the run as a whole.
  public var warnings: [String]

  public init(
    command: [String], tool: ReportedTool, network: String, parameters: Int, data: String, samples: Int, classes: Int,
    loss: String, precision: String, workers: Int, seed: UInt64, constants: PACBayesBound,
    assumptions: [BoundAssumption],
    conventions: [String: String], start: ReportedStart, posteriors: [ReportedPosterior] = [],
    warnings: [String] = []
  ) {
    self.command = command
    self.tool = tool
    self.network = network
    self.parameters = parameters
    self.data = data
    self.samples = samples
    self.classes = classes
    self.loss = loss
    self.precision = precision
    self.workers = workers
    self.seed = seed
    self.constants = constants
    confidence = constants.totalConfidence
    self.assumptions = assumptions
    self.conventions = conventions
    self.start = start
    self.posteriors = posteriors
    self.warnings = warnings
  }

  private enum CodingKeys: String, CodingKey {
    case schema, command, tool, network, parameters, data, samples, classes, loss, precision, workers, seed, constants
    case confidence, assumptions, conventions, start, posteriors, sharpness, warnings
    case scaleInvariant = "scale_invariant"
  }
}

/// Something a bound takes for granted.
public struct BoundAssumption: Codable, Sendable, Equatable {
  public var text: String
  /// Whether it holds by construction of this run; where not, the reader has to know.
  public var holdsByConstruction: Bool

  public init(_ text: String, holdsByConstruction: Bool) {
    self.text = text
    self.holdsByConstruction = holdsByConstruction
  }

  private enum CodingKeys: String, CodingKey {
    case text
    case holdsByConstruction = "holds_by_construction"
  }
}

/// What something took.
public struct ReportedClock: Codable, Sendable, Equatable {
  /// By the clock on the wall.
  @ReportedNumber public var seconds: Double
  /// Of all threads.
  @ReportedNumber public var processorSeconds: Double

  public init(seconds: Double = 0, processorSeconds: Double = 0) {
    self.seconds = seconds
    self.processorSeconds = processorSeconds
  }

  public static func + (left: ReportedClock, right: ReportedClock) -> ReportedClock {
    ReportedClock(
      seconds: left.seconds + right.seconds, processorSeconds: left.processorSeconds + right.processorSeconds)
  }

  private enum CodingKeys: String, CodingKey {
    case seconds
    case processorSeconds = "processor_seconds"
  }
}

/// The weights that posteriors begin with.
public struct ReportedStart: Codable, Sendable, Equatable {
  /// How they came about.
  public var source: String
  /// Mean 0–1 loss on the training set.
  @ReportedNumber public var trainingError: Double
  /// On the test set, where there is one.
  public var testError: Double?
  /// ‖w − w₀‖
  @ReportedNumber public var move: Double
  /// Of its training.
  public var clock: ReportedClock

  public init(
    source: String, trainingError: Double, testError: Double?, move: Double, clock: ReportedClock = ReportedClock()
  ) {
    self.source = source
    self.trainingError = trainingError
    self.testError = testError
    self.move = move
    self.clock = clock
  }

  private enum CodingKeys: String, CodingKey {
    case source, move, clock
    case trainingError = "training_error"
    case testError = "test_error"
  }
}

/// A posterior as it was after some steps.
public struct PosteriorRecord: Codable, Sendable, Equatable {
  public var step: Int
  /// Mean of the loss in bits over the steps since the record before; absent at the first.
  public var loss: Double?
  /// KL from the prior whose variance is λ.
  @ReportedNumber public var divergence: Double
  /// λ, between the points of the grid.
  @ReportedNumber public var priorVariance: Double
  /// √(complexity/2), the second term of the objective.
  @ReportedNumber public var complexityTerm: Double

  public init(step: Int, loss: Double?, divergence: Double, priorVariance: Double, complexityTerm: Double) {
    self.step = step
    self.loss = loss
    self.divergence = divergence
    self.priorVariance = priorVariance
    self.complexityTerm = complexityTerm
  }

  private enum CodingKeys: String, CodingKey {
    case step, loss, divergence
    case priorVariance = "prior_variance"
    case complexityTerm = "complexity_term"
  }
}

/// A posterior and its bound.
public struct ReportedPosterior: Codable, Sendable, Equatable {
  /// ``WorkingBasis``
  public var basis: String
  public var definition: String
  public var epochs: Double
  public var steps: Int
  /// How it was trained, in words.
  public var training: String
  public var history: [PosteriorRecord]
  /// Seconds of wall-clock and of processor time: of the basis, of training, of the Monte-Carlo draws.
  public var basisClock: ReportedClock
  public var trainingClock: ReportedClock
  public var drawClock: ReportedClock
  /// The estimate of the empirical error: its mean, how it was drawn, and what it lies below with confidence 1 − δ′.
  @ReportedNumber public var empiricalError: Double
  @ReportedNumber public var empiricalErrorStandardError: Double
  public var draws: Int
  public var drawn: String
  @ReportedNumber public var empiricalErrorBound: Double
  /// j and λ = c e^(−j/b).
  public var gridIndex: Int
  @ReportedNumber public var priorVariance: Double
  @ReportedNumber public var divergence: Double
  /// (KL + 2 ln j + ln(π²m/(6δ)))/(m − 1)
  @ReportedNumber public var complexity: Double
  /// What the error on fresh data lies below with the stated confidence.
  @ReportedNumber public var bound: Double
  /// The weaker bound by Pinsker's inequality.
  @ReportedNumber public var pinskerBound: Double
  /// The posterior's error on the test set, from draws of the weights, where there is one.
  public var testError: Double?
  public var testErrorStandardError: Double?
  /// ‖w − w₀‖² and Σ s.
  @ReportedNumber public var squaredMove: Double
  @ReportedNumber public var varianceSum: Double

  public init(
    basis: String, definition: String, epochs: Double, steps: Int, training: String, history: [PosteriorRecord],
    basisClock: ReportedClock, trainingClock: ReportedClock, drawClock: ReportedClock,
    error: PosteriorError, empiricalErrorBound: Double, gridIndex: Int, priorVariance: Double,
    divergence: Double, complexity: Double, bound: Double, pinskerBound: Double, test: PosteriorError?,
    squaredMove: Double, varianceSum: Double
  ) {
    self.basis = basis
    self.definition = definition
    self.epochs = epochs
    self.steps = steps
    self.training = training
    self.history = history
    self.basisClock = basisClock
    self.trainingClock = trainingClock
    self.drawClock = drawClock
    empiricalError = error.mean
    empiricalErrorStandardError = error.standardError
    draws = error.draws
    drawn = error.summary
    self.empiricalErrorBound = empiricalErrorBound
    self.gridIndex = gridIndex
    self.priorVariance = priorVariance
    self.divergence = divergence
    self.complexity = complexity
    self.bound = bound
    self.pinskerBound = pinskerBound
    testError = test?.mean
    testErrorStandardError = test.flatMap { $0.standardError.isFinite ? $0.standardError : nil }
    self.squaredMove = squaredMove
    self.varianceSum = varianceSum
  }

  private enum CodingKeys: String, CodingKey {
    case basis, definition, epochs, steps, training, history, draws, drawn, divergence, complexity, bound
    case basisClock = "basis_clock"
    case trainingClock = "training_clock"
    case drawClock = "draw_clock"
    case empiricalError = "empirical_error"
    case empiricalErrorStandardError = "empirical_error_standard_error"
    case empiricalErrorBound = "empirical_error_bound"
    case gridIndex = "grid_index"
    case priorVariance = "prior_variance"
    case pinskerBound = "pinsker_bound"
    case testError = "test_error"
    case testErrorStandardError = "test_error_standard_error"
    case squaredMove = "squared_move"
    case varianceSum = "variance_sum"
  }
}

/// The bound of ``ScaleInvariantBound`` for the posterior it makes of the curvature at the start.
public struct ReportedScaleInvariantBound: Codable, Sendable, Equatable {
  public var gridIndex: Int
  /// σ² of the prior, the same for all weights.
  @ReportedNumber public var priorVariance: Double
  @ReportedNumber public var divergence: Double
  /// The expression above it that takes no notice of Σ 1/(νσ²) − d.
  @ReportedNumber public var divergenceBound: Double
  /// Weights whose curvature is above the prior's precision.
  public var curvedWeights: Int
  @ReportedNumber public var empiricalError: Double
  public var draws: Int
  @ReportedNumber public var bound: Double

  public init(
    gridIndex: Int, priorVariance: Double, divergence: Double, divergenceBound: Double, curvedWeights: Int,
    empiricalError: Double, draws: Int, bound: Double
  ) {
    self.gridIndex = gridIndex
    self.priorVariance = priorVariance
    self.divergence = divergence
    self.divergenceBound = divergenceBound
    self.curvedWeights = curvedWeights
    self.empiricalError = empiricalError
    self.draws = draws
    self.bound = bound
  }

  private enum CodingKeys: String, CodingKey {
    case divergence, draws, bound
    case gridIndex = "grid_index"
    case priorVariance = "prior_variance"
    case divergenceBound = "divergence_bound"
    case curvedWeights = "curved_weights"
    case empiricalError = "empirical_error"
  }
}

/// Sharpness at the start, and after a rescaling that leaves the function as it is.
public struct ReportedSharpness: Codable, Sendable, Equatable {
  public struct Row: Codable, Sendable, Equatable {
    public var measure: String
    public var definition: String
    @ReportedNumber public var value: Double
    /// Over the data, and the probes where there are any.
    @ReportedNumber public var standardError: Double
    public var isConverged: Bool
    /// The value after the rescaling, and the standard error of the change; absent where there is none.
    public var rescaled: Double?
    public var rescaledChangeError: Double?
    /// Whether the rescaling changed it by more than 1 %, and by more than three standard errors.
    public var changesWithScale: Bool?

    public init(
      measure: String, definition: String, value: Double, standardError: Double, isConverged: Bool,
      rescaled: (value: Double, changeError: Double)?
    ) {
      self.measure = measure
      self.definition = definition
      self.value = value
      self.standardError = standardError
      self.isConverged = isConverged
      self.rescaled = rescaled?.value
      rescaledChangeError = rescaled?.changeError
      changesWithScale = rescaled.map { other, error in
        abs(other - value) > max(0.01 * max(abs(value), abs(other)), 3 * error)
      }
    }

    private enum CodingKeys: String, CodingKey {
      case measure, definition, value, rescaled
      case rescaledChangeError = "rescaled_change_error"
      case standardError = "standard_error"
      case isConverged = "is_converged"
      case changesWithScale = "changes_with_scale"
    }
  }

  /// The first samples, which were measured on.
  public var samples: Int
  /// Groups of the jackknife.
  public var groups: Int
  /// Absent where no rescaling was found that leaves the function as it is.
  public var rescaling: Rescaling?
  public var rows: [Row]

  public init(samples: Int, groups: Int, rescaling: Rescaling?, rows: [Row]) {
    self.samples = samples
    self.groups = groups
    self.rescaling = rescaling
    self.rows = rows
  }

  /// One layer times α, the next divided by it.
  public struct Rescaling: Codable, Sendable, Equatable {
    @ReportedNumber public var alpha: Double
    /// The names of the layers.
    public var multiplied: String
    public var divided: String

    public init(alpha: Double, multiplied: String, divided: String) {
      self.alpha = alpha
      self.multiplied = multiplied
      self.divided = divided
    }
  }
}
