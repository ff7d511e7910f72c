extension BuiltInStudies {
  /// Depth by width.
  static let depthWidth = """
    title: Depth and width
    question: How does κ grow with depth, and what does width do about it?
    reference: Zhao, Singh, Lucchi 2024 (arXiv:2411.02139), figure on depth and width
    data:
      source: mnist
      samples: 1000
      side: 7              # 28 × 28 pixels to 7 × 7 by averaging blocks
      whiten: pca          # covariance to the identity, dead directions dropped
    network:
      kind: linear         # no biases, nothing between the layers
      init: kaiming-normal
    loss: squared-error
    vary:
      depth: [1, 2, 3, 4, 5, 6, 7, 8]
      width: [16, 32, 64, 128, 256, 512]
    seeds: 3
    bounds: [convex combination]
    claims:
      depth: grows
      width: falls

    """
}
