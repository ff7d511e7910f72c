extension BuiltInStudies {
  /// Width that grows with depth.
  static let widthWithDepth = """
    title: Width in proportion to depth
    question: Does κ still grow with depth where the width grows along?
    reference: Zhao, Singh, Lucchi 2024 (arXiv:2411.02139), figure on width in proportion to depth
    data:
      source: mnist
      samples: 1000
      side: 7
      whiten: pca
    network:
      kind: linear
      init: kaiming-normal
    vary:
      depth: [2, 3, 4, 5, 6, 7, 8]
      width: [64, 8 * depth, 32 * depth, 64 * depth]
    seeds: 3
    bounds: []
    claims:
      depth: grows

    """
}
