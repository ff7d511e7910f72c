import Tensors

/// What is done to the inputs of a dataset once they are standardised, one step after the other.
///
///     let options = DatasetOptions(samples: 1000, preparation: [.average(rows: 7, columns: 7), .whiten(Whitening())])
public enum Preparation: Sendable, Hashable {
  /// Colour images [3, rows, columns] to grey ones [1, rows, columns]: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
  case grey
  /// Images to smaller ones of that many rows and columns: the means of blocks that tile the image.
  case average(rows: Int, columns: Int)
  /// The covariance of the samples taken to the identity.
  case whiten(Whitening)
}

extension Dataset {
  /// The dataset after one step of preparation, its inputs in double precision.
  ///
  /// - Throws: ``InputError`` where samples are not images, blocks do not tile them, or nothing varies.
  public func prepared(_ step: Preparation) throws -> Dataset {
    switch step {
    case .grey: try grey()
    case .average(let rows, let columns): try averaged(rows: rows, columns: columns)
    case .whiten(let whitening): try whitened(whitening)
    }
  }

  /// The same labels as vectors with a one at the class, for losses that take real targets.
  ///
  /// - Throws: ``InputError`` where the targets are not labels of known classes.
  public func oneHot() throws -> Dataset {
    guard case .labels(let labels) = targets, let classes = classCount else {
      throw InputError(
        file: description.source, place: "y", "holds no class labels to make vectors of", remedy: "give integer labels")
    }
    try validateLabels(classes: classes, ignoreIndex: 0)
    guard classes <= (1 << 28) / max(1, labels.count) else {
      throw InputError(
        file: description.source, place: "y", "has labels up to \(classes - 1), too many to make vectors of",
        remedy: "number the classes from 0")
    }
    var values = [Double](repeating: 0, count: labels.count * classes)
    for (row, label) in labels.enumerated() { values[row * classes + Int(label)] = 1 }
    var description = description
    description.targetKind = "values"
    description.targetWidth = classes
    return Dataset(
      inputs: inputs, sampleShape: sampleShape, targets: .values(values, width: classes), count: count,
      targetsPerSample: targetsPerSample, scaling: scaling, description: description)
  }

  private func grey() throws -> Dataset {
    guard sampleShape.count == 3, sampleShape[0] == 3 else {
      throw InputError(
        file: description.source, place: "x",
        "has samples of shape \(sampleShape), grey is made of [3, rows, columns]", remedy: "leave grey out")
    }
    let pixels = sampleSize / 3
    let values: [Double] = inputs()
    var grey = [Double](repeating: 0, count: count * pixels)
    for sample in 0..<count {
      let start = sample * 3 * pixels
      for pixel in 0..<pixels {
        let (red, green, blue) = (
          values[start + pixel], values[start + pixels + pixel], values[start + 2 * pixels + pixel]
        )
        grey[sample * pixels + pixel] = 0.299 * red + 0.587 * green + 0.114 * blue
      }
    }
    return replacing(grey, shape: [1] + sampleShape.dropFirst(), step: "grey")
  }

  private func averaged(rows: Int, columns: Int) throws -> Dataset {
    let image = Array(sampleShape.suffix(2))
    guard image.count == 2, sampleShape.count <= 3 else {
      throw InputError(
        file: description.source, place: "x", "has samples of shape \(sampleShape), which are not images to average",
        remedy: "give images, or leave the averaging out")
    }
    guard rows > 0, columns > 0, image[0] % rows == 0, image[1] % columns == 0 else {
      let sides = (1...max(1, image.min() ?? 1)).filter { side in image.allSatisfy { $0 % side == 0 } }
      throw InputError(
        file: description.source, place: "x",
        "has images of \(image[0])×\(image[1]), which equal blocks do not take to \(rows)×\(columns)",
        remedy: "use one of the sides \(sides.map(String.init).joined(separator: ", "))")
    }
    let (height, width) = (image[0] / rows, image[1] / columns)
    let values: [Double] = inputs()
    let planes = count * sampleSize / (image[0] * image[1])
    var means: [Double] = []
    means.reserveCapacity(planes * rows * columns)
    for plane in 0..<planes {
      for row in 0..<rows {
        for column in 0..<columns {
          var sum = 0.0
          for line in row * height..<(row + 1) * height {
            let start = (plane * image[0] + line) * image[1] + column * width
            for value in values[start..<start + width] { sum += value }
          }
          means.append(sum / Double(height * width))
        }
      }
    }
    return replacing(
      means, shape: sampleShape.dropLast(2) + [rows, columns],
      step: "averaged over blocks of \(height)×\(width) to \(rows)×\(columns)")
  }

  /// The same samples with other inputs, which are as they are to be.
  func replacing(_ values: [Double], shape: [Int], step: String) -> Dataset {
    var description = description
    description.sampleShape = shape
    description.inputType = "float64"
    description.preparation = (description.preparation ?? []) + [step]
    return Dataset(
      inputs: .doubles(values), sampleShape: shape, targets: targets, count: count, targetsPerSample: targetsPerSample,
      scaling: Scaling(), description: description)
  }
}
