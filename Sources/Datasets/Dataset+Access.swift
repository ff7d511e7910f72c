import Tensors

/// Copying ranges of samples into buffers of the precision the computation runs in.
extension Dataset {
  /// Copies the standardised inputs of samples `rows`, one sample after the other.
  ///
  /// Each value is standardised in double precision and rounded once.
  ///
  /// - Parameter target: room for `rows.count * sampleSize` numbers.
  public func copyInputs<Scalar: Real>(_ rows: Range<Int>, into target: UnsafeMutablePointer<Scalar>) {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= count, "the samples asked for do not exist")
    // Concrete calls, which the compiler specialises.
    if let target = target as? UnsafeMutablePointer<Float> {
      copy(rows, into: target)
    } else if let target = target as? UnsafeMutablePointer<Double> {
      copy(rows, into: target)
    } else {
      copy(rows, into: target)
    }
  }

  /// The standardised inputs of samples `rows`, of all samples unless told.
  public func inputs<Scalar: Real>(_ rows: Range<Int>? = nil, as type: Scalar.Type = Scalar.self) -> [Scalar] {
    let rows = rows ?? 0..<count
    return [Scalar](unsafeUninitializedCapacity: rows.count * sampleSize) { buffer, initialized in
      if let base = buffer.baseAddress { copyInputs(rows, into: base) }
      initialized = rows.count * sampleSize
    }
  }

  /// Copies the inputs of samples `rows` as integers, for networks that look tokens up.
  ///
  /// - Parameter target: room for `rows.count * sampleSize` integers.
  /// - Throws: `InputError` where the inputs are not integers.
  public func copyTokens(_ rows: Range<Int>, into target: UnsafeMutablePointer<Int32>) throws {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= count, "the samples asked for do not exist")
    let range = rows.lowerBound * sampleSize..<rows.upperBound * sampleSize
    switch inputs {
    case .integers(let values):
      for (offset, value) in values[range].enumerated() { target[offset] = value }
    case .bytes(let values):
      for (offset, value) in values[range].enumerated() { target[offset] = Int32(value) }
    case .floats, .doubles:
      throw InputError(
        file: description.source, place: "x", "holds \(inputs.typeName), but the network takes integer tokens",
        remedy: "give token numbers as integers")
    }
  }

  /// Copies the labels that belong to samples `rows`, `targetsPerSample` for each.
  ///
  /// - Throws: `InputError` where the targets are not labels.
  public func copyLabels(_ rows: Range<Int>, into target: UnsafeMutablePointer<Int32>) throws {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= count, "the samples asked for do not exist")
    guard case .labels(let labels) = targets else {
      throw InputError(
        file: description.source, place: "y", "holds no class labels", remedy: "give integer labels, or another loss")
    }
    let range = rows.lowerBound * targetsPerSample..<rows.upperBound * targetsPerSample
    for (offset, label) in labels[range].enumerated() { target[offset] = label }
  }

  /// The number of values in a row of the targets: their width, 1 for labels, 0 without targets.
  public var targetWidth: Int {
    switch targets {
    case .none: 0
    case .labels: 1
    case .values(_, let width): width
    }
  }

  /// Copies the targets that belong to samples `rows` as numbers; labels become their values.
  ///
  /// - Parameter target: room for `rows.count * targetsPerSample * targetWidth` numbers.
  public func copyTargets<Scalar: Real>(_ rows: Range<Int>, into target: UnsafeMutablePointer<Scalar>) {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= count, "the samples asked for do not exist")
    let stride = targetsPerSample * targetWidth
    let range = rows.lowerBound * stride..<rows.upperBound * stride
    switch targets {
    case .none: break
    case .labels(let labels): for (offset, value) in labels[range].enumerated() { target[offset] = Scalar(value) }
    case .values(let values, _): for (offset, value) in values[range].enumerated() { target[offset] = Scalar(value) }
    }
  }

  private func copy<Scalar: Real>(_ rows: Range<Int>, into target: UnsafeMutablePointer<Scalar>) {
    let range = rows.lowerBound * sampleSize..<rows.upperBound * sampleSize
    let scaling = scaling
    switch inputs {
    case .bytes(let values):
      let table = (0..<256).map { Scalar(scaling(Double($0))) }
      values.withUnsafeBufferPointer { source in
        table.withUnsafeBufferPointer { table in
          for (offset, index) in range.enumerated() { target[offset] = table[Int(source[index])] }
        }
      }
    case .integers(let values): convert(values[range], scaling, into: target)
    case .floats(let values): convert(values[range], scaling, into: target)
    case .doubles(let values): convert(values[range], scaling, into: target)
    }
  }
}

private func convert<Scalar: Real>(
  _ values: ArraySlice<Int32>, _ scaling: Scaling, into target: UnsafeMutablePointer<Scalar>
) {
  for (offset, value) in values.enumerated() { target[offset] = Scalar(scaling(Double(value))) }
}

private func convert<Source: Real, Scalar: Real>(
  _ values: ArraySlice<Source>, _ scaling: Scaling, into target: UnsafeMutablePointer<Scalar>
) {
  if scaling.isIdentity {
    for (offset, value) in values.enumerated() { target[offset] = Scalar(value) }
  } else {
    for (offset, value) in values.enumerated() { target[offset] = Scalar(scaling(Double(value))) }
  }
}
