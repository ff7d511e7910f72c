import Foundation
import Ritz

/// Everything that defines a spectrum run, stored with it so that `--resume DIR` needs nothing else.
struct RunSettings: StoredSettings, Equatable {
  var objective: ObjectiveSettings
  var operators: [String]
  var request: SpectrumRequest
  var precision: Precision
  var precisionReason: String
  var microbatch: Int?
  /// The command as typed, for the report.
  var command: [String]
  /// Identifies θ and the data, so that a run is not resumed with others.
  var fingerprint: UInt32
  /// Whether the parameters are not those of the model but stored with the run, as those of a network trained by it.
  var storesParameters = false
  /// What is done to the operators; `nil` for nothing.
  var operatorSettings: OperatorSettings?
  /// The title of the report, where it is not the model's name.
  var title: String?

  static let (file, writer) = ("run.json", "ritz spectrum or ritz demo")
}

/// The directory `state` of a run: its settings, and the latest state of every stage.
struct RunState {
  let directory: OutputDirectory
  private let output: OutputDirectory
  private static let parametersFile = "parameters.npz"
  private static let secondsFile = "seconds.npz"

  /// - Throws: `InputError` where the directory holds a run of another command.
  init(in output: OutputDirectory) throws {
    try RunSettings.requireOwn(output)
    self.output = output
    directory = try output.directory("state")
  }

  /// The report of a run that is complete; `nil` where there is something left to do.
  static func report(of output: String) throws -> SpectrumReport? {
    let path = output + "/" + SpectrumRun.resultFile
    guard FileBytes.exists(path) else { return nil }
    return try ResultFile.decode(SpectrumReport.self, Data(FileBytes(contentsOf: path).bytes), file: path)
  }

  /// The network of a stored run.
  static func network(of output: String, _ settings: RunSettings) throws -> Network {
    let network = try settings.objective.network()
    guard settings.storesParameters else { return network }
    let archive = try NumpyArchive(contentsOf: output + "/state/" + parametersFile)
    var values: [StoredValues] = []
    for parameter in network.parameters { values.append(.double(try archive.array(named: parameter.name).doubles())) }
    return try network.withParameters(values)
  }

  /// Begins a run: its settings replace those of an earlier one, whose states are removed.
  func begin(_ settings: RunSettings, _ network: Network) throws {
    try? FileManager.default.removeItem(atPath: directory.path(RunSettings.file))
    clear()
    if settings.storesParameters {
      let writer = try NumpyArchiveWriter(directory.path(Self.parametersFile))
      for parameter in network.parameters {
        try writer.add(parameter.name, shape: parameter.shape, parameter.values.values(as: Double.self))
      }
      try writer.finish()
    }
    try settings.write(to: output)
  }

  /// Removes the states of all stages: the run is complete, or begins anew.
  func clear() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    for name in names where name.hasSuffix(".npz") && name != Self.parametersFile {
      try? FileManager.default.removeItem(atPath: directory.path(name))
    }
  }

  /// Where a stage's state is, of an operator or of one of its blocks by number.
  private func name(_ kind: OperatorKind, _ block: Int?, _ stage: SpectrumStage) -> String {
    "\(kind.rawValue)\(block.map { "-block\($0)" } ?? "")-\(stage.rawValue).npz"
  }

  func restore<Scalar: Real>(_ kind: OperatorKind, _ block: Int?, _ stage: SpectrumStage, as type: Scalar.Type) throws
    -> KrylovSnapshot<Scalar>?
  {
    let path = directory.path(name(kind, block, stage))
    guard FileBytes.exists(path) else { return nil }
    return try SnapshotArchive.read(path)
  }

  func store<Scalar: Real>(
    _ snapshot: KrylovSnapshot<Scalar>, _ kind: OperatorKind, _ block: Int?, _ stage: SpectrumStage
  ) throws {
    try SnapshotArchive.write(snapshot, to: directory.path(name(kind, block, stage)))
  }

  /// Wall-clock seconds of all sessions so far, up to the latest state.
  func seconds() throws -> Double {
    let path = directory.path(Self.secondsFile)
    guard FileBytes.exists(path) else { return 0 }
    let values = try NumpyArchive(contentsOf: path).array(named: "seconds").doubles()
    guard values.count == 1, values[0].isFinite, values[0] >= 0 else {
      throw InputError(file: path, "does not hold the time of a run", remedy: "start the run anew")
    }
    return values[0]
  }

  func store(seconds: Double) throws {
    let writer = try NumpyArchiveWriter(directory.path(Self.secondsFile))
    try writer.add("seconds", [seconds])
    try writer.finish()
  }
}

/// A checksum of parameters, data and preconditioners.
func fingerprint<Scalar: Real>(
  _ objective: Objective<Scalar>, _ dataset: Dataset, _ settings: [OperatorSetting<Scalar>]
) -> UInt32 {
  var checksum: UInt32 = 0
  for parameter in objective.network.parameters {
    let values = parameter.values.values(as: Double.self)
    checksum = values.withUnsafeBytes { Inflate.checksum($0, from: checksum) }
  }
  var row = [Double](
    repeating: 0, count: max(dataset.sampleSize, dataset.targetsPerSample * max(1, dataset.targetWidth)))
  for sample in 0..<dataset.count {
    row.withUnsafeMutableBufferPointer { row in
      guard let base = row.baseAddress else { return }
      dataset.copyInputs(sample..<sample + 1, into: base)
      checksum = Inflate.checksum(
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(row)[..<(dataset.sampleSize * 8)]), from: checksum)
      dataset.copyTargets(sample..<sample + 1, into: base)
      let width = dataset.targetsPerSample * dataset.targetWidth * 8
      checksum = Inflate.checksum(
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(row)[..<width]), from: checksum)
    }
  }
  for diagonal in settings.compactMap(\.preconditioner) {
    checksum = diagonal.elements.withUnsafeBytes { Inflate.checksum($0, from: checksum) }
  }
  return checksum
}
