import Tensors

/// A convolution without bias as a matrix: T = T(w) is linear in the weights, vec T(w) = P w with a 0/1 matrix P.
///
/// Images are channels first, in row-major order: an input has index (c, y, x), an output (f, y, x). Weights are in the
/// order [filter, channel, row, column]. Signals of one dimension have height and kernel height one. T is Toeplitz
/// along each axis (in two dimensions doubly block Toeplitz).
///
/// PᵀP is diagonal and counts the output positions at which a weight meets a pixel: all of them without padding.
public struct ToeplitzMap: Sendable {
  public let channels: Int
  public let height: Int
  public let width: Int
  public let filters: Int
  public let kernelHeight: Int
  public let kernelWidth: Int
  public let stride: Int
  /// Zeros added on each side; with `isCircular` the image wraps around instead.
  public let padding: Int
  public let isCircular: Bool
  public let outputHeight: Int
  public let outputWidth: Int

  /// - Throws: ``InputError`` when a size is not positive or the kernel does not fit the padded image.
  public init(
    channels: Int = 1, height: Int = 1, width: Int, filters: Int = 1, kernelHeight: Int = 1, kernelWidth: Int,
    stride: Int = 1, padding: Int = 0, isCircular: Bool = false
  ) throws(InputError) {
    // No image of an analysis comes near this, and products of sizes stay far from overflow.
    let sizes = [channels, height, width, filters, kernelHeight, kernelWidth, stride]
    guard sizes.allSatisfy({ $0 > 0 && $0 <= 1 << 12 }), padding >= 0, padding <= 1 << 12 else {
      throw InputError("a convolution has the sizes \(sizes), padding \(padding)", remedy: "give sizes from 1 to 4096")
    }
    // A signal of height one is not padded vertically.
    let vertical = height == 1 && kernelHeight == 1 ? 0 : padding
    guard !isCircular || padding == 0 else {
      throw InputError("a circular convolution has the padding \(padding)", remedy: "give none: the image wraps around")
    }
    guard height + 2 * vertical >= kernelHeight, width + 2 * padding >= kernelWidth else {
      throw InputError(
        "a kernel of \(kernelHeight) × \(kernelWidth) does not fit an image of \(height) × \(width) with padding \(padding)"
      )
    }
    self.channels = channels
    self.height = height
    self.width = width
    self.filters = filters
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.padding = padding
    self.isCircular = isCircular
    outputHeight = isCircular ? (height - 1) / stride + 1 : (height + 2 * vertical - kernelHeight) / stride + 1
    outputWidth = isCircular ? (width - 1) / stride + 1 : (width + 2 * padding - kernelWidth) / stride + 1
  }

  /// Columns of T: channels × height × width.
  public var inputs: Int { channels * height * width }
  /// Rows of T: filters × output height × output width.
  public var outputs: Int { filters * outputHeight * outputWidth }
  /// The number of weights, which is the number of columns of P.
  public var weightCount: Int { filters * channels * kernelHeight * kernelWidth }

  /// Calls `body(output, input, weight)` for every place of T that holds a weight: the ones of P, at row output ·
  /// inputs + input and column weight.
  public func forEachOne(_ body: (_ output: Int, _ input: Int, _ weight: Int) -> Void) {
    let top = isCircular || (height == 1 && kernelHeight == 1) ? 0 : padding
    let left = isCircular ? 0 : padding
    for filter in 0..<filters {
      for y in 0..<outputHeight {
        for x in 0..<outputWidth {
          let output = (filter * outputHeight + y) * outputWidth + x
          for channel in 0..<channels {
            for i in 0..<kernelHeight {
              for j in 0..<kernelWidth {
                var (row, column) = (y * stride + i - top, x * stride + j - left)
                if isCircular {
                  row %= height
                  column %= width
                }
                guard row >= 0, row < height, column >= 0, column < width else { continue }
                body(
                  output, (channel * height + row) * width + column,
                  ((filter * channels + channel) * kernelHeight + i) * kernelWidth + j)
              }
            }
          }
        }
      }
    }
  }

  /// T(w), outputs × inputs.
  ///
  /// - Throws: ``InputError`` when the number of weights is another.
  public func matrix(_ weights: [Double]) throws(InputError) -> DenseMatrix {
    guard weights.count == weightCount else {
      throw InputError("\(weights.count) weights for a convolution that has \(weightCount)")
    }
    var result = DenseMatrix(zeros: outputs, inputs)
    forEachOne { result[$0, $1] += weights[$2] }
    return result
  }

  /// P, (outputs · inputs) × weights: for small maps and as an oracle.
  public var tying: DenseMatrix {
    var result = DenseMatrix(zeros: outputs * inputs, weightCount)
    forEachOne { result[$0 * inputs + $1, $2] += 1 }
    return result
  }

  /// The diagonal of PᵀP: at how many places each weight stands.
  public var multiplicities: [Int] {
    var counts = [Int](repeating: 0, count: weightCount)
    forEachOne { counts[$2] += 1 }
    return counts
  }
}
