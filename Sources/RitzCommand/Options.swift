import ArgumentParser
import Foundation
import Ritz

/// The model, its data and its loss.
struct ObjectiveFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Data: an .npz file with x and y, a directory of IDX, CIFAR-10 or NPY files, or 'digits'.", valueName: "path"))
  var data: String?

  @Option(help: ArgumentHelp("cross-entropy, squared-error, mse, bce or output.", valueName: "name"))
  var loss: String?

  @Option(help: ArgumentHelp("train or test, where the data has both.", valueName: "name"))
  var split: String?

  @Option(
    help: ArgumentHelp(
      "Use this many samples: the first ones, or 'N,random' for a subset drawn with the seed.", valueName: "n"))
  var samples: String?

  @Option(
    help: ArgumentHelp("automatic, none, unit, mean-std or MEAN,STD.", valueName: "how"))
  var standardise: String = "automatic"

  @Option(
    help: ArgumentHelp("Restrict to parameters in whose name this regular expression matches.", valueName: "regex"))
  var params: String?

  @Option(
    name: .customLong("batch-norm"),
    help: ArgumentHelp(
      "Statistics of batch normalisation: running, batch, population or population-differentiated; by default the model's own way.",
      valueName: "mode"))
  var batchNorm: String?

  @Option(
    name: .customLong("batch-norm-group"),
    help: ArgumentHelp("Samples that batch statistics are taken over; by default all.", valueName: "n"))
  var batchNormGroup: Int?

  @Option(name: .customLong("init"), help: ArgumentHelp("Initialiser of a built-in network.", valueName: "name"))
  var initializer: String?

  @Option(help: ArgumentHelp("Skip connections of this strength in 'linear'.", valueName: "beta"))
  var skip: Double?

  func validate() throws {
    try requireCounts([("--batch-norm-group", batchNormGroup)], atMost: 1_000_000_000)
    if let batchNorm, BatchNormalizationMode(rawValue: batchNorm) == nil {
      let modes = BatchNormalizationMode.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--batch-norm is one of \(modes), not '\(batchNorm)'")
    }
  }

  /// Whether anything was given that a stored run has settled.
  var isGiven: Bool {
    batchNorm != nil || batchNormGroup != nil || initializer != nil || skip != nil || data != nil || loss != nil
      || split != nil || samples != nil || params != nil || standardise != "automatic"
  }

  /// Says what is missing. Not for `validate`, which runs before unknown flags are reported: a mistyped `--data` is not
  /// a missing one.
  func require(model: String?) throws {
    guard let model, !model.isEmpty else {
      throw ValidationError("a MODEL is needed: a .pt2 file or a built-in network")
    }
    guard let data, !data.isEmpty else { throw ValidationError("--data is needed") }
    guard let loss, !loss.isEmpty else { throw ValidationError("--loss is needed") }
  }

  func settings(model: String?, seed: UInt64) throws -> ObjectiveSettings {
    try require(model: model)
    guard let model, let data, let loss else { throw ValidationError("a MODEL, --data and --loss are needed") }
    return ObjectiveSettings(
      model: try named(model), data: absolutePath(data), loss: loss, split: split, samples: samples,
      standardise: standardise, params: params, seed: seed, batchNorm: batchNorm, batchNormGroup: batchNormGroup)
  }

  /// The model, with the flags for built-in networks put into its name.
  func named(_ model: String) throws -> String {
    let options = [initializer.map { "init=\($0)" }, skip.map { "skip=\($0)" }].compactMap { $0 }
    guard Network.isBuiltIn(model) else {
      guard options.isEmpty else {
        throw InputError(
          place: initializer == nil ? "--skip" : "--init", "a model file brings its parameters with it",
          remedy: "leave the flag out")
      }
      return absolutePath(model)
    }
    return Network.builtInName(model, adding: options)
  }

  /// The network of MODEL, before it is known whether there are data.
  func network(_ model: String, seed: UInt64) throws -> Network {
    let network = try Network(model: named(model), seed: seed)
    guard let mode = batchNorm.flatMap(BatchNormalizationMode.init) else { return network }
    return try network.withBatchNormalization(mode)
  }
}

/// Paths are kept absolute, so that a run can be resumed from anywhere.
func absolutePath(_ path: String) -> String {
  if Network.isBuiltIn(path) || path == "digits" { return path }
  return URL(fileURLWithPath: path).standardizedFileURL.path
}

/// How it is computed.
struct ExecutionFlags: ParsableArguments {
  @Option(help: ArgumentHelp("single or double; by default double up to 200,000 parameters.", valueName: "name"))
  var precision: String?

  @Option(help: ArgumentHelp("Seed of every random stream.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Worker threads; the bits do not depend on it.", valueName: "n"))
  var workers: Int?

  @Option(help: ArgumentHelp("Samples of a microbatch.", valueName: "n"))
  var microbatch: Int?

  func validate() throws {
    try requireCounts([("--workers", workers)], atMost: 1024)
    try requireCounts([("--microbatch", microbatch)], atMost: 1_000_000_000)
    if let precision, Precision(rawValue: precision) == nil {
      throw ValidationError("--precision is single or double, not '\(precision)'")
    }
  }

  /// Whether anything was given that a stored run has settled.
  var isGiven: Bool { precision != nil || seed != 0 || microbatch != nil }

  var pool: WorkerPool { WorkerPool(count: workers ?? WorkerPool.processorCount) }
}

/// For `validate`: counts that make sense, and whose products fit into an integer.
func requireCounts(_ counts: [(name: String, value: Int?)], atMost limit: Int = 1_000_000) throws {
  for (name, value) in counts {
    if let value, !(1...limit).contains(value) { throw ValidationError("\(name) must be 1 to \(limit)") }
  }
}

/// The scalar type of the computation.
enum Precision: String, Codable {
  case single
  case double

  /// Double up to 2·10⁵ parameters, single above.
  static func standard(parameters: Int) -> Precision { parameters <= 200_000 ? .double : .single }
}

/// Everything that defines an objective, as stored with a run.
struct ObjectiveSettings: Codable, Equatable {
  var model: String
  var data: String
  var loss: String
  var split: String?
  var samples: String?
  var standardise: String
  var params: String?
  var seed: UInt64
  var batchNorm: String?
  var batchNormGroup: Int?

  func network() throws -> Network {
    let network = try Network(model: model, seed: seed)
    guard let mode = batchNorm.flatMap(BatchNormalizationMode.init) else { return network }
    return try network.withBatchNormalization(mode)
  }

  func execution(microbatch: Int?, residualBytes: Int? = nil) -> ExecutionOptions {
    var options = ExecutionOptions(microbatch: microbatch, batchNormGroup: batchNormGroup, seed: seed)
    if let residualBytes { options.residualBytes = residualBytes }
    return options
  }

  var modelFormat: String { Network.isBuiltIn(model) ? "built-in" : "pt2" }

  func namedLoss() throws -> Loss { try Loss(named: loss) }

  /// - Parameter other: data whose measured mean and deviation these are scaled by: those a network was trained on.
  func dataset(scaledLike other: Dataset? = nil) throws -> Dataset {
    var options = DatasetOptions(standardisation: try DatasetOptions.Standardisation(argument: standardise))
    if let scaling = other?.description.scaling, options.standardisation == .meanDeviation {
      options.standardisation = .explicit(mean: scaling.mean, deviation: scaling.deviation)
    }
    if let split {
      guard let named = DatasetOptions.Split(rawValue: split) else {
        throw InputError(place: "--split", "there is no split '\(split)'", remedy: "choose train or test")
      }
      options.split = named
    }
    if let samples {
      let parts = samples.split(separator: ",", omittingEmptySubsequences: false)
      guard let count = Int(parts[0]), count > 0, parts.count == 1 || (parts.count == 2 && parts[1] == "random") else {
        throw InputError(place: "--samples", "'\(samples)' is not a number of samples", remedy: "give N or N,random")
      }
      options.samples = count
      if parts.count == 2 { options.selection = .random(seed: seed) }
    }
    return try Dataset.load(data, options: options)
  }

  func selection(of network: Network) throws -> ParameterSelection {
    if let params { return try .matching(params, of: network) }
    return try .all(of: network)
  }
}

extension Network {
  /// The network that a MODEL on the command line means: a built-in one by its name, or a file.
  init(model: String, seed: UInt64) throws {
    if Network.isBuiltIn(model) {
      try self.init(named: model, seed: seed)
      return
    }
    let name = URL(fileURLWithPath: model).lastPathComponent
    // What has no extension is more likely a name with a slip in it than a file.
    let looksLikeFile = name.contains(".") && !name.contains(":")
    guard looksLikeFile || FileBytes.exists(model) || FileBytes.isDirectory(model) else {
      throw InputError(
        file: model, "is neither a file nor a built-in network",
        remedy: "built in are \(NamedNetworkFamily.usages)")
    }
    try self.init(exportedProgram: model)
  }
}

/// Seconds since the process' clock began.
func secondsNow() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The largest resident size so far, in bytes.
func peakMemoryBytes() -> Int {
  var usage = rusage()
  #if os(Linux)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  #else
    getrusage(RUSAGE_SELF, &usage)
    return usage.ru_maxrss
  #endif
}
