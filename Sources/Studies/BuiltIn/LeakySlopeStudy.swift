extension BuiltInStudies {
  /// The slope of leaky ReLU.
  static let leakySlope = """
    title: Slope of leaky ReLU
    question: How does κ depend on the slope at negative inputs, from ReLU (0) to the identity (1)?
    reference: Zhao, Singh, Lucchi 2024 (arXiv:2411.02139), one hidden layer with leaky ReLU
    data:
      source: mnist
      samples: 100
      side: 14
    network:
      kind: mlp
      depth: 2
      activation: leaky-relu
      init: kaiming-normal
    vary:
      slope: [0, 0.01, 0.1, 0.3, 0.5, 0.7, 1]
      width: [128, 256, 512]
    seeds: 3
    bounds: [refined]
    claims:
      width: falls

    """
}
