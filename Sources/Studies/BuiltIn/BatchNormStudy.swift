extension BuiltInStudies {
  /// Batch normalisation.
  static let batchNorm = """
    title: Batch normalisation
    question: Does batch normalisation lower κ of a linear network with one hidden layer?
    reference: Zhao, Singh, Lucchi 2024 (arXiv:2411.02139), figure on batch normalisation
    data:
      source: cifar10
      samples: 120
      grey: true
      side: 8
    network:
      kind: linear
      depth: 2
      init: kaiming-normal
    vary:
      width: [70, 100, 150, 200]
      batch-norm: [false, true]
    seeds: 5
    bounds: []
    claims:
      batch-norm: falls
      width: falls

    """
}
