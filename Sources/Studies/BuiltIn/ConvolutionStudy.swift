extension BuiltInStudies {
  /// Kernel size and filters.
  static let convolution = """
    title: Kernel size and filters of a linear convolutional network
    question: Which of the two acts like width, and which like depth?
    reference: >-
      a re-description of Zhao, Singh, Lucchi 2024 (arXiv:2411.02139) by others, which may have swapped the two
    data:
      source: mnist
      samples: 1000
      side: 7
      whiten: zca
    network:
      kind: convolution    # one convolution without padding, one dense layer
      activation: identity
      init: kaiming-normal
    vary:
      kernel: [2, 3, 4, 5, 6]
      filters: [1, 2, 4, 8, 16, 32]
    figures:
      - {x: kernel, lines: filters}
      - {x: filters, lines: kernel}
    seeds: 3
    bounds: [blocks]
    claims:
      kernel: falls
      filters: grows

    """
}
