import Analyses
import Archives
import Datasets
import Tensors

/// Where the data of studies are: names such as `mnist` with the paths that the user gave for them.
public struct DataSources: Sendable {
  private let paths: [String: String]

  public init(_ paths: [String: String] = [:]) { self.paths = paths }

  /// The path of a name: what was given for it, the embedded digits, or the name itself where a file or directory of
  /// that name is there.
  ///
  /// - Throws: ``InputError`` that says how to give it.
  func path(of source: String, study: String) throws -> String {
    if let path = paths[source] { return path }
    if source == "digits" || FileBytes.exists(source) || FileBytes.isDirectory(source) { return source }
    throw InputError(
      place: "study \(study)", "needs the data '\(source)', and nothing of that name is there",
      remedy: "give its directory with --data \(source)=DIR")
  }
}

/// A prepared data set with what closed forms need of it, shared by the cells that use it.
struct StudyData: Sendable {
  let dataset: Dataset
  /// Tells data sets apart: their shape, and checksums of their inputs and targets.
  let fingerprint: String
  /// The second moment of the inputs.
  let moment: InputMoment

  /// - Parameter settings: those of a cell; the sections other than `data` are not read.
  init(_ settings: CellSettings, sources: DataSources, study: String) throws {
    let path = try sources.path(of: settings.text("source"), study: study)
    let samples = settings.integer("samples")
    var preparation: [Preparation] = []
    if settings.flag("grey") { preparation.append(.grey) }
    let side = settings.integer("side")
    if side > 0 { preparation.append(.average(rows: side, columns: side)) }
    if let kind = Whitening.Kind(rawValue: settings.text("whiten")) { preparation.append(.whiten(Whitening(kind))) }
    let split = settings.text("split")
    var data = try Dataset.load(
      path,
      options: DatasetOptions(
        split: split.isEmpty ? nil : DatasetOptions.Split(rawValue: split), samples: samples > 0 ? samples : nil,
        standardisation: DatasetOptions.Standardisation(argument: settings.text("standardise")),
        preparation: preparation))
    if case .labels = data.targets { data = try data.oneHot() }
    guard case .values(_, let width) = data.targets, width > 0, data.targetsPerSample == 1 else {
      throw InputError(file: path, place: "y", "holds no target for each sample", remedy: "give labels or real targets")
    }
    self.init(data, moment: try InputMoment(inputs: data.inputMatrix))
  }

  private init(_ dataset: Dataset, moment: InputMoment) {
    self.dataset = dataset
    self.moment = moment
    fingerprint = dataset.fingerprint
  }

  /// k, the width of the targets.
  var outputs: Int { dataset.targetWidth }
}

extension Dataset {
  /// The inputs, one sample a row.
  var inputMatrix: DenseMatrix { DenseMatrix(rows: count, columns: sampleSize, elements: inputs()) }

  /// The shape and checksums of inputs and targets as the network sees them.
  var fingerprint: String {
    let x: [Double] = inputs()
    var y = [Double](repeating: 0, count: targetCount * targetWidth)
    y.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { copyTargets(0..<count, into: base) }
    }
    let shape = ([count] + sampleShape).map(String.init).joined(separator: "x")
    return "\(shape) to \(targetWidth), \(TextHash.of(x)) \(TextHash.of(y))"
  }
}
