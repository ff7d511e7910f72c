extension BuiltInStudies {
  /// Tightness of the bounds.
  static let boundTightness = """
    title: Tightness of the bounds
    question: How far above κ are the bounds for deep linear networks?
    reference: Zhao, Singh, Lucchi 2024 (arXiv:2411.02139), figure on the two bounds
    data:
      source: mnist
      samples: 1000
      side: 7
      whiten: pca
    network:
      kind: linear
      init: kaiming-normal
    vary:
      width: [64, 96, 128, 192, 256, 512, 1024]
      depth: [2, 3, 4]
    seeds: 5
    bounds: [convex combination, maximum, Marchenko-Pastur edges]
    claims:
      width: falls

    """
}
