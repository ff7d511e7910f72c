import Tensors

extension Dataset {
  /// The same samples with some labels replaced by one of the other classes, each with equal probability.
  ///
  /// Whether and how a label changes is a function of the seed and its position alone. Labels of rows that do not count stay.
  ///
  /// - Parameter fraction: the probability with which a label is replaced.
  /// - Throws: `InputError` where there are no labels of two classes or more.
  public func withLabelNoise(fraction: Double, seed: UInt64, ignoreIndex: Int = -100) throws(InputError) -> Dataset {
    guard fraction >= 0, fraction <= 1 else {
      throw InputError(place: "label noise", "\(fraction) is no fraction from 0 to 1")
    }
    guard case .labels(let labels) = targets, let classes = classCount, classes > 1 else {
      throw InputError(
        file: description.source, place: "y", "holds no labels of two classes or more to put noise on",
        remedy: "leave label noise out")
    }
    let noisy = labels.enumerated().map { row, label in
      guard Int(label) != ignoreIndex else { return label }
      var stream = RandomStream(seed: seed, purpose: "label noise", index: row)
      guard RandomStream.unitInterval(stream.next()) < fraction else { return label }
      return (label + 1 + Int32.random(in: 0..<Int32(classes - 1), using: &stream)) % Int32(classes)
    }
    var description = description
    description.preparation = (description.preparation ?? []) + ["label noise \(fraction) (seed \(seed))"]
    return Dataset(
      inputs: inputs, sampleShape: sampleShape, targets: .labels(noisy), count: count,
      targetsPerSample: targetsPerSample, scaling: scaling, description: description)
  }
}
