import Tensors

/// Random changes of images [channels, rows, columns] as they enter a batch: a horizontal flip with probability ½, and
/// a crop of the original size out of the image with a border, at a place drawn uniformly.
///
/// The border has the value that the standardisation gives 0, as a border added to the stored image would. What is done
/// to a sample is a function of the seed, the step and its place in the batch. Source: He et al., 2015,
/// arXiv:1512.03385, section 4.2, for the pair (flip, 4).
public struct Augmentation: Codable, Sendable, Hashable {
  public var flip: Bool
  /// Pixels of border on each side; 0 for no crop.
  public var crop: Int

  public init(flip: Bool = false, crop: Int = 0) {
    self.flip = flip
    self.crop = crop
  }

  public var isNone: Bool { !flip && crop == 0 }

  /// In words.
  public var summary: String {
    let steps = [flip ? "horizontal flip" : nil, crop > 0 ? "crop from a border of \(crop)" : nil].compactMap { $0 }
    return steps.isEmpty ? "none" : steps.joined(separator: ", ")
  }

  /// - Throws: ``InputError`` where samples are no images, or smaller than the border.
  public func require(sampleShape: [Int]) throws(InputError) {
    guard !isNone else { return }
    guard sampleShape.count == 3 else {
      throw InputError(
        place: "--augment", "samples of shape \(sampleShape) are no images of channels, rows and columns",
        remedy: "leave the flag out")
    }
    guard (0...1024).contains(crop) else {
      throw InputError(place: "--augment", "a border of \(crop) pixels is none from 0 to 1024")
    }
  }

  /// Changes an image in place.
  ///
  /// - Parameter border: the value of pixels outside the image.
  public func apply<Scalar: Real>(
    to image: UnsafeMutablePointer<Scalar>, shape: [Int], border: Scalar, seed: UInt64, index: Int
  ) {
    guard !isNone else { return }
    var stream = RandomStream(seed: seed, purpose: "augmentation", index: index)
    let flips = stream.next() >> 63 == 1 && flip
    let width = UInt64(2 * crop + 1)
    let (down, right) = (Int(stream.next() % width) - crop, Int(stream.next() % width) - crop)
    let (rows, columns) = (shape[1], shape[2])
    let plane = UnsafeMutableBufferPointer<Scalar>.allocate(capacity: rows * columns)
    defer { plane.deallocate() }
    for channel in 0..<shape[0] {
      let target = image + channel * rows * columns
      _ = plane.update(fromContentsOf: UnsafeBufferPointer(start: target, count: rows * columns))
      for row in 0..<rows {
        for column in 0..<columns {
          let source = (row + down, (flips ? columns - 1 - column : column) + right)
          let isInside = (0..<rows).contains(source.0) && (0..<columns).contains(source.1)
          target[row * columns + column] = isInside ? plane[source.0 * columns + source.1] : border
        }
      }
    }
  }
}
