import Archives
import Tensors

/// Samples and their targets, in memory.
///
///     let data = try Dataset.load("mnist/", options: .init(samples: 1024))
///     data.copyInputs(0..<256, into: buffer)      // standardised, in the precision of the buffer
///
/// Inputs stay in the type they came in (bytes for images, 32-bit integers for tokens) and are standardised while they
/// are copied: 60,000 images of 28×28 take 47 MB whatever the precision of the computation.
///
/// A sample is one row of the inputs. Token models have several targets a sample, one for each position, in the order
/// of the inputs.
public struct Dataset: Sendable {
  /// The inputs in C order, `count` × `sampleShape`.
  public enum Inputs: Sendable {
    case bytes([UInt8])
    case integers([Int32])
    case floats([Float])
    case doubles([Double])

    /// Whether the values are integers that may stand for tokens.
    public var isIntegral: Bool {
      switch self {
      case .bytes, .integers: true
      case .floats, .doubles: false
      }
    }

    /// NumPy's name of the element type.
    public var typeName: String {
      switch self {
      case .bytes: "uint8"
      case .integers: "int32"
      case .floats: "float32"
      case .doubles: "float64"
      }
    }

    var count: Int {
      switch self {
      case .bytes(let values): values.count
      case .integers(let values): values.count
      case .floats(let values): values.count
      case .doubles(let values): values.count
      }
    }
  }

  /// The targets in C order, `targetsPerSample` rows for each sample.
  public enum Targets: Sendable {
    case none
    /// Class labels, one a row.
    case labels([Int32])
    /// Real targets, `width` numbers a row.
    case values([Double], width: Int)
  }

  public let inputs: Inputs
  /// The shape of one sample, without the sample axis.
  public private(set) var sampleShape: [Int]
  public let targets: Targets
  /// The number of samples.
  public let count: Int
  /// Rows of the targets for each sample: 1 except for token models, 0 without targets.
  public let targetsPerSample: Int
  /// How an input is turned into the number the network sees.
  public let scaling: Scaling
  /// Where the samples came from and what was done to them, for printing with every result.
  public internal(set) var description: DatasetDescription

  init(
    inputs: Inputs, sampleShape: [Int], targets: Targets, count: Int, targetsPerSample: Int, scaling: Scaling,
    description: DatasetDescription
  ) {
    self.inputs = inputs
    self.sampleShape = sampleShape
    self.targets = targets
    self.count = count
    self.targetsPerSample = targetsPerSample
    self.scaling = scaling
    self.description = description
  }

  /// The number of input values of one sample.
  public var sampleSize: Int { sampleShape.reduce(1, *) }

  /// The number of target rows of all samples.
  public var targetCount: Int { count * targetsPerSample }

  /// One more than the largest label of the source, whichever samples were taken; nil without labels.
  public var classCount: Int? { description.classes }

  /// The same samples under another shape, such as [784] for [28, 28].
  ///
  /// - Throws: `InputError` where the number of values differs.
  public func reshaped(toSample shape: [Int]) throws -> Dataset {
    var product: Int? = 1
    for length in shape {
      guard length >= 0, let (value, overflow) = product?.multipliedReportingOverflow(by: length) else { break }
      product = overflow ? nil : value
    }
    guard product == sampleSize, shape.allSatisfy({ $0 > 0 }) else {
      throw InputError(
        file: description.source, place: "x",
        "has samples of shape \(sampleShape), which do not fit an input of shape \(shape)",
        remedy: "give data made for this network")
    }
    var dataset = self
    dataset.sampleShape = shape
    dataset.description.sampleShape = shape
    return dataset
  }

  /// The same samples in another order, a permutation of 0 ..< count.
  public func reordered(_ order: [Int]) -> Dataset {
    precondition(order.count == count, "a permutation of the samples has one number for each")
    return Dataset(
      inputs: inputs.rows(order, stride: sampleSize), sampleShape: sampleShape,
      targets: targets.rows(order, stride: targetsPerSample), count: count, targetsPerSample: targetsPerSample,
      scaling: scaling, description: description)
  }

  /// Makes sure that the targets are labels of `classes` classes, or the label that marks positions without weight.
  ///
  /// - Throws: `InputError` naming the first label out of range.
  public func validateLabels(classes: Int, ignoreIndex: Int = -100) throws {
    guard case .labels(let labels) = targets else {
      throw InputError(
        file: description.source, place: "y", "holds no class labels", remedy: "give integer labels, or another loss")
    }
    for (row, label) in labels.enumerated() where (label < 0 || Int(label) >= classes) && Int(label) != ignoreIndex {
      throw InputError(
        file: description.source, place: "y[\(row)]",
        "is label \(label), but the network has \(classes) outputs (labels 0 to \(classes - 1))",
        remedy: "give data made for this network, or mark positions to leave out with \(ignoreIndex)")
    }
  }

  /// Makes sure that real targets lie in a range.
  ///
  /// - Throws: `InputError` naming the first row with a target outside.
  public func requireTargets(in range: ClosedRange<Double>, as meaning: String) throws {
    guard case .values(let values, let width) = targets else { return }
    guard let index = values.firstIndex(where: { !range.contains($0) }) else { return }
    throw InputError(
      file: description.source, place: "y[\(index / max(1, width))]", "holds \(values[index]), expected \(meaning)",
      remedy: "use --loss squared-error for other real targets")
  }
}

extension Dataset {
  /// The samples at some positions, in that order; a position may come again.
  public func selecting(_ rows: [Int]) -> Dataset {
    precondition(rows.allSatisfy { $0 >= 0 && $0 < count }, "the samples asked for do not exist")
    return Dataset(
      inputs: inputs.rows(rows, stride: sampleSize), sampleShape: sampleShape,
      targets: targets.rows(rows, stride: targetsPerSample), count: rows.count, targetsPerSample: targetsPerSample,
      scaling: scaling, description: description)
  }
}
