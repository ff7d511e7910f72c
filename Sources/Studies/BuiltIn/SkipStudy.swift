extension BuiltInStudies {
  /// Skip connections.
  static let skip = """
    title: Skip connections of strength β
    question: What do skip connections over each layer do to κ of deep linear networks?
    reference: Zhao, Singh, Lucchi 2024 (arXiv:2411.02139), residual linear networks
    data:
      source: digits
      samples: 500
      side: 4
      whiten: zca
    network:
      kind: linear
      width: 16            # that of the data: β acts on square layers
      init: kaiming-normal
    vary:
      skip: [0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 100]
      depth: [2, 3, 4, 6]
    seeds: 3
    bounds: [convex combination]
    claims:
      skip: falls
      depth: grows

    """
}
