import CTensors

/// Where the channels of an image are: in planes of their own, [n, c, h, w], or together in each pixel, [n, h, w, c].
public enum ImageLayout: String, Hashable, Sendable {
  case channelsFirst
  case channelsLast
}

/// Windows along one axis of an image: window i has the pixels starts[i], starts[i] + step, … below ends[i].
public struct Windows: Hashable, Sendable {
  public let extent: Int
  public let step: Int
  public let starts: [Int]
  public let ends: [Int]

  public var count: Int { starts.count }

  /// Windows of `size` taps that slide over the axis; taps in the padding are left out. With `roundsUp` a last window
  /// that begins inside the image or its padding before it counts although it reaches beyond the end.
  public static func sliding(
    over extent: Int, size: Int, stride: Int, padding: Int = 0, dilation: Int = 1, roundsUp: Bool = false
  ) -> Windows {
    let span = dilation * (size - 1) + 1
    let free = extent + 2 * padding - span
    var count = free < 0 ? 0 : (free + (roundsUp ? stride - 1 : 0)) / stride + 1
    if roundsUp, count > 0, (count - 1) * stride >= extent + padding { count -= 1 }
    var starts: [Int] = []
    var ends: [Int] = []
    for index in 0..<count {
      let begin = index * stride - padding
      // The first tap inside the image.
      let skipped = begin < 0 ? (-begin + dilation - 1) / dilation : 0
      starts.append(begin + skipped * dilation)
      ends.append(min(extent, begin + span))
    }
    return Windows(extent: extent, step: dilation, starts: starts, ends: ends)
  }

  /// `count` windows that cover the axis as evenly as its pixels allow: from ⌊i·extent/count⌋ to ⌈(i + 1)·extent/count⌉.
  public static func adaptive(over extent: Int, count: Int) -> Windows {
    Windows(
      extent: extent, step: 1, starts: (0..<count).map { $0 * extent / count },
      ends: (0..<count).map { (($0 + 1) * extent + count - 1) / count })
  }

  /// Pixels of window i.
  public func size(_ index: Int) -> Int {
    ends[index] > starts[index] ? (ends[index] - starts[index] + step - 1) / step : 0
  }

  public var sizes: [Int] { (0..<count).map { size($0) } }

  func withC<R>(_ body: (ritz_windows) -> R) -> R {
    starts.withUnsafeBufferPointer { starts in
      ends.withUnsafeBufferPointer { ends in
        body(
          ritz_windows(
            extent: extent, count: starts.count, step: step,
            starts: UnsafeRawPointer(starts.baseAddress)?
              .assumingMemoryBound(to: Int.self),
            ends: UnsafeRawPointer(ends.baseAddress)?
              .assumingMemoryBound(to: Int.self)))
      }
    }
  }
}

/// A batch of images: `images` × `channels` planes of rows × columns pixels.
public struct ImageShape: Hashable, Sendable {
  public let images: Int
  public let channels: Int
  public let layout: ImageLayout

  public init(images: Int, channels: Int, layout: ImageLayout) {
    self.images = images
    self.channels = channels
    self.layout = layout
  }
}

/// Kernels over images, single-threaded.
public protocol ImageKernels {
  /// matrix[(c, k), p] = the pixel of channel c that tap k sees at output p, zero in the padding; one image of `channels` planes.
  static func columns(
    _ image: UnsafePointer<Self>, channels: Int, _ geometry: ConvolutionGeometry, _ matrix: UnsafeMutablePointer<Self>)
  /// The transpose of ``columns(_:channels:_:_:)``, added to the image.
  static func addColumns(
    _ matrix: UnsafePointer<Self>, channels: Int, _ geometry: ConvolutionGeometry, _ image: UnsafeMutablePointer<Self>)
  /// matrix[p, (k, c)] = the pixel of channel c that tap k sees at output p, zero in the padding; one channels-last image.
  static func pixelColumns(
    _ image: UnsafePointer<Self>, channels: Int, _ geometry: ConvolutionGeometry, _ matrix: UnsafeMutablePointer<Self>)
  /// The transpose of ``pixelColumns(_:channels:_:_:)``, added to the image; the taps of a row of the filter take
  /// `span` elements, which are zero where they are more than the taps.
  static func addPixelColumns(
    _ matrix: UnsafePointer<Self>, span: Int, channels: Int, _ geometry: ConvolutionGeometry,
    _ image: UnsafeMutablePointer<Self>)
  /// For each window the place row · extent + column of its first largest pixel.
  static func windowArgmax(
    _ x: UnsafePointer<Self>, _ indices: UnsafeMutablePointer<Self>, _ shape: ImageShape, rows: Windows,
    columns: Windows)
  static func windowSum(
    _ x: UnsafePointer<Self>, _ sums: UnsafeMutablePointer<Self>, _ shape: ImageShape, rows: Windows, columns: Windows)
  /// The transpose of ``windowSum(_:_:_:rows:columns:)``, added to x.
  static func windowSpread(
    _ values: UnsafePointer<Self>, _ x: UnsafeMutablePointer<Self>, _ shape: ImageShape, rows: Windows,
    columns: Windows)
  /// values[i] = x[indices[i]] in each plane of `pixels` pixels, `count` a plane.
  static func planeGather(
    _ x: UnsafePointer<Self>, _ indices: UnsafePointer<Self>, _ values: UnsafeMutablePointer<Self>,
    _ shape: ImageShape, pixels: Int, count: Int)
  /// The transpose of ``planeGather(_:_:_:_:pixels:count:)``, added to x.
  static func planeScatter(
    _ values: UnsafePointer<Self>, _ indices: UnsafePointer<Self>, _ x: UnsafeMutablePointer<Self>,
    _ shape: ImageShape, pixels: Int, count: Int)
}

extension ConvolutionGeometry.Axis {
  var c: ritz_axis {
    ritz_axis(
      input: input, output: output, filter: filter, stride: stride, dilation: dilation, padding: paddingLow)
  }
}

extension ImageShape {
  var isLast: Int32 { layout == .channelsLast ? 1 : 0 }
}

extension Float: ImageKernels {
  public static func columns(
    _ image: UnsafePointer<Float>, channels: Int, _ geometry: ConvolutionGeometry, _ matrix: UnsafeMutablePointer<Float>
  ) { ritz_columns_s(image, channels, geometry.rows.c, geometry.columns.c, matrix) }
  public static func addColumns(
    _ matrix: UnsafePointer<Float>, channels: Int, _ geometry: ConvolutionGeometry, _ image: UnsafeMutablePointer<Float>
  ) { ritz_add_columns_s(matrix, channels, geometry.rows.c, geometry.columns.c, image) }
  public static func pixelColumns(
    _ image: UnsafePointer<Float>, channels: Int, _ geometry: ConvolutionGeometry, _ matrix: UnsafeMutablePointer<Float>
  ) { ritz_pixel_columns_s(image, channels, geometry.rows.c, geometry.columns.c, matrix) }
  public static func addPixelColumns(
    _ matrix: UnsafePointer<Float>, span: Int, channels: Int, _ geometry: ConvolutionGeometry,
    _ image: UnsafeMutablePointer<Float>
  ) { ritz_add_pixel_columns_s(matrix, span, channels, geometry.rows.c, geometry.columns.c, image) }
  public static func windowArgmax(
    _ x: UnsafePointer<Float>, _ indices: UnsafeMutablePointer<Float>, _ shape: ImageShape, rows: Windows,
    columns: Windows
  ) {
    rows.withC { r in
      columns.withC { ritz_window_argmax_s(x, indices, shape.images, shape.channels, r, $0, shape.isLast) }
    }
  }
  public static func windowSum(
    _ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ shape: ImageShape, rows: Windows, columns: Windows
  ) {
    rows.withC { r in
      columns.withC { ritz_window_sum_s(x, sums, shape.images, shape.channels, r, $0, shape.isLast) }
    }
  }
  public static func windowSpread(
    _ values: UnsafePointer<Float>, _ x: UnsafeMutablePointer<Float>, _ shape: ImageShape, rows: Windows,
    columns: Windows
  ) {
    rows.withC { r in
      columns.withC { ritz_window_spread_s(values, x, shape.images, shape.channels, r, $0, shape.isLast) }
    }
  }
  public static func planeGather(
    _ x: UnsafePointer<Float>, _ indices: UnsafePointer<Float>, _ values: UnsafeMutablePointer<Float>,
    _ shape: ImageShape,
    pixels: Int, count: Int
  ) { ritz_plane_gather_s(x, indices, values, shape.images, shape.channels, pixels, count, shape.isLast) }
  public static func planeScatter(
    _ values: UnsafePointer<Float>, _ indices: UnsafePointer<Float>, _ x: UnsafeMutablePointer<Float>,
    _ shape: ImageShape,
    pixels: Int, count: Int
  ) { ritz_plane_scatter_s(values, indices, x, shape.images, shape.channels, pixels, count, shape.isLast) }
}

extension Double: ImageKernels {
  public static func columns(
    _ image: UnsafePointer<Double>, channels: Int, _ geometry: ConvolutionGeometry,
    _ matrix: UnsafeMutablePointer<Double>
  ) { ritz_columns_d(image, channels, geometry.rows.c, geometry.columns.c, matrix) }
  public static func addColumns(
    _ matrix: UnsafePointer<Double>, channels: Int, _ geometry: ConvolutionGeometry,
    _ image: UnsafeMutablePointer<Double>
  ) { ritz_add_columns_d(matrix, channels, geometry.rows.c, geometry.columns.c, image) }
  public static func pixelColumns(
    _ image: UnsafePointer<Double>, channels: Int, _ geometry: ConvolutionGeometry,
    _ matrix: UnsafeMutablePointer<Double>
  ) { ritz_pixel_columns_d(image, channels, geometry.rows.c, geometry.columns.c, matrix) }
  public static func addPixelColumns(
    _ matrix: UnsafePointer<Double>, span: Int, channels: Int, _ geometry: ConvolutionGeometry,
    _ image: UnsafeMutablePointer<Double>
  ) { ritz_add_pixel_columns_d(matrix, span, channels, geometry.rows.c, geometry.columns.c, image) }
  public static func windowArgmax(
    _ x: UnsafePointer<Double>, _ indices: UnsafeMutablePointer<Double>, _ shape: ImageShape, rows: Windows,
    columns: Windows
  ) {
    rows.withC { r in
      columns.withC { ritz_window_argmax_d(x, indices, shape.images, shape.channels, r, $0, shape.isLast) }
    }
  }
  public static func windowSum(
    _ x: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>, _ shape: ImageShape, rows: Windows,
    columns: Windows
  ) {
    rows.withC { r in
      columns.withC { ritz_window_sum_d(x, sums, shape.images, shape.channels, r, $0, shape.isLast) }
    }
  }
  public static func windowSpread(
    _ values: UnsafePointer<Double>, _ x: UnsafeMutablePointer<Double>, _ shape: ImageShape, rows: Windows,
    columns: Windows
  ) {
    rows.withC { r in
      columns.withC { ritz_window_spread_d(values, x, shape.images, shape.channels, r, $0, shape.isLast) }
    }
  }
  public static func planeGather(
    _ x: UnsafePointer<Double>, _ indices: UnsafePointer<Double>, _ values: UnsafeMutablePointer<Double>,
    _ shape: ImageShape,
    pixels: Int, count: Int
  ) { ritz_plane_gather_d(x, indices, values, shape.images, shape.channels, pixels, count, shape.isLast) }
  public static func planeScatter(
    _ values: UnsafePointer<Double>, _ indices: UnsafePointer<Double>, _ x: UnsafeMutablePointer<Double>,
    _ shape: ImageShape,
    pixels: Int, count: Int
  ) { ritz_plane_scatter_d(values, indices, x, shape.images, shape.channels, pixels, count, shape.isLast) }
}
