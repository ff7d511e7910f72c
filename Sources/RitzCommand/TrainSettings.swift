import Foundation
import Ritz

/// Everything that defines a run of `ritz train`, stored with it so that `--resume DIR` needs nothing else.
struct TrainSettings: StoredSettings, Equatable {
  var objective: ObjectiveSettings
  var training: TrainingSettings
  var precision: Precision
  var microbatch: Int?
  var labelNoise: Double
  var labelSeed: UInt64?
  /// Whether labels are taken as unit vectors.
  var isOneHot: Bool
  /// The split that is evaluated after every so many epochs.
  var validation: String?
  var validationEpochs: Int
  /// Steps between two checkpoints.
  var checkpointSteps: Int
  /// Steps between two stored states; by time where nil.
  var storeSteps: Int?
  /// What is observed; `nil` for nothing.
  var observation: Observation?
  /// The command as typed, for the report.
  var command: [String]
  /// Identifies θ and the data, so that a run is not resumed with others.
  var fingerprint: UInt32

  struct Observation: Codable, Equatable {
    var settings: TrajectorySettings
    var schedule: ObservationSchedule
    /// Observations' part of the training's work, at most.
    var budget: Double?
    /// The first samples that are measured on; all where 0.
    var samples: Int
    var modes: [BatchNormalizationMode]
    var conventions: [RunDescription.Convention]
  }

  static let (file, writer) = ("train.json", "ritz train")

  /// The network that is trained: where it has batch normalisation, with the statistics of batches unless they are to
  /// be constants.
  func network() throws -> Network {
    let network = try Network(model: objective.model, seed: objective.seed)
    guard network.batchNormalization != nil || objective.batchNorm != nil else { return network }
    let mode = objective.batchNorm.flatMap(BatchNormalizationMode.init) ?? .batch
    guard mode == .batch || mode == .running else {
      throw InputError(
        place: "--batch-norm \(mode.rawValue)", "a step of training sees its batch only",
        remedy: "use batch, or running for statistics that are constants; --observe-batch-norm takes every mode")
    }
    return try network.withBatchNormalization(mode)
  }

  func dataset() throws -> Dataset {
    var dataset = try objective.dataset()
    if labelNoise != 0 { dataset = try dataset.withLabelNoise(fraction: labelNoise, seed: labelSeed ?? objective.seed) }
    return isOneHot ? try dataset.withOneHotTargets() : dataset
  }

  /// The other split; `nil` where none is evaluated.
  func validationSet() throws -> Dataset? {
    guard let validation else { return nil }
    var other = objective
    (other.split, other.samples) = (validation, nil)
    let dataset = try other.dataset(scaledLike: self.objective.dataset())
    return isOneHot ? try dataset.withOneHotTargets() : dataset
  }
}

/// A checksum of parameters, literals such as the averages of batch normalisation, and data.
func fingerprint(_ network: Network, _ dataset: Dataset) -> UInt32 {
  var checksum: UInt32 = 0
  for parameter in network.parameters {
    checksum = parameter.values.values(as: Double.self).withUnsafeBytes { Inflate.checksum($0, from: checksum) }
  }
  for literal in network.literals {
    checksum = literal.values.values(as: Double.self).withUnsafeBytes { Inflate.checksum($0, from: checksum) }
  }
  return dataset.checksum(from: checksum)
}

extension Dataset {
  /// Of inputs and targets, in single precision.
  func checksum(from start: UInt32 = 0) -> UInt32 {
    var checksum = start
    let width = max(sampleSize, targetsPerSample * max(1, targetWidth))
    var rows = [Float](repeating: 0, count: 64 * width)
    for start in stride(from: 0, to: count, by: 64) {
      let range = start..<min(count, start + 64)
      rows.withUnsafeMutableBufferPointer { rows in
        guard let base = rows.baseAddress else { return }
        func add(_ count: Int) {
          checksum = Inflate.checksum(UnsafeRawBufferPointer(start: base, count: count * 4), from: checksum)
        }
        copyInputs(range, into: base)
        add(range.count * sampleSize)
        copyTargets(range, into: base)
        add(range.count * targetsPerSample * targetWidth)
      }
    }
    return checksum
  }
}
