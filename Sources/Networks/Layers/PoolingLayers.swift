import Autodiff
import Tensors

/// The largest number of each window of sequences [channels, length], as PyTorch's MaxPool1d.
public struct MaxPooling1D: ShapeChangingLayer {
  let window: SlidingWindow

  /// - Parameters:
  ///   - stride: the size, where it is not given.
  ///   - roundsUp: whether a last window may reach beyond the end.
  public init(
    _ size: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, roundsUp: Bool = false
  ) {
    window = SlidingWindow(
      size: [size], stride: stride.map { [$0] } ?? [], padding: [padding], dilation: [dilation], roundsUp: roundsUp)
  }

  func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.maximumPoolLayer(x, window, rank: 1)
  }
}

/// The largest pixel of each window of images [channels, rows, columns], the first of equal ones, never padding, as PyTorch's
/// MaxPool2d.
public struct MaxPooling2D: ShapeChangingLayer {
  let window: SlidingWindow

  public init(
    _ size: SpatialSizes, stride: SpatialSizes? = nil, padding: SpatialSizes = 0, dilation: SpatialSizes = 1,
    roundsUp: Bool = false
  ) {
    window = SlidingWindow(
      size: size.numbers, stride: stride?.numbers ?? [], padding: padding.numbers, dilation: dilation.numbers,
      roundsUp: roundsUp)
  }

  func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.maximumPoolLayer(x, window, rank: 2)
  }
}

/// The mean of each window of sequences [channels, length], as PyTorch's AvgPool1d.
public struct AveragePooling1D: ShapeChangingLayer {
  let window: SlidingWindow
  let countsPadding: Bool

  /// - Parameter countsPadding: whether padding counts as numbers of value zero.
  public init(
    _ size: Int, stride: Int? = nil, padding: Int = 0, roundsUp: Bool = false, countsPadding: Bool = true
  ) {
    window = SlidingWindow(size: [size], stride: stride.map { [$0] } ?? [], padding: [padding], roundsUp: roundsUp)
    self.countsPadding = countsPadding
  }

  func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.averagePoolLayer(x, window, rank: 1, countsPadding: countsPadding)
  }
}

/// The mean of each window of images [channels, rows, columns], as PyTorch's AvgPool2d.
public struct AveragePooling2D: ShapeChangingLayer {
  let window: SlidingWindow
  let countsPadding: Bool

  /// - Parameter countsPadding: whether padding counts as pixels of value zero.
  public init(
    _ size: SpatialSizes, stride: SpatialSizes? = nil, padding: SpatialSizes = 0, roundsUp: Bool = false,
    countsPadding: Bool = true
  ) {
    window = SlidingWindow(
      size: size.numbers, stride: stride?.numbers ?? [], padding: padding.numbers, roundsUp: roundsUp)
    self.countsPadding = countsPadding
  }

  func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.averagePoolLayer(x, window, rank: 2, countsPadding: countsPadding)
  }
}

/// The means of `count` windows that cover a sequence evenly, as PyTorch's AdaptiveAvgPool1d.
public struct AdaptiveAveragePooling1D: ShapeChangingLayer {
  let count: Int
  public init(_ count: Int) { self.count = count }

  func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.adaptiveAveragePoolLayer(x, sizes: [count], rank: 1)
  }
}

/// The means of windows that cover an image evenly, `counts` of them along its axes, as PyTorch's AdaptiveAvgPool2d.
public struct AdaptiveAveragePooling2D: ShapeChangingLayer {
  let counts: SpatialSizes
  public init(_ counts: SpatialSizes) { self.counts = counts }

  func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.adaptiveAveragePoolLayer(x, sizes: counts.numbers, rank: 2)
  }
}

/// The maxima of `count` windows that cover a sequence evenly, as PyTorch's AdaptiveMaxPool1d.
public struct AdaptiveMaxPooling1D: ShapeChangingLayer {
  let count: Int
  public init(_ count: Int) { self.count = count }

  func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.adaptiveMaximumPoolLayer(x, sizes: [count], rank: 1)
  }
}

/// The maxima of windows that cover an image evenly, `counts` of them along its axes, as PyTorch's AdaptiveMaxPool2d.
public struct AdaptiveMaxPooling2D: ShapeChangingLayer {
  let counts: SpatialSizes
  public init(_ counts: SpatialSizes) { self.counts = counts }

  func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value {
    try graph.adaptiveMaximumPoolLayer(x, sizes: counts.numbers, rank: 2)
  }
}
