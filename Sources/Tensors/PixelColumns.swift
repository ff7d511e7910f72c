/// The input gradient of a convolution of channels-last images that have few channels, as one matrix product.
///
/// Every output pixel's share in the taps it sees, columns[(n, p), (k, c)] = Σₒ u[n, p, o] w[o, c, k], is a product
/// with taps × channels columns; the columns are then added to the pixels the taps see, a row of taps at a time, filled
/// up to whole vectors. A kernel that computes pixel by pixel would leave most of a vector register idle where an image
/// has fewer channels than half a register has lanes, and would pass over the padding as well.
struct PixelColumns: Sendable {
  private let geometry: ConvolutionGeometry
  private let product: PackedProduct
  /// Images of a block, whose columns stay in the second-level cache.
  private let block: Int
  /// Elements of a row of taps, filled up.
  private let span: Int

  private static let mostChannels = 8
  private static let blockBytes = 1 << 18

  /// `nil` where it is not worth it, or there is no kernel for the product.
  init?(_ geometry: ConvolutionGeometry) {
    guard geometry.groups == 1, geometry.inputChannels <= Self.mostChannels, geometry.columns.dilation == 1,
      geometry.outputChannels >= geometry.inputChannels
    else { return nil }
    let taps = geometry.columns.filter * geometry.inputChannels
    span = Self.padded(taps)
    // Else most of the product would be filling.
    guard span <= 2 * taps else { return nil }
    let bytes = geometry.outputPixels * geometry.rows.filter * span * 4
    let most = max(1, Self.blockBytes / max(1, bytes))
    let block = (1...geometry.batch).last { geometry.batch % $0 == 0 && $0 <= most } ?? 1
    guard
      let product = PackedProduct(
        transposeA: false, transposeB: false, m: block * geometry.outputPixels, n: geometry.rows.filter * span,
        k: geometry.outputChannels)
    else { return nil }
    self.geometry = geometry
    self.product = product
    self.block = block
  }

  private static func padded(_ count: Int) -> Int { (count + 15) & ~15 }

  /// Columns of the product.
  private var width: Int { geometry.rows.filter * span }
  private var columnCount: Int { block * geometry.outputPixels * width }
  var packedCount: Int { Self.padded(product.packedCount) }
  var scratchCount: Int {
    Self.padded(product.scratchCount) + Self.padded(max(columnCount, geometry.outputChannels * width))
  }

  /// Packs w[o, c, i, j] as w[o, i, (j, c)].
  func pack(
    _ filters: UnsafePointer<Float>, to packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let turned = scratch + Self.padded(product.scratchCount)
    let (channels, rows, columns) = (geometry.inputChannels, geometry.rows.filter, geometry.columns.filter)
    turned.clear(count: geometry.outputChannels * width)
    var next = filters
    for output in 0..<geometry.outputChannels {
      for channel in 0..<channels {
        for row in 0..<rows {
          let start = turned + output * width + row * span + channel
          for column in 0..<columns { start[column * channels] = next[column] }
          next += columns
        }
      }
    }
    product.pack(turned, to: packed, scratch: scratch)
  }

  func run(
    _ image: UnsafePointer<Float>, packed: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>,
    accumulate: Bool, scratch: UnsafeMutablePointer<Float>
  ) {
    if !accumulate { result.clear(count: geometry.inputCount) }
    let columns = scratch + Self.padded(product.scratchCount)
    let (pixels, inputs) = (geometry.outputPixels, geometry.inputChannels * geometry.inputPixels)
    for first in stride(from: 0, to: geometry.batch, by: block) {
      product.run(
        image + first * pixels * geometry.outputChannels, packed: packed, to: columns, accumulate: false,
        scratch: scratch)
      for index in 0..<block {
        Float.addPixelColumns(
          columns + index * pixels * width, span: span, channels: geometry.inputChannels, geometry,
          result + (first + index) * inputs)
      }
    }
  }
}
