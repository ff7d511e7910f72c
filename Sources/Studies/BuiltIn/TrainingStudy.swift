extension BuiltInStudies {
  /// Along training.
  static let training = """
    title: Along training
    question: Do κ and its bounds change while a linear network is trained?
    reference: Zhao, Singh, Lucchi 2024 (arXiv:2411.02139), figure on training (there SGD on a width of 500)
    data:
      source: cifar10
      samples: 1000
      grey: true
      side: 8
      whiten: pca
    network:
      kind: linear
      depth: 3
      init: kaiming-normal
    loss: squared-error
    training:
      learning-rate: 0.02  # full-batch gradient descent
      steps: [0, 5, 10, 20, 40, 80, 160]
    vary:
      width: [100, 200, 500]
    seeds: 3
    bounds: [convex combination]
    claims:
      width: falls

    """
}
