/// The residual networks for CIFAR: three stages of `blocks` blocks of two 3 × 3 convolutions with 16, 32 and 64
/// channels. 6 · blocks + 2 layers deep; where a stage begins, a 1 × 1 convolution takes the place of the identity.
/// Without batch normalisation the convolutions have biases. ResNet-20 has 272,474 parameters with batch normalisation
/// and 10 classes.
///
/// Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2015, arXiv:1512.03385, section 4.2.
func residualNetworkForCIFAR(blocks: Int, _ options: ImageNetworkOptions) -> [any Layer] {
  var layers: [any Layer] = options.convolution(options.image[0], 16, filter: 3, padding: 1)
  layers.append(ReLU())
  var channels = 16
  for (stage, width) in [16, 32, 64].enumerated() {
    for block in 0..<blocks {
      layers += options.basicBlock(channels, width, stride: stage > 0 && block == 0 ? 2 : 1)
      channels = width
    }
  }
  layers.append(AdaptiveAveragePooling2D(1))
  layers.append(Flatten())
  layers.append(options.dense(channels, options.classes))
  return layers
}

/// ResNet-18: 11,689,512 parameters for ImageNet, as torchvision's; 11,173,962 in its variant for small images (a 3 × 3
/// convolution at the beginning and no pooling) with 10 classes.
func resNet18(_ options: ImageNetworkOptions) -> [any Layer] {
  residualNetworkForImageNet([2, 2, 2, 2], expansion: 1, options) { channels, width, stride in
    options.basicBlock(channels, width, stride: stride)
  }
}

/// ResNet-50: 25,557,032 parameters for ImageNet, as torchvision's, with the stride in the 3 × 3 convolutions.
func resNet50(_ options: ImageNetworkOptions) -> [any Layer] {
  residualNetworkForImageNet([3, 4, 6, 3], expansion: 4, options) { channels, width, stride in
    options.bottleneckBlock(channels, width, stride: stride)
  }
}

private func residualNetworkForImageNet(
  _ blocks: [Int], expansion: Int, _ options: ImageNetworkOptions, block: (Int, Int, Int) -> [any Layer]
) -> [any Layer] {
  var layers: [any Layer]
  if options.isSmall {
    layers = options.convolution(options.image[0], 64, filter: 3, padding: 1)
    layers.append(ReLU())
  } else {
    layers = options.convolution(options.image[0], 64, filter: 7, stride: 2, padding: 3)
    layers.append(ReLU())
    layers.append(MaxPooling2D(3, stride: 2, padding: 1))
  }
  var channels = 64
  for (stage, width) in [64, 128, 256, 512].enumerated() {
    for position in 0..<blocks[stage] {
      layers += block(channels, width, stage > 0 && position == 0 ? 2 : 1)
      channels = width * expansion
    }
  }
  return layers + [AdaptiveAveragePooling2D(1), Flatten(), options.dense(channels, options.classes)]
}

extension ImageNetworkOptions {
  /// Two 3 × 3 convolutions.
  fileprivate func basicBlock(_ inputs: Int, _ width: Int, stride: Int) -> [any Layer] {
    let body =
      convolution(inputs, width, filter: 3, stride: SpatialSizes([stride]), padding: 1) + [ReLU()]
      + convolution(width, width, filter: 3, padding: 1)
    return block(body, shortcut: projection(inputs, width, stride: stride))
  }

  /// 1 × 1, 3 × 3 and 1 × 1 convolutions, the last four times as wide.
  fileprivate func bottleneckBlock(_ inputs: Int, _ width: Int, stride: Int) -> [any Layer] {
    let body =
      convolution(inputs, width, filter: 1) + [ReLU()]
      + convolution(width, width, filter: 3, stride: SpatialSizes([stride]), padding: 1) + [ReLU()]
      + convolution(width, 4 * width, filter: 1)
    return block(body, shortcut: projection(inputs, 4 * width, stride: stride))
  }

  /// Nothing where the sizes stay.
  private func projection(_ inputs: Int, _ outputs: Int, stride: Int) -> [any Layer] {
    stride == 1 && inputs == outputs
      ? [] : convolution(inputs, outputs, filter: 1, stride: SpatialSizes([stride]))
  }
}
