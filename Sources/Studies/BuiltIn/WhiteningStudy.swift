extension BuiltInStudies {
  /// Whitening.
  static let whitening = """
    title: Whitening
    question: How much of κ is that of the data?
    reference: Zhao, Singh, Lucchi 2024 (arXiv:2411.02139), figure on whitening
    data:
      source: cifar10
      samples: 1000
      grey: true
      side: 8
    network:
      kind: linear
      width: 256
      init: kaiming-normal
    vary:
      depth: [1, 2, 3, 4, 6]
      whiten: [none, pca]
    seeds: 3
    bounds: [convex combination]
    claims:
      whiten: falls
      depth: grows

    """
}
