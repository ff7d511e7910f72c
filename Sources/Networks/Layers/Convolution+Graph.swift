import Autodiff
import Tensors

extension Graph {
  /// x ∗ w + bias: images [n, c, spatial…] with filters [out, c / groups, spatial…], one or two spatial axes.
  ///
  /// - Parameter bias: [out], or none.
  /// - Throws: where any of the sizes is impossible or does not fit the others.
  mutating func convolutionLayer(
    _ x: Value, filter: Value, bias: Value?, stride: [Int], padding: ConvolutionPadding, dilation: [Int], groups: Int
  ) throws(InputError) -> Value {
    let (image, taps) = (shape(of: x), shape(of: filter))
    let window = try convolutionWindow(
      x, filter: filter, stride: stride, padding: padding, dilation: dilation, groups: groups)
    guard taps[0] % groups == 0, image[1] == taps[1] * groups else {
      throw InputError(
        "filters of shape \(taps) in \(groups) groups do not fit images of shape \(image)")
    }
    var result = [image[0], taps[0]]
    for axis in 0..<taps.count - 2 {
      let padded = image[axis + 2] + window.paddingLow[axis] + window.paddingHigh[axis]
      let span = window.dilation[axis] * (taps[axis + 2] - 1) + 1
      guard padded >= span else {
        throw InputError(
          "a filter that spans \(span) pixels does not fit an image of \(padded) pixels with its padding")
      }
      result.append((padded - span) / window.stride[axis] + 1)
    }
    try WindowSizes.requireSize(result)
    return try withBias(convolution(x, filter: filter, window: window, groups: groups), bias)
  }

  /// The transpose of a convolution as a layer: filters [c, out / groups, spatial…].
  ///
  /// - Parameter outputPadding: pixels added at the end of the result, fewer than the stride or the dilation.
  mutating func transposedConvolutionLayer(
    _ x: Value, filter: Value, bias: Value?, stride: [Int], padding: ConvolutionPadding, outputPadding: [Int],
    dilation: [Int], groups: Int
  ) throws(InputError) -> Value {
    let (image, taps) = (shape(of: x), shape(of: filter))
    let window = try convolutionWindow(
      x, filter: filter, stride: stride, padding: padding, dilation: dilation, groups: groups)
    guard image[1] == taps[0], taps[0] % groups == 0 else {
      throw InputError("filters of shape \(taps) in \(groups) groups do not fit images of shape \(image)")
    }
    let rank = taps.count - 2
    let extra = try WindowSizes.spread(outputPadding, "output_padding", rank: rank, from: 0)
    var result = [image[0], taps[1] * groups]
    for axis in 0..<rank {
      guard extra[axis] < max(window.stride[axis], window.dilation[axis]) else {
        throw InputError(
          "output_padding \(extra[axis]) must be smaller than the stride \(window.stride[axis]) "
            + "or the dilation \(window.dilation[axis])")
      }
      let span = window.dilation[axis] * (taps[axis + 2] - 1) + 1
      let (reach, overflow) = (image[axis + 2] - 1).multipliedReportingOverflow(by: window.stride[axis])
      guard !overflow, reach < 1 << 40 else {
        throw InputError("the result of stride \(window.stride[axis]) is too large")
      }
      result.append(reach + span + extra[axis] - window.paddingLow[axis] - window.paddingHigh[axis])
    }
    try WindowSizes.requireSize(result)
    return try withBias(
      transposedConvolution(x, filter: filter, window: window, outputPadding: extra, groups: groups), bias)
  }

  private mutating func convolutionWindow(
    _ x: Value, filter: Value, stride: [Int], padding: ConvolutionPadding, dilation: [Int], groups: Int
  ) throws(InputError) -> ConvolutionWindow {
    let (image, taps) = (shape(of: x), shape(of: filter))
    guard image.count == 3 || image.count == 4, taps.count == image.count else {
      throw InputError(
        "a convolution takes images [n, c, length] or [n, c, rows, columns] and filters of the same rank, "
          + "got shapes \(image) and \(taps)")
    }
    let rank = taps.count - 2
    guard (image + taps).allSatisfy({ $0 > 0 }) else {
      throw InputError("images of shape \(image) and filters of shape \(taps) have no elements")
    }
    try WindowSizes.requireSize(image)
    guard taps.dropFirst(2).allSatisfy({ $0 <= WindowSizes.largest }) else {
      throw InputError("filters of shape \(taps) are larger than \(WindowSizes.largest)")
    }
    guard (1...WindowSizes.largest).contains(groups) else {
      throw InputError("groups \(groups) is not from 1 to \(WindowSizes.largest)")
    }
    let strides = try WindowSizes.spread(stride, "stride", rank: rank, from: 1)
    let dilations = try WindowSizes.spread(dilation, "dilation", rank: rank, from: 1)
    switch padding {
    case .zeros(let zeros):
      return ConvolutionWindow(
        rank: rank, stride: strides, padding: try WindowSizes.spread(zeros, "padding", rank: rank, from: 0),
        dilation: dilations)
    case .same:
      guard strides.allSatisfy({ $0 == 1 }) else { throw InputError("padding 'same' needs stride 1, not \(stride)") }
      var window = ConvolutionWindow(rank: rank, stride: strides, dilation: dilations)
      window.padToSameSize(filter: Array(taps.dropFirst(2)))
      return window
    }
  }

  private mutating func withBias(_ x: Value, _ bias: Value?) throws(InputError) -> Value {
    guard let bias else { return x }
    let shape = self.shape(of: x)
    guard self.shape(of: bias) == [shape[1]] else {
      throw InputError("a bias of shape \(self.shape(of: bias)) does not fit a result of \(shape[1]) channels")
    }
    return try add(x, broadcast(bias, to: shape, dimensions: [1]))
  }
}
