import Tensors

extension Dataset {
  /// The same samples with one real target a sample, for binary cross-entropy: 1 where the label is in the upper half
  /// of the classes, c/2 and above, and 0 where it is below. Of ten digits, 0 to 4 are 0 and 5 to 9 are 1.
  ///
  /// - Throws: `InputError` where there are no labels of two classes or more.
  public func withBinaryTargets() throws -> Dataset {
    guard case .labels(let labels) = targets, let classes = classCount, classes > 1 else {
      throw InputError(
        file: description.source, place: "y", "holds no labels of two classes or more to make two of",
        remedy: "leave --binary out")
    }
    try validateLabels(classes: classes, ignoreIndex: 0)
    let middle = Int32((classes + 1) / 2)
    var description = description
    (description.targetKind, description.targetWidth) = ("values", 1)
    description.preparation =
      (description.preparation ?? []) + ["labels 0 to \(middle - 1) as 0, \(middle) to \(classes - 1) as 1"]
    return Dataset(
      inputs: inputs, sampleShape: sampleShape, targets: .values(labels.map { $0 < middle ? 0 : 1 }, width: 1),
      count: count, targetsPerSample: targetsPerSample, scaling: scaling, description: description)
  }

  /// The same samples with targets that know nothing of them: labels uniform over the classes, or each of the targets 0
  /// and 1 with probability ½. What is drawn is a function of the seed and the sample's position.
  ///
  /// - Throws: `InputError` where there are neither labels nor targets of 0 and 1.
  public func withRandomTargets(seed: UInt64) throws -> Dataset {
    func stream(_ row: Int) -> RandomStream { RandomStream(seed: seed, purpose: "random labels", index: row) }
    let drawn: Targets
    switch targets {
    case .labels(let labels) where (classCount ?? 0) > 1:
      let classes = classCount ?? 2
      drawn = .labels(
        labels.indices.map { row in
          var stream = stream(row)
          return Int32.random(in: 0..<Int32(classes), using: &stream)
        })
    case .values(let values, width: 1) where values.allSatisfy({ $0 == 0 || $0 == 1 }):
      drawn = .values(
        values.indices.map { row in
          var stream = stream(row)
          return Double(stream.next() >> 63)
        }, width: 1)
    default:
      throw InputError(
        file: description.source, place: "y", "holds neither labels nor targets of 0 and 1 to draw at random",
        remedy: "leave --random-labels out")
    }
    var description = description
    description.preparation = (description.preparation ?? []) + ["labels at random (seed \(seed))"]
    return Dataset(
      inputs: inputs, sampleShape: sampleShape, targets: drawn, count: count, targetsPerSample: targetsPerSample,
      scaling: scaling, description: description)
  }
}
