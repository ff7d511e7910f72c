import Tensors

extension Dataset {
  /// The same samples with each label y replaced by the y-th unit vector: what squared error compares outputs with.
  ///
  /// - Throws: `InputError` where there are no labels, or one is none of 0 to classes − 1.
  public func withOneHotTargets() throws -> Dataset {
    guard case .labels(let labels) = targets, let classes = classCount else {
      throw InputError(
        file: description.source, place: "y", "holds no class labels to make unit vectors of",
        remedy: "leave --one-hot out")
    }
    try validateLabels(classes: classes, ignoreIndex: 0)
    var values = [Double](repeating: 0, count: labels.count * classes)
    for (row, label) in labels.enumerated() { values[row * classes + Int(label)] = 1 }
    var description = description
    (description.targetKind, description.targetWidth) = ("values", classes)
    description.preparation = (description.preparation ?? []) + ["labels as unit vectors"]
    return Dataset(
      inputs: inputs, sampleShape: sampleShape, targets: .values(values, width: classes), count: count,
      targetsPerSample: targetsPerSample, scaling: scaling, description: description)
  }
}
