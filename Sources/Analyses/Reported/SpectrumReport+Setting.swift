/// The program that measured.
public struct ReportedTool: Codable, Sendable, Equatable {
  /// The name of the program.
  public var name: String
  /// Its version.
  public var version: String
  /// Versions of the numerical libraries, by name.
  public var libraries: [String: String]

  public init(name: String = "ritz", version: String, libraries: [String: String] = [:]) {
    self.name = name
    self.version = version
    self.libraries = libraries
  }

  private enum CodingKeys: String, CodingKey {
    case name, version, libraries
  }
}

/// One parameter tensor of the network.
public struct ReportedParameter: Codable, Sendable, Equatable {
  /// Its name in the model file.
  public var name: String
  /// Its shape in the model file.
  public var shape: [Int]
  /// Whether it varies; the others are frozen and not part of the operator.
  public var selected: Bool

  public init(name: String, shape: [Int], selected: Bool = true) {
    self.name = name
    self.shape = shape
    self.selected = selected
  }

  private enum CodingKeys: String, CodingKey {
    case name, shape, selected
  }
}

/// The network.
public struct ReportedModel: Codable, Sendable, Equatable {
  /// The file, or the name of a built-in network.
  public var source: String
  /// The format it was read from, such as `pt2` or `built-in`.
  public var format: String
  /// The number of scalar parameters of the whole network, tied weights counted once.
  public var parameterCount: Int
  /// The parameters in the order of the file.
  public var parameters: [ReportedParameter]
  /// The precision the parameters have in the file, such as `float32`.
  public var filePrecision: String?
  /// The regular expression of `--params`, where given.
  public var selection: String?

  public init(
    source: String, format: String, parameterCount: Int, parameters: [ReportedParameter] = [],
    filePrecision: String? = nil, selection: String? = nil
  ) {
    self.source = source
    self.format = format
    self.parameterCount = parameterCount
    self.parameters = parameters
    self.filePrecision = filePrecision
    self.selection = selection
  }

  private enum CodingKeys: String, CodingKey {
    case source, format, parameters, selection
    case parameterCount = "parameter_count"
    case filePrecision = "file_precision"
  }
}

/// The data.
public struct ReportedData: Codable, Sendable, Equatable {
  /// The file or directory, or the name of an embedded data set.
  public var source: String
  /// The format it was read from, such as `idx`, `npz` or `embedded`.
  public var format: String
  /// The number of samples with non-zero weight that the loss is averaged over.
  public var samples: Int
  /// The number of samples the source holds.
  public var samplesAvailable: Int
  /// How the samples were chosen: split, count, seed.
  public var selection: String?
  /// The shape of one sample as the network sees it.
  public var sampleShape: [Int]
  /// What a target is: `class`, `probabilities`, `values`.
  public var targetKind: String?
  /// The number of classes, or of outputs.
  public var classes: Int?
  /// What was done to the inputs, as text.
  public var standardisation: String?

  public init(
    source: String, format: String, samples: Int, samplesAvailable: Int, selection: String? = nil,
    sampleShape: [Int] = [], targetKind: String? = nil, classes: Int? = nil, standardisation: String? = nil
  ) {
    self.source = source
    self.format = format
    self.samples = samples
    self.samplesAvailable = samplesAvailable
    self.selection = selection
    self.sampleShape = sampleShape
    self.targetKind = targetKind
    self.classes = classes
    self.standardisation = standardisation
  }

  private enum CodingKeys: String, CodingKey {
    case source, format, samples, selection, classes, standardisation
    case samplesAvailable = "samples_available"
    case sampleShape = "sample_shape"
    case targetKind = "target_kind"
  }
}

/// The objective: the mean over samples of the loss of one sample.
public struct ReportedLoss: Codable, Sendable, Equatable {
  /// The name given to `--loss`.
  public var name: String
  /// Its value at the parameters, in nats where the loss is a negative log-likelihood.
  @ReportedNumber public var value: Double
  /// The standard error from drawing the samples used out of those available.
  @OptionalReportedNumber public var standardError: Double?
  /// The fraction of samples whose largest output is the label.
  @OptionalReportedNumber public var accuracy: Double?
  /// The definition as text.
  public var definition: String?

  public init(
    name: String, value: Double, standardError: Double? = nil, accuracy: Double? = nil, definition: String? = nil
  ) {
    self.name = name
    self.value = value
    self.standardError = standardError
    self.accuracy = accuracy
    self.definition = definition
  }

  private enum CodingKeys: String, CodingKey {
    case name, value, accuracy, definition
    case standardError = "standard_error"
  }
}

/// The gradient of the objective.
public struct ReportedGradient: Codable, Sendable, Equatable {
  /// Its Euclidean norm.
  @ReportedNumber public var norm: Double

  public init(norm: Double) {
    self.norm = norm
  }

  private enum CodingKeys: String, CodingKey {
    case norm
  }
}

/// How a result was computed, and at what cost.
public struct ReportedExecution: Codable, Sendable, Equatable {
  /// The arithmetic of products, `single` or `double`; sums over tasks are double.
  public var precision: String
  /// Why that precision was chosen.
  public var precisionReason: String?
  /// The number of worker threads; it does not change a bit of the result.
  public var workers: Int
  /// Samples a pass; part of the definition of the rounding.
  public var microbatch: Int
  /// The number of runs of microbatches whose sums are committed in order.
  public var tasks: Int
  /// The seed of all random streams.
  public var seed: UInt64
  /// Wall-clock seconds.
  @ReportedNumber public var seconds: Double
  /// The number of operator-vector products over the selected samples.
  public var operatorProducts: Int
  /// The largest resident size of the process, in bytes.
  public var peakMemoryBytes: Int?

  public init(
    precision: String, precisionReason: String? = nil, workers: Int, microbatch: Int, tasks: Int, seed: UInt64,
    seconds: Double, operatorProducts: Int, peakMemoryBytes: Int? = nil
  ) {
    self.precision = precision
    self.precisionReason = precisionReason
    self.workers = workers
    self.microbatch = microbatch
    self.tasks = tasks
    self.seed = seed
    self.seconds = seconds
    self.operatorProducts = operatorProducts
    self.peakMemoryBytes = peakMemoryBytes
  }

  private enum CodingKeys: String, CodingKey {
    case precision, workers, microbatch, tasks, seed, seconds
    case precisionReason = "precision_reason"
    case operatorProducts = "operator_products"
    case peakMemoryBytes = "peak_memory_bytes"
  }
}
