/// VGG-11 (configuration A), with or without batch normalisation: 132,863,336 or 132,868,840 parameters for ImageNet,
/// as torchvision's. Its variant for small images has one dense layer behind global average pooling: 9,225,610 or
/// 9,231,114 parameters (with the convolutions' biases kept, as is usual for it) for 10 classes.
///
/// Source: Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014, arXiv:1409.1556.
func vgg11(_ options: ImageNetworkOptions) -> [any Layer] {
  var layers: [any Layer] = []
  var channels = options.image[0]
  for (width, isPooled) in [
    (64, true), (128, true), (256, false), (256, true), (512, false), (512, true), (512, false), (512, true),
  ] {
    layers += options.convolution(channels, width, filter: 3, padding: 1, alwaysBiased: true)
    layers.append(ReLU())
    if isPooled { layers.append(MaxPooling2D(2)) }
    channels = width
  }
  if options.isSmall {
    return layers + [AdaptiveAveragePooling2D(1), Flatten(), options.dense(512, options.classes)]
  }
  return layers + [
    AdaptiveAveragePooling2D(7), Flatten(), options.dense(25088, 4096), ReLU(), Dropout(), options.dense(4096, 4096),
    ReLU(), Dropout(), options.dense(4096, options.classes),
  ]
}
