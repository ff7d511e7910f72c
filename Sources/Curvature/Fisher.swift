import Autodiff
import Networks
import Tensors

extension ObjectiveGraph {
  /// F v = Jᵀ F_z J v with F_z = E_y r(y) r(y)ᵀ, r(y) = ∂ℓ(z, y)/∂z, over labels y of the model's own distribution, or
  /// the mean over the drawn ones.
  mutating func fisherProduct(
    at inputs: [Value], along directions: [Value], drawSize: Int?
  ) throws(InputError) -> [Value?] {
    guard let direction = try outputTangent(at: inputs, along: directions) else { return inputs.map { _ in nil } }
    let shape = graph.shape(of: outputs)
    let rows = graph.type(of: weights).count
    let matrix = [rows, graph.type(of: outputs).count / max(1, rows)]
    let scores = try graph.reshape(outputs, to: matrix)
    let tangent = try graph.reshape(direction, to: matrix)
    let spread =
      if let drawSize {
        try drawnLabelCovariance(scores, tangent, draws: drawSize)
      } else {
        try labelCovariance(scores, tangent)
      }
    let weighted = try graph.multiply(spread, graph.broadcast(weights, to: matrix, dimensions: [0]))
    return try graph.pullBack([outputs], cotangents: [graph.reshape(weighted, to: shape)], at: inputs)
  }

  /// F_z t for each row of `tangent`, over the model's own distribution.
  private mutating func labelCovariance(_ scores: Value, _ tangent: Value) throws(InputError) -> Value {
    switch definition {
    case .crossEntropy:
      // (diag p − ppᵀ) t = p ⊙ (t − ⟨p, t⟩)
      let shape = graph.shape(of: scores)
      let shifted = try shiftedTangent(scores, tangent)
      let probabilities = try graph.softmax(scores, dimension: 1)
      let mean = try graph.reduce(.sum, graph.multiply(probabilities, shifted), over: [1])
      return try graph.multiply(
        probabilities, graph.subtract(shifted, graph.broadcast(mean, to: shape, dimensions: [0])))
    case .squaredError: return tangent
    case .meanSquaredError: return try graph.multiply(tangent, 2 / Double(graph.shape(of: scores)[1]))
    case .binaryCrossEntropy:
      let variance = try graph.multiply(
        graph.apply(.logistic, scores), graph.apply(.logistic, graph.negate(scores)))
      return try graph.multiply(variance, tangent)
    case .output: throw InputError("the loss \(definition.rawValue) is of no distribution")
    }
  }

  /// (1/k) Σ_d r_d r_dᵀ t for each row of `tangent`.
  ///
  /// For labels the draws are the fraction q of draws of each class, which is all that the sum depends on:
  /// Σ_c q_c (p − e_c)(p − e_c)ᵀ t = p (s − ⟨q, t⟩) − q ⊙ (s − t), s = ⟨p, t⟩. Else they are the k residuals r_d.
  private mutating func drawnLabelCovariance(
    _ scores: Value, _ tangent: Value, draws drawSize: Int
  ) throws(InputError) -> Value {
    let shape = graph.shape(of: scores)
    guard definition == .crossEntropy else {
      let count = drawSize / shape[1]
      let residuals = graph.source(.data(.draws), type: TensorType([shape[0], count, shape[1]]))
      let slopes = try graph.append(
        DotGeneral(batch: 1, leftContractsFirst: false, rightContractsFirst: true), [residuals, tangent])
      let sum = try graph.append(
        DotGeneral(batch: 1, leftContractsFirst: true, rightContractsFirst: true), [residuals, slopes])
      return try graph.multiply(sum, 1 / Double(count))
    }
    let fractions = graph.source(.data(.draws), type: TensorType(shape))
    let probabilities = try graph.softmax(scores, dimension: 1)
    let shifted = try shiftedTangent(scores, tangent)
    let mean = try graph.reduce(.sum, graph.multiply(probabilities, shifted), over: [1])
    let drawn = try graph.reduce(.sum, graph.multiply(fractions, shifted), over: [1])
    let along = try graph.broadcast(graph.subtract(mean, drawn), to: shape, dimensions: [0])
    let apart = try graph.subtract(graph.broadcast(mean, to: shape, dimensions: [0]), shifted)
    return try graph.subtract(graph.multiply(probabilities, along), graph.multiply(fractions, apart))
  }

  /// The tangent less its element at the row's largest score. F_z does not see the shift, as residuals of labels sum to zero, and
  /// what is left is small where the model is sure: there t_y − ⟨p, t⟩ would cancel.
  private mutating func shiftedTangent(_ scores: Value, _ tangent: Value) throws(InputError) -> Value {
    let shape = graph.shape(of: scores)
    let highest = try graph.broadcast(graph.reduce(.maximum, scores, over: [1]), to: shape, dimensions: [0])
    let isHighest = try graph.compare(scores, .equal, highest)
    let (one, zero) = (try graph.constant(1, shape), try graph.constant(0, shape))
    let ties = try graph.reduce(.sum, graph.select(isHighest, one, zero), over: [1])
    let sum = try graph.reduce(.sum, graph.select(isHighest, tangent, zero), over: [1])
    return try graph.subtract(
      tangent, graph.broadcast(graph.divide(sum, ties), to: shape, dimensions: [0]))
  }
}

extension Objective {
  /// The Fisher matrix F = (1/n) Σᵢ E_y gᵢ(y) gᵢ(y)ᵀ, gᵢ(y) = ∇ℓ(zᵢ, y), over labels y of the model's own distribution
  /// p(y|zᵢ): the one whose negative log-likelihood the loss is, up to a constant.
  ///
  /// | loss | p(y\|z) | E r rᵀ |
  /// |---|---|---|
  /// | `cross-entropy` | classes with softmax(z) | diag p − ppᵀ |
  /// | `squared-error` | normal, mean z, variance 1 | I |
  /// | `mse` | normal, mean z, variance C/2 | 2/C · I |
  /// | `bce` | independent, 1 with probability σ(z_c) | diag σ(z)(1 − σ(z)) |
  ///
  /// All are exponential families with natural parameter z, so F equals the Gauss-Newton matrix; but for soft targets of
  /// cross-entropy that do not sum to one, which F does not see (Martens 2020, arXiv:1412.1193).
  ///
  /// Cost of a product: that of the Gauss-Newton matrix.
  ///
  /// - Throws: ``InputError`` for the loss `output`.
  public func fisher() throws -> NetworkOperator<Scalar> { try curvature(.fisher) }

  /// The Fisher matrix with the expectation over labels replaced by the mean over a few, drawn once for all products: a
  /// function of the seed and the sample alone.
  ///
  /// Unbiased. Cost of a product: that of the Gauss-Newton matrix, whatever the number of draws.
  ///
  /// - Throws: ``InputError`` for the loss `output`.
  public func monteCarloFisher(draws: Int, seed: UInt64 = 0) throws -> NetworkOperator<Scalar> {
    try curvature(.monteCarloFisher, options: OperatorOptions(fisherDraws: draws, seed: seed))
  }
}
