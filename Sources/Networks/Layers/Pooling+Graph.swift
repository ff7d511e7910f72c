import Autodiff
import Tensors

/// How the windows of a pooling layer slide, as layers and files give it.
struct SlidingWindow: Sendable, Hashable {
  var size: [Int]
  /// The size, where empty.
  var stride: [Int] = []
  var padding: [Int] = [0]
  var dilation: [Int] = [1]
  /// Whether a last window may reach beyond the end.
  var roundsUp = false

  /// Windows along each of `extents`.
  func windows(over extents: [Int]) throws(InputError) -> [Windows] {
    let rank = extents.count
    let sizes = try WindowSizes.spread(size, "kernel_size", rank: rank, from: 1)
    let strides = try WindowSizes.spread(stride.isEmpty ? size : stride, "stride", rank: rank, from: 1)
    let paddings = try WindowSizes.spread(padding, "padding", rank: rank, from: 0)
    let dilations = try WindowSizes.spread(dilation, "dilation", rank: rank, from: 1)
    var windows: [Windows] = []
    for axis in 0..<rank {
      guard paddings[axis] <= sizes[axis] / 2 else {
        throw InputError("padding \(paddings[axis]) is more than half of the kernel size \(sizes[axis])")
      }
      let along = Windows.sliding(
        over: extents[axis], size: sizes[axis], stride: strides[axis], padding: paddings[axis],
        dilation: dilations[axis], roundsUp: roundsUp)
      guard along.count > 0 else {
        throw InputError(
          "a kernel of \(sizes[axis]) (dilation \(dilations[axis]), padding \(paddings[axis])) does not fit "
            + "\(extents[axis]) pixels")
      }
      windows.append(along)
    }
    return windows
  }

  /// The same windows over the padded image, for counting padding as pixels.
  func windowsOverPadding(_ extents: [Int], count: [Int]) throws(InputError) -> [Windows] {
    let paddings = try WindowSizes.spread(padding, "padding", rank: extents.count, from: 0)
    var padded = self
    padded.padding = [0]
    let sizes = zip(extents, paddings).map { $0 + 2 * $1 }
    let windows = try padded.windows(over: sizes)
    // A last window that would begin in the padding is left out of the image's windows; the others lie inside then.
    padded.roundsUp = false
    let inside = try padded.windows(over: sizes)
    return windows.indices.map { windows[$0].count == count[$0] ? windows[$0] : inside[$0] }
  }
}

extension Graph {
  /// The largest pixel of each window, the first of equal ones, never padding; images [n, c, spatial…].
  mutating func maximumPoolLayer(_ x: Value, _ window: SlidingWindow, rank: Int) throws(InputError) -> Value {
    try pooled(x, rank: rank) { image, extents, graph throws(InputError) in
      try graph.maximumPool(image, pooling(window.windows(over: extents)))
    }
  }

  /// The mean of each window's pixels.
  ///
  /// - Parameters:
  ///   - countsPadding: whether padding counts as pixels of value zero.
  ///   - divisor: what the sums are divided by instead of a number of pixels.
  mutating func averagePoolLayer(
    _ x: Value, _ window: SlidingWindow, rank: Int, countsPadding: Bool, divisor: Int? = nil
  ) throws(InputError) -> Value {
    try pooled(x, rank: rank) { image, extents, graph throws(InputError) in
      let windows = try window.windows(over: extents)
      if let divisor {
        guard divisor != 0 else { throw InputError("divisor_override is 0") }
        return try graph.multiply(graph.windowSum(image, pooling(windows)), 1 / Double(divisor))
      }
      let counted = countsPadding ? try window.windowsOverPadding(extents, count: windows.map(\.count)) : windows
      return try graph.averagePool(image, pooling(windows), counting: pooling(counted))
    }
  }

  /// The mean of windows that cover the image evenly, `sizes` of them along each axis.
  mutating func adaptiveAveragePoolLayer(_ x: Value, sizes: [Int], rank: Int) throws(InputError) -> Value {
    try pooled(x, rank: rank) { image, extents, graph throws(InputError) in
      let sizes = try adaptiveSizes(sizes, rank: rank)
      if sizes.allSatisfy({ $0 == 1 }) {
        // One window: a sum over the image, which the planner fuses with what comes before it.
        let shape = graph.shape(of: image)
        let sum = try graph.reduce(.sum, image, over: [2, 3])
        return try graph.reshape(
          graph.multiply(sum, 1 / Double(shape[2] * shape[3])), to: [shape[0], shape[1], 1, 1])
      }
      return try graph.averagePool(image, pooling(adaptiveWindows(sizes, over: extents)))
    }
  }

  /// The largest pixel of windows that cover the image evenly, `sizes` of them along each axis.
  mutating func adaptiveMaximumPoolLayer(_ x: Value, sizes: [Int], rank: Int) throws(InputError) -> Value {
    try pooled(x, rank: rank) { image, extents, graph throws(InputError) in
      try graph.maximumPool(image, pooling(adaptiveWindows(adaptiveSizes(sizes, rank: rank), over: extents)))
    }
  }

  /// `pool` on images of two axes; sequences are images of one row.
  private mutating func pooled(
    _ x: Value, rank: Int, _ pool: (Value, [Int], inout Graph) throws(InputError) -> Value
  ) throws(InputError) -> Value {
    let shape = self.shape(of: x)
    guard shape.count == rank + 2, shape.allSatisfy({ $0 > 0 }) else {
      throw InputError("pooling over \(rank) dimensions takes [n, c, …] of rank \(rank + 2), got shape \(shape)")
    }
    try WindowSizes.requireSize(shape)
    guard shape.dropFirst(2).allSatisfy({ $0 <= WindowSizes.largest }) else {
      throw InputError("pooling over shape \(shape): more than \(WindowSizes.largest) pixels along one axis")
    }
    if rank == 2 { return try pool(x, Array(shape.suffix(2)), &self) }
    let result = try pool(reshape(x, to: [shape[0], shape[1], 1, shape[2]]), [shape[2]], &self)
    let own = self.shape(of: result)
    return try reshape(result, to: [own[0], own[1], own[3]])
  }
}

private func pooling(_ windows: [Windows]) -> PoolingWindows {
  windows.count == 2
    ? PoolingWindows(rows: windows[0], columns: windows[1])
    : PoolingWindows(rows: .sliding(over: 1, size: 1, stride: 1), columns: windows[0])
}

private func adaptiveSizes(_ sizes: [Int], rank: Int) throws(InputError) -> [Int] {
  let sizes = try WindowSizes.spread(sizes, "output_size", rank: rank, from: 1)
  try WindowSizes.requireSize([1] + sizes)
  return sizes
}

private func adaptiveWindows(_ sizes: [Int], over extents: [Int]) -> [Windows] {
  zip(sizes, extents).map { Windows.adaptive(over: $1, count: $0) }
}
