import Tensors

/// A two-dimensional convolution of a batch of images with a bank of filters, or one of its two derivatives.
///
/// y = x ∗ w of ``ConvolutionGeometry`` is linear in x and in w. With u shaped like y, the trilinear form ⟨u, x ∗ w⟩
/// has three derivatives, and each of them is one ``Role``: so tangents and transposes of all three are of the three
/// again. A transposed convolution layer is the role ``Role/inputGradient``.
///
/// Images are [n, c, h, w], or [n, h, w, c] with `layout` ``ImageLayout/channelsLast``; filters are always [out, in /
/// groups, rows, columns].
public struct Convolution: Product {
  public enum Role: String, Hashable, Sendable {
    /// (x, w) ↦ y
    case forward
    /// (u, w) ↦ ∂⟨u, x ∗ w⟩/∂x
    case inputGradient
    /// (x, u) ↦ ∂⟨u, x ∗ w⟩/∂w
    case filterGradient
  }

  public var role: Role
  public var rows: ConvolutionGeometry.Axis
  public var columns: ConvolutionGeometry.Axis
  public var groups: Int
  public var layout: ImageLayout
  /// Whether images channels last go through the library's kernels, which exist in single precision only.
  var usesLibrary = false

  public init(
    role: Role = .forward, rows: ConvolutionGeometry.Axis, columns: ConvolutionGeometry.Axis, groups: Int = 1,
    layout: ImageLayout = .channelsFirst
  ) {
    self.role = role
    self.rows = rows
    self.columns = columns
    self.groups = groups
    self.layout = layout
  }

  public var name: String {
    switch role {
    case .forward: "convolution"
    case .inputGradient: "convolution[input gradient]"
    case .filterGradient: "convolution[filter gradient]"
    }
  }

  private func imageShape(_ images: Int, _ channels: Int, _ rows: Int, _ columns: Int) -> [Int] {
    layout == .channelsFirst ? [images, channels, rows, columns] : [images, rows, columns, channels]
  }

  private func channels(_ image: [Int]) -> Int { layout == .channelsFirst ? image[1] : image[3] }

  /// The sizes, from the shapes of the operands.
  public func geometry(_ left: [Int], _ right: [Int]) -> ConvolutionGeometry {
    let (inputs, outputs): (Int, Int) =
      switch role {
      case .forward: (channels(left), right[0])
      case .inputGradient: (right[1] * groups, channels(left))
      case .filterGradient: (channels(left), channels(right))
      }
    return ConvolutionGeometry(
      batch: left[0], groups: groups, inputChannels: inputs, outputChannels: outputs, rows: rows, columns: columns)
  }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 2, operands.allSatisfy({ $0.element == .real && $0.rank == 4 }) else {
      throw InputError("\(name) takes two real operands of rank 4, got \(operands)")
    }
    for axis in [rows, columns] {
      guard axis.stride > 0, axis.dilation > 0, axis.filter > 0, axis.input > 0, axis.paddingLow >= 0,
        axis.paddingHigh >= 0, axis.output > 0
      else {
        throw InputError(
          "\(name): a filter of \(axis.filter) taps (stride \(axis.stride), dilation \(axis.dilation), padding \(axis.paddingLow) and \(axis.paddingHigh)) does not fit \(axis.input) pixels"
        )
      }
    }
    let geometry = geometry(operands[0].shape, operands[1].shape)
    let (inputs, outputs) = (geometry.inputChannels, geometry.outputChannels)
    guard groups > 0, inputs % groups == 0, outputs % groups == 0 else {
      throw InputError("\(name): \(inputs) and \(outputs) channels cannot be parted into \(groups) groups")
    }
    let x = TensorType(imageShape(geometry.batch, inputs, rows.input, columns.input))
    let y = TensorType(imageShape(geometry.batch, outputs, rows.output, columns.output))
    let filter = TensorType([outputs, inputs / groups, rows.filter, columns.filter])
    let (expected, result): ([TensorType], TensorType) =
      switch role {
      case .forward: ([x, filter], y)
      case .inputGradient: ([y, filter], x)
      case .filterGradient: ([x, y], filter)
      }
    guard operands == expected else { throw InputError("\(name) of \(operands) does not fit: expected \(expected)") }
    return result
  }

  public func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    guard linear[0] != linear[1] else { throw InputError("\(name) is linear in one operand at a time") }
    func other(_ role: Role, _ left: Value, _ right: Value) throws(InputError) -> Value {
      var product = self
      product.role = role
      return try graph.append(product, [left, right])
    }
    let (left, right) = (operands[0], operands[1])
    switch (role, linear[0]) {
    case (.forward, true): return [try other(.inputGradient, cotangent, right), nil]
    case (.forward, false): return [nil, try other(.filterGradient, left, cotangent)]
    case (.inputGradient, true): return [try other(.forward, cotangent, right), nil]
    case (.inputGradient, false): return [nil, try other(.filterGradient, cotangent, left)]
    case (.filterGradient, true): return [try other(.inputGradient, right, cotangent), nil]
    case (.filterGradient, false): return [nil, try other(.forward, left, cotangent)]
    }
  }

  public func kernel(_ left: [Int], _ right: [Int]) -> any OpaqueKernel {
    let geometry = geometry(left, right)
    let kernel: (any OpaqueKernel)? =
      switch (layout, usesLibrary) {
      case (.channelsFirst, _): ColumnConvolution(role: role, geometry: geometry)
      case (.channelsLast, false): PixelConvolution(role: role, geometry: geometry)
      case (.channelsLast, true): PackedConvolutionKernel(role: role, geometry: geometry)
      }
    guard let kernel else { preconditionFailure("\(name) of channels-last images has no kernel for \(geometry)") }
    return kernel
  }
}

/// How a convolution walks over an image, as layers and files give it: rows before columns, or one axis.
public struct ConvolutionWindow: Hashable, Sendable {
  public var stride: [Int]
  public var paddingLow: [Int]
  public var paddingHigh: [Int]
  public var dilation: [Int]

  /// - Parameter rank: the number of spatial axes; single numbers hold for all of them.
  public init(rank: Int, stride: [Int] = [1], padding: [Int] = [0], dilation: [Int] = [1]) {
    func spread(_ numbers: [Int]) -> [Int] { numbers.count == 1 ? Array(repeating: numbers[0], count: rank) : numbers }
    self.stride = spread(stride)
    paddingLow = spread(padding)
    paddingHigh = paddingLow
    self.dilation = spread(dilation)
  }

  /// The padding that makes the output as large as the input at stride 1, the odd pixel at the end.
  public mutating func padToSameSize(filter: [Int]) {
    for axis in filter.indices {
      let total = dilation[axis] * (filter[axis] - 1)
      paddingLow[axis] = total / 2
      paddingHigh[axis] = total - total / 2
    }
  }
}

extension Graph {
  /// x ∗ w: images [n, c, spatial…] with filters [out, c / groups, spatial…], one or two spatial axes.
  public mutating func convolution(
    _ x: Value, filter: Value, window: ConvolutionWindow, groups: Int = 1
  ) throws(InputError) -> Value {
    let rank = try requireImages(x, filter, window)
    let axes = (0..<rank).map { index in
      ConvolutionGeometry.Axis(
        input: shape(of: x)[index + 2], filter: shape(of: filter)[index + 2], stride: window.stride[index],
        dilation: window.dilation[index], paddingLow: window.paddingLow[index], paddingHigh: window.paddingHigh[index])
    }
    return try convolve(.forward, x, filter, axes, groups: groups)
  }

  /// The transpose of a convolution with filters [c, out / groups, spatial…] as a layer: c channels in, `out` channels out.
  ///
  /// - Parameter outputPadding: pixels added at the end of the result, fewer than the stride, as several input sizes of
  ///   a convolution give one output size.
  public mutating func transposedConvolution(
    _ x: Value, filter: Value, window: ConvolutionWindow, outputPadding: [Int], groups: Int = 1
  ) throws(InputError) -> Value {
    let rank = try requireImages(x, filter, window)
    var axes: [ConvolutionGeometry.Axis] = []
    for index in 0..<rank {
      let (given, taps) = (shape(of: x)[index + 2], shape(of: filter)[index + 2])
      let extra = outputPadding.count == 1 ? outputPadding[0] : outputPadding[index]
      let span = window.dilation[index] * (taps - 1) + 1
      let size =
        (given - 1) * window.stride[index] + span + extra - window.paddingLow[index] - window.paddingHigh[index]
      let axis = ConvolutionGeometry.Axis(
        input: size, filter: taps, stride: window.stride[index], dilation: window.dilation[index],
        paddingLow: window.paddingLow[index], paddingHigh: window.paddingHigh[index])
      guard size > 0, axis.stride > 0, axis.output == given else {
        throw InputError(
          "transposed convolution: an output padding of \(extra) at stride \(window.stride[index]) is not possible")
      }
      axes.append(axis)
    }
    return try convolve(.inputGradient, x, filter, axes, groups: groups)
  }

  private func requireImages(_ x: Value, _ filter: Value, _ window: ConvolutionWindow) throws(InputError) -> Int {
    let rank = shape(of: x).count - 2
    guard 1...2 ~= rank, shape(of: filter).count == rank + 2 else {
      throw InputError(
        "convolution: images of shape \(shape(of: x)) and filters of shape \(shape(of: filter)): expected both of rank 3 or both of rank 4"
      )
    }
    guard [window.stride, window.paddingLow, window.paddingHigh, window.dilation].allSatisfy({ $0.count == rank }),
      (window.stride + window.dilation).allSatisfy({ $0 > 0 })
    else {
      throw InputError(
        "convolution: stride, padding and dilation need \(rank) numbers each, stride and dilation positive")
    }
    return rank
  }

  /// One spatial axis is that of images of one row.
  private mutating func convolve(
    _ role: Convolution.Role, _ left: Value, _ filter: Value, _ axes: [ConvolutionGeometry.Axis], groups: Int
  ) throws(InputError) -> Value {
    func raised(_ value: Value) throws(InputError) -> Value {
      let own = self.shape(of: value)
      return own.count == 3 ? try reshape(value, to: [own[0], own[1], 1, own[2]]) : value
    }
    let rows = axes.count == 2 ? axes[0] : ConvolutionGeometry.Axis(input: 1, filter: 1)
    let result = try append(
      Convolution(role: role, rows: rows, columns: axes[axes.count - 1], groups: groups),
      [raised(left), raised(filter)])
    if axes.count == 2 { return result }
    let own = shape(of: result)
    return try reshape(result, to: [own[0], own[1], own[3]])
  }
}
