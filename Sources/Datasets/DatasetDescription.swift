/// Where the samples of a result came from and what was done to them.
public struct DatasetDescription: Codable, Sendable, Hashable {
  /// The path, or the name of an embedded dataset.
  public var source: String
  /// `npz`, `npy`, `idx`, `cifar` or `embedded`; `memory` for arrays handed over by a program.
  public var format: String
  /// The split taken, where the source has any.
  public var split: String?
  public var samples: Int
  /// Samples there were to choose from.
  public var samplesAvailable: Int
  /// `all`, `first`, or `random` with its seed.
  public var selection: String
  public var seed: UInt64?
  /// The shape of one sample.
  public var sampleShape: [Int]
  /// NumPy's name of the type the inputs are kept in.
  public var inputType: String
  /// `labels`, `values` or `none`.
  public var targetKind: String
  /// Target rows of one sample: more than one for token models.
  public var targetsPerSample: Int
  /// Values in one target row.
  public var targetWidth: Int
  /// One more than the largest label.
  public var classes: Int?
  /// `none`, `unit`, `mean-std` or `explicit`.
  public var standardisation: String
  /// The numbers of the standardisation: inputs are (value / unit − mean) / deviation.
  public var scaling: Scaling
  /// What was done to the inputs after that, a step an element; nil for nothing.
  public var preparation: [String]?
  /// Who made the data, where the licence asks to say so.
  public var attribution: String?

  /// One line for people.
  public var summary: String {
    let part = split.map { ", \($0) split" } ?? ""
    let chosen =
      switch selection {
      case "all": "all \(samples) samples"
      case "random": "\(samples) of \(samplesAvailable) samples at random (seed \(seed ?? 0))"
      default: "the first \(samples) of \(samplesAvailable) samples"
      }
    let shape = sampleShape.isEmpty ? "1" : sampleShape.map(String.init).joined(separator: "×")
    let target =
      switch targetKind {
      case "labels": targetsPerSample > 1 ? "\(targetsPerSample) labels each" : "labels of \(classes ?? 0) classes"
      case "values": "\(targetWidth) real targets"
      default: "no targets"
      }
    let number = { (value: Double) in value == value.rounded() && abs(value) < 1e6 ? String(Int(value)) : String(value)
    }
    let scaled =
      scaling.isIdentity
      ? "inputs as they are"
      : "inputs (x/\(number(scaling.unit)) − \(number(scaling.mean)))/\(number(scaling.deviation))"
    let steps = (preparation ?? []).map { ", " + $0 }.joined()
    return "\(source) (\(format)\(part)): \(chosen) of shape \(shape), \(target), \(scaled)\(steps)"
  }
}
