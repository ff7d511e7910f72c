/// What the networks for images have in common: what they read, and how they begin.
struct ImageNetworkOptions: Sendable {
  /// [channels, rows, columns]
  var image: [Int]
  var classes: Int
  var initializer = Initializer.torch
  var hasBatchNormalization = true
  var hasSkips = true
  /// The variant for images of 32 × 32 pixels of a network made for ImageNet.
  var isSmall = false
}

extension ImageNetworkOptions {
  /// A convolution, with batch normalisation behind it or a bias in it.
  func convolution(
    _ inputs: Int, _ outputs: Int, filter: SpatialSizes, stride: SpatialSizes = 1, padding: ConvolutionPadding = 0,
    alwaysBiased: Bool = false
  ) -> [any Layer] {
    let layer = Convolution2D(
      inputs, outputs, filter: filter, stride: stride, padding: padding,
      bias: alwaysBiased || !hasBatchNormalization, initializer: initializer)
    return hasBatchNormalization ? [layer, BatchNormalization(outputs)] : [layer]
  }

  func dense(_ inputs: Int, _ outputs: Int) -> Dense { Dense(inputs, outputs, initializer: initializer) }

  /// ReLU(shortcut(x) + body(x)), or ReLU(body(x)) without skips.
  func block(_ body: [any Layer], shortcut: [any Layer]) -> [any Layer] {
    guard hasSkips else { return body + [ReLU()] }
    return [Residual(activation: ReLU(), { body }, shortcut: { shortcut })]
  }
}
