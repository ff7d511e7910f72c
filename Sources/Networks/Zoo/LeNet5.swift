/// LeNet-5 as it is used today: 5 × 5 convolutions of 6 and 16 filters with ReLU and max pooling, dense layers of 120
/// and 84. The first convolution pads by 2, so that images of 28 × 28 give 400 features: 61,706 parameters for one
/// channel and 10 classes.
///
/// Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998, doi:10.1109/5.726791
/// (there with average pooling, sparse connections and tanh).
func leNet5(_ options: ImageNetworkOptions) -> [any Layer] {
  let features = options.image.dropFirst().map { ($0 / 2 - 4) / 2 }.reduce(16, *)
  return [
    Convolution2D(options.image[0], 6, filter: 5, padding: 2, initializer: options.initializer), ReLU(),
    MaxPooling2D(2),
    Convolution2D(6, 16, filter: 5, initializer: options.initializer), ReLU(), MaxPooling2D(2), Flatten(),
    options.dense(features, 120), ReLU(), options.dense(120, 84), ReLU(), options.dense(84, options.classes),
  ]
}
