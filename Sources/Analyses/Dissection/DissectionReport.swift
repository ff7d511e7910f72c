/// The complete result of `ritz dissect`: every layer of every model, and how their eigenspaces compare.
///
/// A plain value, as ``SpectrumReport`` is. Each key is documented in `docs/result-schema.md`.
public struct DissectionReport: Codable, Sendable, Equatable {
  /// The layout this version of the library writes.
  public static let currentSchema = "ritz.dissection/1"

  /// The name and version of the layout, `ritz.dissection/1`.
  public var schema: String
  /// The command line that reproduces the run, one argument an element, unquoted.
  public var command: [String]
  public var tool: ReportedTool
  public var execution: ReportedDissectionExecution
  /// Every definition that changes a number, as text by its topic.
  public var conventions: [String: String]
  public var models: [ReportedDissection]
  public var comparisons: [ReportedComparison]
  /// What a reader must know before trusting the run as a whole.
  public var warnings: [String]

  public init(
    schema: String = DissectionReport.currentSchema, command: [String], tool: ReportedTool,
    execution: ReportedDissectionExecution, conventions: [String: String], models: [ReportedDissection],
    comparisons: [ReportedComparison], warnings: [String] = []
  ) {
    self.schema = schema
    self.command = command
    self.tool = tool
    self.execution = execution
    self.conventions = conventions
    self.models = models
    self.comparisons = comparisons
    self.warnings = warnings
  }
}

/// How a dissection was run.
public struct ReportedDissectionExecution: Codable, Sendable, Equatable {
  /// The arithmetic of products, `single` or `double`; sums over tasks are double.
  public var precision: String
  /// The number of worker threads; it does not change a bit of the result.
  public var workers: Int
  /// The seed of all random streams.
  public var seed: UInt64
  /// Wall-clock seconds.
  @ReportedNumber public var seconds: Double
  /// The number of products of operators or blocks of them with a vector, over all samples.
  public var products: Int
  /// The largest resident size of the process, in bytes.
  public var peakMemoryBytes: Int?

  public init(
    precision: String, workers: Int, seed: UInt64, seconds: Double, products: Int, peakMemoryBytes: Int? = nil
  ) {
    self.precision = precision
    self.workers = workers
    self.seed = seed
    self.seconds = seconds
    self.products = products
    self.peakMemoryBytes = peakMemoryBytes
  }

  private enum CodingKeys: String, CodingKey {
    case precision, workers, seed, seconds, products
    case peakMemoryBytes = "peak_memory_bytes"
  }
}

/// One model, taken apart.
public struct ReportedDissection: Codable, Sendable, Equatable {
  /// What it is called in comparisons, unique among the models.
  public var name: String
  public var model: ReportedModel
  public var data: ReportedData
  public var loss: ReportedLoss
  public var layers: [ReportedLayer]
  public var identity: ReportedIdentity?
  /// Wall-clock seconds of this model.
  @ReportedNumber public var seconds: Double
  public var products: Int
  public var warnings: [String]

  public init(
    name: String, model: ReportedModel, data: ReportedData, loss: ReportedLoss, layers: [ReportedLayer],
    identity: ReportedIdentity?, seconds: Double, products: Int, warnings: [String]
  ) {
    self.name = name
    self.model = model
    self.data = data
    self.loss = loss
    self.layers = layers
    self.identity = identity
    self.seconds = seconds
    self.products = products
    self.warnings = warnings
  }
}

/// The check of H = M − H_p.
public struct ReportedIdentity: Codable, Sendable, Equatable {
  @ReportedNumber public var relativeError: Double
  /// ‖H_p‖_F/‖M‖_F.
  @ReportedNumber public var relativeSize: Double
  public var vectors: Int

  public init(_ identity: ProbabilityIdentity) {
    relativeError = identity.relativeError
    relativeSize = identity.relativeSize
    vectors = identity.vectors
  }

  private enum CodingKeys: String, CodingKey {
    case vectors
    case relativeError = "relative_error"
    case relativeSize = "relative_size"
  }
}

/// Two families of leading eigenvectors of one layer, held against each other.
public struct ReportedComparison: Codable, Sendable, Equatable {
  /// A model's operator, or an approximation of it by its name.
  public struct Side: Codable, Sendable, Hashable {
    public var model: String
    public var `operator`: String

    public init(model: String, operator: String) {
      self.model = model
      self.operator = `operator`
    }
  }

  public var layer: String
  public var first: Side
  public var second: Side
  /// n, the parameters of the layer's block.
  public var dimension: Int
  /// Tr(P₁P₂)/k for k = 1, 2, ….
  @ReportedNumbers public var overlaps: [Double]
  /// How far those of the true eigenspaces may be from it; NaN where one of them is not defined.
  @ReportedNumbers public var errors: [Double]
  /// Of the largest subspaces, descending.
  @ReportedNumbers public var principalCosines: [Double]

  public init(layer: String, first: Side, second: Side, _ overlap: EigenspaceOverlap) {
    self.layer = layer
    self.first = first
    self.second = second
    dimension = overlap.dimension
    overlaps = overlap.values
    errors = overlap.errors.map { $0 ?? .nan }
    principalCosines = overlap.principalCosines
  }

  /// k/n: the mean overlap of independent random subspaces.
  public func chance(_ k: Int) -> Double { Double(k) / Double(dimension) }

  /// Its standard deviation.
  public func chanceDeviation(_ k: Int) -> Double {
    let (n, k) = (Double(dimension), Double(k))
    return n > 1 ? (2 * (n - k) * (n - k) / (n * n * (n - 1) * (n + 2))).squareRoot() : 0
  }

  private enum CodingKeys: String, CodingKey {
    case layer, first, second, dimension, overlaps, errors
    case principalCosines = "principal_cosines"
  }
}
