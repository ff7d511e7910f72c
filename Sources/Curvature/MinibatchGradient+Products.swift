import Autodiff
import Networks
import Synchronization
import Tensors

extension MinibatchGradient {
  /// Products of the loaded samples' Hessian, Gauss-Newton matrix or other operator on parameters with vectors, at the
  /// parameters of the last evaluation.
  ///
  /// Planned when first asked for. Products between two evaluations share one primal pass.
  ///
  /// - Throws: ``InputError`` for an operator that the loss does not define, or without an evaluation before.
  public func products(of kind: OperatorKind, with vectors: [Vector<Scalar>]) throws -> [Vector<Scalar>] {
    guard kind.actsOnParameters, !kind.isClassPart, kind != .monteCarloFisher, kind != .gradientCovariance else {
      throw InputError("the \(kind.title) has no products with a batch")
    }
    try objective.requireSplit(kind)
    let executor = try products.withLock { products in
      guard let position = products.position else { throw InputError("a batch has no products before its gradient") }
      let executor =
        try products.executors[kind]
        ?? objective.executor { graph throws(InputError) in try graph.product(of: kind, blocks: nil) }
      products.executors[kind] = executor
      if products.current.insert(kind).inserted { executor.move(to: position) }
      return executor
    }
    return executor.apply(vectors)
  }

  /// The gradient of the loaded samples at θ with labels drawn from the network's own outputs there: what the
  /// Gauss-Newton-Bartlett estimate m ĝ ⊙ ĝ of the diagonal of the Gauss-Newton matrix is made of, m the samples of the
  /// batch.
  ///
  /// Source: Liu, Li, Hall, Liang, Ma, "Sophia", 2023, arXiv:2305.14342, algorithm 2.
  ///
  /// - Throws: ``InputError`` for losses other than cross-entropy with labels.
  public func gradientWithDrawnLabels(at parameters: Vector<Scalar>, seed: UInt64, step: Int) throws -> Vector<Scalar> {
    guard objective.loss == .crossEntropy, objective.targetType?.element == .int32 else {
      throw InputError(
        "labels can be drawn for cross-entropy with labels only", remedy: "estimate the diagonal from products")
    }
    let outputs = try outputs(at: parameters)
    let data = objective.data
    let rows = batchSize * data.rowsPerSample
    let classes = objective.outputsPerSample / data.rowsPerSample
    let labels = Array(UnsafeBufferPointer(start: data.targets.pointer, count: rows))
    defer { for row in 0..<rows { data.targets.pointer[row] = labels[row] } }
    var fractions = [Scalar](repeating: 0, count: classes)
    let base = RandomStream(seed: seed, purpose: "labels of a step", index: step).block(0).0
    for row in 0..<rows where Int(labels[row]) != Loss.ignoredLabel {
      outputs.withUnsafePointer { scores in
        LabelDraws.draw(
          .crossEntropy, scores: UnsafeBufferPointer(start: scores + row * classes, count: classes), draws: 1,
          seed: base, row: row, into: &fractions)
      }
      data.targets.pointer[row] = Scalar(fractions.firstIndex(of: 1) ?? 0)
    }
    return try gradient(at: parameters).gradient
  }
}
