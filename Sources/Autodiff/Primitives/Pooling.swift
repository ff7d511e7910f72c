import Tensors

/// What the kernels of windows need of the shape of a batch of images.
private func images(_ shape: [Int], _ layout: ImageLayout) -> ImageShape {
  ImageShape(images: shape[0], channels: layout == .channelsFirst ? shape[1] : shape[3], layout: layout)
}

private func extents(_ shape: [Int], _ layout: ImageLayout) -> (rows: Int, columns: Int) {
  layout == .channelsFirst ? (shape[2], shape[3]) : (shape[1], shape[2])
}

private func replacing(_ shape: [Int], _ layout: ImageLayout, rows: Int, columns: Int) -> [Int] {
  layout == .channelsFirst ? [shape[0], shape[1], rows, columns] : [shape[0], rows, columns, shape[3]]
}

/// The windows of a pooling layer over both axes of an image.
public struct PoolingWindows: Hashable, Sendable {
  public var rows: Windows
  public var columns: Windows
  public var layout: ImageLayout = .channelsFirst

  public init(rows: Windows, columns: Windows) {
    self.rows = rows
    self.columns = columns
  }

  var pixels: Int { rows.extent * columns.extent }
  var count: Int { rows.count * columns.count }

  func pooledType(of operands: [TensorType], _ name: String, element: ElementType) throws(InputError) -> TensorType {
    guard operands.count == 1, operands[0].rank == 4, operands[0].element == .real,
      extents(operands[0].shape, layout) == (rows.extent, columns.extent)
    else {
      throw InputError("\(name) over images of \(rows.extent) × \(columns.extent) pixels does not fit \(operands)")
    }
    for axis in [rows, columns] {
      guard axis.count > 0, (0..<axis.count).allSatisfy({ axis.size($0) > 0 && axis.starts[$0] >= 0 }) else {
        throw InputError("\(name): a window over \(axis.extent) pixels is empty")
      }
    }
    return TensorType(replacing(operands[0].shape, layout, rows: rows.count, columns: columns.count), element)
  }
}

/// For each window of each plane the place, row · columns + column, of its first largest pixel; padding is never chosen.
///
/// Constant almost everywhere: its derivative is zero.
struct WindowArgmax: Primitive {
  var windows: PoolingWindows

  var name: String { "window_argmax" }

  func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard windows.pixels <= 1 << 24 else {
      throw InputError(
        "max pooling over \(windows.pixels) pixels: places beyond 2²⁴ cannot be told apart in single precision")
    }
    return try windows.pooledType(of: operands, name, element: .int32)
  }

  func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? { nil }

  var lowering: Lowering {
    .kernel { [windows] shapes in WindowArgmaxKernel(windows: windows, shape: images(shapes[0], windows.layout)) }
  }
}

struct WindowArgmaxKernel: OpaqueKernel {
  let windows: PoolingWindows
  let shape: ImageShape

  var canAccumulate: Bool { false }
  var operationCount: Double { 0 }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.windowArgmax(operands[0], result, shape, rows: windows.rows, columns: windows.columns)
  }
}

/// For each plane of the first operand the pixels at the places that the second names: with ``WindowArgmax``, max pooling.
///
/// Linear in the first operand; the transpose is ``PlaneScatter``.
struct PlaneGather: Primitive {
  var layout: ImageLayout

  var name: String { "plane_gather" }

  func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 2, operands.allSatisfy({ $0.rank == 4 }), operands[0].element == .real,
      operands[1].element == .int32, images(operands[0].shape, layout) == images(operands[1].shape, layout)
    else { throw InputError("\(name) takes images and places in them, got \(operands)") }
    return TensorType(operands[1].shape)
  }

  func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.append(self, [tangent, operands[1]])
  }

  func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    let (rows, columns) = extents(graph.shape(of: operands[0]), layout)
    return [
      try graph.append(PlaneScatter(rows: rows, columns: columns, layout: layout), [cotangent, operands[1]]), nil,
    ]
  }

  var lowering: Lowering {
    .kernel { [layout] shapes in PlaneKernel(.gather, layout, small: shapes[1], large: shapes[0]) }
  }
}

/// Adds each value of the first operand to the pixel that the second names, in planes of zeros: the transpose of ``PlaneGather``.
struct PlaneScatter: Primitive {
  var rows: Int
  var columns: Int
  var layout: ImageLayout

  var name: String { "plane_scatter" }

  func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 2, operands[0].rank == 4, operands[0].element == .real, operands[1].element == .int32,
      operands[0].shape == operands[1].shape
    else { throw InputError("\(name) takes values and a place for each, got \(operands)") }
    return TensorType(replacing(operands[0].shape, layout, rows: rows, columns: columns))
  }

  func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.append(self, [tangent, operands[1]])
  }

  func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    [try graph.append(PlaneGather(layout: layout), [cotangent, operands[1]]), nil]
  }

  var lowering: Lowering {
    .kernel { [self] shapes in
      PlaneKernel(
        .scatter, layout, small: shapes[0], large: replacing(shapes[0], layout, rows: rows, columns: columns))
    }
  }
}

private struct PlaneKernel: OpaqueKernel {
  enum Direction { case gather, scatter }

  let direction: Direction
  let shape: ImageShape
  let pixels: Int
  let count: Int

  init(_ direction: Direction, _ layout: ImageLayout, small: [Int], large: [Int]) {
    self.direction = direction
    shape = images(large, layout)
    let (plane, chosen) = (extents(large, layout), extents(small, layout))
    pixels = plane.rows * plane.columns
    count = chosen.rows * chosen.columns
  }

  var canAccumulate: Bool { direction == .scatter }
  var operationCount: Double { 0 }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    switch direction {
    case .gather: Scalar.planeGather(operands[0], operands[1], result, shape, pixels: pixels, count: count)
    case .scatter:
      if !accumulate { result.clear(count: shape.images * shape.channels * pixels) }
      Scalar.planeScatter(operands[0], operands[1], result, shape, pixels: pixels, count: count)
    }
  }
}

/// The sum of the pixels of each window: average pooling but for a factor. The transpose is ``WindowSpread``.
struct WindowSum: Primitive {
  var windows: PoolingWindows

  var name: String { "window_sum" }

  func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    try windows.pooledType(of: operands, name, element: .real)
  }

  func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.append(self, [tangent])
  }

  func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] { [try graph.append(WindowSpread(windows: windows), [cotangent])] }

  var lowering: Lowering {
    .kernel { [windows] shapes in WindowKernel(.sum, windows, images(shapes[0], windows.layout)) }
  }
}

/// Each value added to all pixels of its window, in planes of zeros: the transpose of ``WindowSum``.
struct WindowSpread: Primitive {
  var windows: PoolingWindows

  var name: String { "window_spread" }

  func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 1, operands[0].rank == 4, operands[0].element == .real,
      extents(operands[0].shape, windows.layout) == (windows.rows.count, windows.columns.count)
    else { throw InputError("\(name) takes one value for each window, got \(operands)") }
    return TensorType(
      replacing(operands[0].shape, windows.layout, rows: windows.rows.extent, columns: windows.columns.extent))
  }

  func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.append(self, [tangent])
  }

  func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] { [try graph.append(WindowSum(windows: windows), [cotangent])] }

  var lowering: Lowering {
    .kernel { [windows] shapes in WindowKernel(.spread, windows, images(shapes[0], windows.layout)) }
  }
}

private struct WindowKernel: OpaqueKernel {
  enum Direction { case sum, spread }

  let direction: Direction
  let windows: PoolingWindows
  let shape: ImageShape

  init(_ direction: Direction, _ windows: PoolingWindows, _ shape: ImageShape) {
    self.direction = direction
    self.windows = windows
    self.shape = shape
  }

  var canAccumulate: Bool { direction == .spread }
  var operationCount: Double { 0 }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    switch direction {
    case .sum: Scalar.windowSum(operands[0], result, shape, rows: windows.rows, columns: windows.columns)
    case .spread:
      if !accumulate { result.clear(count: shape.images * shape.channels * windows.pixels) }
      Scalar.windowSpread(operands[0], result, shape, rows: windows.rows, columns: windows.columns)
    }
  }
}

extension Graph {
  /// The largest pixel of each window, the first of equal ones.
  public mutating func maximumPool(_ x: Value, _ windows: PoolingWindows) throws(InputError) -> Value {
    try append(PlaneGather(layout: windows.layout), [x, append(WindowArgmax(windows: windows), [stopGradient(x)])])
  }

  /// The sum over each window.
  public mutating func windowSum(_ x: Value, _ windows: PoolingWindows) throws(InputError) -> Value {
    try append(WindowSum(windows: windows), [x])
  }

  /// The mean of each window's pixels inside the image.
  ///
  /// - Parameter counting: windows, as many, whose sizes are divided by instead: those over the padded image where
  ///   padding counts as pixels of value zero.
  public mutating func averagePool(_ x: Value, _ windows: PoolingWindows, counting: PoolingWindows? = nil)
    throws(InputError) -> Value
  {
    let sums = try windowSum(x, windows)
    return try divideBySizes(sums, counting ?? windows)
  }

  private mutating func divideBySizes(_ sums: Value, _ windows: PoolingWindows) throws(InputError) -> Value {
    let shape = shape(of: sums)
    guard shape[2] == windows.rows.count, shape[3] == windows.columns.count else {
      throw InputError("average pooling: \(windows.count) windows to count for results of shape \(shape)")
    }
    let (rows, columns) = (Set(windows.rows.sizes), Set(windows.columns.sizes))
    if rows.count == 1, columns.count == 1, let height = rows.first, let width = columns.first {
      return try multiply(sums, constant(1 / Double(height * width), shape))
    }
    // Windows cut off by the edge: the number of pixels is itself a sum over windows.
    let ones = try constant(1, [1, 1, windows.rows.extent, windows.columns.extent])
    let counts = try reshape(windowSum(ones, windows), to: [windows.rows.count, windows.columns.count])
    return try divide(sums, broadcast(counts, to: shape, dimensions: [2, 3]))
  }
}
