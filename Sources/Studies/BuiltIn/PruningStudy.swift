extension BuiltInStudies {
  /// Pruning before training.
  static let pruning = """
    title: Pruning before training
    question: What does pruning the smallest weights of each layer at initialisation do to κ?
    reference: Zhao, Singh, Lucchi 2024 (arXiv:2411.02139), figure 1 (there a ResNet-20)
    data:
      source: cifar10
      samples: 60
      grey: true
      side: 16
    network:
      kind: mlp
      depth: 3
      activation: relu
      init: kaiming-normal
    vary:
      prune: [0, 0.2, 0.4, 0.6, 0.8, 0.9]
      width: [64, 128]
    seeds: 5
    claims:
      prune: grows

    """
}
