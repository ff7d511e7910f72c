import Archives
import Tensors

/// What was read, before samples are chosen and standardised.
struct DatasetSource {
  var path: String
  var format: String
  var x: NumpyArray
  var y: NumpyArray?
  var split: DatasetOptions.Split?
  /// The rows of the split; all where nil.
  var rows: Range<Int>?
  /// What the values are multiples of by the format's convention, divided out unless told otherwise.
  var unit: Double?
  var attribution: String?
}

extension Dataset {
  init(_ source: DatasetSource, options: DatasetOptions) throws {
    if options.split != nil && source.split == nil {
      throw InputError(
        file: source.path, "has no splits", remedy: "give the file of the split, without naming a split")
    }
    let x = source.x
    guard let rows = x.shape.first, rows > 0, x.count > 0 else {
      throw InputError(
        file: source.path, place: "x", "is empty: its shape is \(x.shape)",
        remedy: "give [samples, ...] with at least one")
    }
    let sampleShape = Array(x.shape.dropFirst())
    let sampleSize = x.count / rows
    try source.requireFinite(x, "x")

    var targets = Targets.none
    var targetRows = 0
    if let y = source.y {
      (targets, targetRows) = try source.targets(y)
      guard targetRows > 0, targetRows % rows == 0 else {
        throw InputError(
          file: source.path, place: "y", "has \(targetRows) rows (shape \(y.shape)), but x has \(rows)",
          remedy: "give one target, or a whole number of targets, for each sample")
      }
    }
    let targetsPerSample = targetRows / rows

    let available = source.rows ?? 0..<rows
    let inputs = try source.inputs()
    let scaling = try source.scaling(options.standardisation, inputs, elements: available, sampleSize)
    let chosen = try source.selection(options, of: available)
    let width = if case .values(_, let width) = targets { width } else { targets.isPresent ? 1 : 0 }
    let isEverything = chosen.count == rows
    let chosenInputs = isEverything ? inputs : inputs.rows(chosen, stride: sampleSize)
    let chosenTargets = isEverything ? targets : targets.rows(chosen, stride: targetsPerSample)

    var description = DatasetDescription(
      source: source.path, format: source.format, split: source.split?.rawValue, samples: chosen.count,
      samplesAvailable: available.count, selection: "all", seed: nil, sampleShape: sampleShape,
      inputType: inputs.typeName, targetKind: targets.kind, targetsPerSample: targetsPerSample, targetWidth: width,
      classes: nil, standardisation: source.resolved(options.standardisation).name, scaling: scaling,
      attribution: source.attribution)
    if chosen.count < available.count {
      switch options.selection {
      case .first: description.selection = "first"
      case .random(let seed):
        description.selection = "random"
        description.seed = seed
      }
    }
    self.init(
      inputs: chosenInputs, sampleShape: sampleShape, targets: chosenTargets, count: chosen.count,
      targetsPerSample: targetsPerSample, scaling: scaling, description: description)
    // Of all samples, chosen or not: a subset may miss the last class.
    self.description.classes = targets.classCount
    for step in options.preparation { self = try prepared(step) }
  }
}

extension DatasetSource {
  /// The inputs in the type they are kept in.
  func inputs() throws -> Dataset.Inputs {
    switch x.elements {
    case .uint8(let values): .bytes(values)
    case .bool(let values): .bytes(values.map { $0 ? 1 : 0 })
    case .float32(let values): .floats(values)
    case .float16: .floats(try x.floats())
    case .float64(let values): .doubles(values)
    default: .integers(try narrow(x, "x"))
    }
  }

  /// The targets and their number of rows.
  func targets(_ y: NumpyArray) throws -> (Dataset.Targets, rows: Int) {
    guard y.rank > 0, y.count > 0 else {
      throw InputError(
        file: path, place: "y", "is empty: its shape is \(y.shape)", remedy: "give a target for each sample")
    }
    guard y.elementType.isFloatingPoint else { return (.labels(try narrow(y, "y")), y.count) }
    try requireFinite(y, "y")
    let rows = y.shape[0]
    return (.values(try y.doubles(), width: y.count / rows), rows)
  }

  /// Integers in 32 bits, or an error naming the first that does not fit.
  private func narrow(_ array: NumpyArray, _ name: String) throws -> [Int32] {
    if case .int32(let values) = array.elements { return values }
    var values: [Int32] = []
    values.reserveCapacity(array.count)
    let integers: [Int]
    do {
      integers = try array.integers()
    } catch let error as InputError {
      throw InputError(file: path, place: name, error.problem, remedy: "give smaller numbers")
    }
    for (offset, value) in integers.enumerated() {
      guard let value = Int32(exactly: value) else {
        throw InputError(
          file: path, place: name + array.place(ofElement: offset), "is \(value), which does not fit into 32 bits",
          remedy: "give floating-point numbers where these are not tokens or labels")
      }
      values.append(value)
    }
    return values
  }

  func requireFinite(_ array: NumpyArray, _ name: String) throws {
    let offset: Int? =
      switch array.elements {
      case .float16(let values): values.firstIndex { $0 & 0x7c00 == 0x7c00 }
      case .float32(let values): values.firstIndex { !$0.isFinite }
      case .float64(let values): values.firstIndex { !$0.isFinite }
      default: nil
      }
    guard let offset else { return }
    let isNaN =
      switch array.elements {
      case .float16(let values): values[offset] & 0x3ff != 0
      case .float32(let values): values[offset].isNaN
      case .float64(let values): values[offset].isNaN
      default: false
      }
    throw InputError(
      file: path, place: name + array.place(ofElement: offset), isNaN ? "is NaN" : "is infinite",
      remedy: "remove or repair that sample")
  }

  /// What `automatic` stands for with this source.
  func resolved(_ standardisation: DatasetOptions.Standardisation) -> DatasetOptions.Standardisation {
    standardisation == .automatic ? (unit == nil ? .none : .unit) : standardisation
  }

  /// The numbers of the standardisation; measured over all samples of the split, whichever of them are taken.
  func scaling(
    _ standardisation: DatasetOptions.Standardisation, _ inputs: Dataset.Inputs, elements rows: Range<Int>,
    _ sampleSize: Int
  ) throws -> Scaling {
    let unit = unit ?? (x.elementType == .uint8 ? 255 : nil)
    switch resolved(standardisation) {
    case .automatic, .none: return Scaling()
    case .unit:
      guard let unit else {
        throw InputError(
          file: path, place: "x", "holds \(inputs.typeName), which has no unit to divide by",
          remedy: "standardise with mean-std, with MEAN,STD or not at all")
      }
      return Scaling(unit: unit)
    case .explicit(let mean, let deviation): return Scaling(unit: unit ?? 1, mean: mean, deviation: deviation)
    case .meanDeviation:
      let (mean, deviation) = inputs.moments(rows.lowerBound * sampleSize..<rows.upperBound * sampleSize)
      guard deviation > 0, deviation.isFinite else {
        throw InputError(
          file: path, place: "x", "cannot be standardised: its values have standard deviation \(deviation)",
          remedy: "give MEAN,STD, or do not standardise")
      }
      let scale = unit ?? 1
      return Scaling(unit: scale, mean: mean / scale, deviation: deviation / scale)
    }
  }

  /// The rows to take, ascending.
  func selection(_ options: DatasetOptions, of available: Range<Int>) throws -> [Int] {
    guard let samples = options.samples else { return Array(available) }
    guard samples > 0, samples <= available.count else {
      throw InputError(
        file: path,
        "has \(available.count) samples\(split.map { " in its \($0.rawValue) split" } ?? ""), not \(samples)",
        remedy: "ask for 1 to \(available.count) samples")
    }
    var rows = Array(available)
    if case .random(let seed) = options.selection {
      // The beginning of a Fisher–Yates shuffle is a uniform draw without replacement.
      var stream = RandomStream(seed: seed, purpose: "subset of a dataset")
      for place in 0..<samples {
        // Not Int.random, whose mapping may change with the standard library.
        let offset = stream.next().multipliedFullWidth(by: UInt64(rows.count - place)).high
        rows.swapAt(place, place + Int(offset))
      }
    }
    return rows.prefix(samples).sorted()
  }
}

extension Dataset.Inputs {
  func rows(_ rows: [Int], stride: Int) -> Dataset.Inputs {
    switch self {
    case .bytes(let values): .bytes(gathered(values, rows, stride))
    case .integers(let values): .integers(gathered(values, rows, stride))
    case .floats(let values): .floats(gathered(values, rows, stride))
    case .doubles(let values): .doubles(gathered(values, rows, stride))
    }
  }

  /// Mean and population standard deviation of a range of values, in two passes.
  func moments(_ range: Range<Int>) -> (mean: Double, deviation: Double) {
    func moments<Value>(_ values: ArraySlice<Value>, _ convert: (Value) -> Double) -> (Double, Double) {
      let count = Double(values.count)
      let mean = values.reduce(0) { $0 + convert($1) } / count
      let square = values.reduce(0) { $0 + (convert($1) - mean) * (convert($1) - mean) }
      return (mean, (square / count).squareRoot())
    }
    return switch self {
    case .bytes(let values): moments(values[range]) { Double($0) }
    case .integers(let values): moments(values[range]) { Double($0) }
    case .floats(let values): moments(values[range]) { Double($0) }
    case .doubles(let values): moments(values[range]) { $0 }
    }
  }
}

extension Dataset.Targets {
  var isPresent: Bool { if case .none = self { false } else { true } }

  var classCount: Int? {
    guard case .labels(let labels) = self else { return nil }
    return labels.max().flatMap { $0 < 0 ? nil : Int($0) + 1 }
  }

  var kind: String {
    switch self {
    case .none: "none"
    case .labels: "labels"
    case .values: "values"
    }
  }

  func rows(_ rows: [Int], stride: Int) -> Dataset.Targets {
    switch self {
    case .none: .none
    case .labels(let labels): .labels(gathered(labels, rows, stride))
    case .values(let values, let width): .values(gathered(values, rows, stride * width), width: width)
    }
  }
}

private func gathered<Value>(_ values: [Value], _ rows: [Int], _ stride: Int) -> [Value] {
  var result: [Value] = []
  result.reserveCapacity(rows.count * stride)
  for row in rows { result.append(contentsOf: values[row * stride..<(row + 1) * stride]) }
  return result
}
