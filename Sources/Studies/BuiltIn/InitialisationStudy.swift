extension BuiltInStudies {
  /// Initialisation.
  static let initialisation = """
    title: Initialisation
    question: How do Kaiming's, Xavier's and orthogonal initialisation differ in κ over depth?
    data:
      source: mnist
      samples: 1000
      side: 7
      whiten: pca
    network:
      kind: linear
      width: 128
    vary:
      depth: [1, 2, 3, 4, 6, 8]
      init: [kaiming-normal, xavier-normal, orthogonal]
    seeds: 3
    bounds: [convex combination]

    """
}
