import Autodiff
import Networks
import Tensors

/// How the rows of a sample that share a weight enter a Kronecker factor.
///
/// Source: R. Eschenhagen, A. Immer, R. Turner, F. Schneider, P. Hennig, "Kronecker-factored approximate curvature for
/// modern neural network architectures", NeurIPS 2023, arXiv:2311.00636.
public enum WeightSharing: String, Sendable, Codable, CaseIterable {
  /// Every row by itself: E (1/R) Σ_r x_r x_rᵀ and E Σ_r δ_r δ_rᵀ. Exact for deep linear networks whose loss has a term
  /// for every row.
  case expand
  /// The rows of a sample together: E x̄ x̄ᵀ with x̄ their mean, and E (Σ_r δ_r)(Σ_r δ_r)ᵀ. Exact for deep linear
  /// networks whose loss sees the mean of the rows.
  case reduce
}

extension LayerGraph {
  /// wᵢ/Σw of each sample, that of all its rows together: [samples].
  mutating func sampleWeights() throws(InputError) -> Value {
    let rows = objective.graph.type(of: objective.weights).count
    let matrix = try objective.graph.reshape(objective.weights, to: [microbatch, rows / microbatch])
    return try objective.graph.reduce(.sum, matrix, over: [1])
  }

  /// The part of this microbatch in E xxᵀ [groups, n, n] and in E x [groups, n].
  mutating func inputMoments(of weight: Int, _ sharing: WeightSharing) throws(InputError) -> (Value, Value) {
    let sites = weights[weight].sites
    let share = try objective.graph.multiply(
      sampleWeights(), 1 / Double(sites.reduce(0) { $0 + $1.positions }))
    var moment: Value?
    var mean: Value?
    var joined: Value?
    for site in sites {
      let rows = try inputRows(site)
      let shape = objective.graph.shape(of: rows)
      let weighted = try objective.graph.multiply(
        rows, objective.graph.broadcast(share, to: shape, dimensions: [1]))
      mean = try sum(mean, objective.graph.reduce(.sum, weighted, over: [1, 2]))
      switch sharing {
      case .expand: moment = try sum(moment, gram(weighted, rows))
      case .reduce: joined = try sum(joined, objective.graph.reduce(.sum, rows, over: [2]))
      }
    }
    if let joined {
      // Σ_n wₙ/R² (Σ_r x)(Σ_r x)ᵀ; the share has one 1/R.
      let shape = objective.graph.shape(of: joined)
      let weighted = try objective.graph.multiply(
        joined, objective.graph.broadcast(share, to: shape, dimensions: [1]))
      let positions = sites.reduce(0) { $0 + $1.positions }
      moment = try objective.graph.multiply(gram(weighted, joined), 1 / Double(positions))
    }
    guard let moment, let mean else { throw InputError("a layer without a place in the network") }
    return (moment, mean)
  }

  /// The part of this microbatch in E δδᵀ [groups, m, m], for the derivatives of one unit vector.
  mutating func derivativeMoment(
    of weight: Int, _ derivatives: [Value], _ sharing: WeightSharing
  ) throws(InputError) -> Value {
    var moment: Value?
    var joined: Value?
    for (site, derivative) in zip(weights[weight].sites, derivatives) {
      let rows = try derivativeRows(derivative, site)
      switch sharing {
      case .expand: moment = try sum(moment, gram(rows, rows))
      case .reduce: joined = try sum(joined, objective.graph.reduce(.sum, rows, over: [2]))
      }
    }
    if let joined { moment = try gram(joined, joined) }
    guard let moment else { throw InputError("a layer without a place in the network") }
    return moment
  }

  /// The derivatives √w δ by the results of some weights' places, in the direction that a unit vector over so many
  /// directions chooses.
  mutating func derivatives(
    of chosen: [Int], source: DerivativeSource, directions: Int
  ) throws(InputError) -> [[Value]] {
    let unit = objective.graph.source(.vector(0), type: TensorType([directions]))
    return try split(
      objective.pullBack(source, unit: unit, microbatch: microbatch, at: chosen.flatMap { zeros[$0] }), chosen)
  }

  /// The derivatives w δ at the labels, those of all rows of a sample's targets together.
  mutating func joinedDerivatives(of chosen: [Int]) throws(InputError) -> [[Value]] {
    let rows = objective.graph.type(of: objective.weights).count / microbatch
    let unit = try objective.graph.constant(1, [rows])
    return try split(
      objective.pullBack(
        .labels, unit: unit, microbatch: microbatch, at: chosen.flatMap { zeros[$0] }, isJoined: true), chosen)
  }

  /// Values of all places, by weight.
  private func split(_ values: [Value], _ chosen: [Int]) -> [[Value]] {
    var next = values[...]
    return chosen.map { index in
      defer { next = next.dropFirst(zeros[index].count) }
      return Array(next.prefix(zeros[index].count))
    }
  }

  mutating func gram(_ left: Value, _ right: Value) throws(InputError) -> Value {
    let contracted = objective.graph.shape(of: left).count - 2
    return try objective.graph.append(
      DotGeneral(batch: 1, contracted: contracted, leftContractsFirst: true, rightContractsFirst: true),
      [left, right])
  }

  mutating func sum(_ total: Value?, _ summand: Value) throws(InputError) -> Value {
    guard let total else { return summand }
    return try objective.graph.add(total, summand)
  }
}

extension ObjectiveGraph {
  /// Jᵀ times √w times the direction of each sample that a unit vector chooses: a column of a root of ∂²ℓ/∂z², or a
  /// row's gradient at a label.
  ///
  /// - Parameter isJoined: w instead of √w, where the samples of a microbatch are summed before they are squared.
  mutating func pullBack(
    _ source: DerivativeSource, unit: Value, microbatch: Int, at inputs: [Value], isJoined: Bool = false
  ) throws(InputError) -> [Value] {
    let shape = graph.shape(of: outputs)
    let rows = graph.type(of: weights).count
    let matrix = [rows, graph.type(of: outputs).count / max(1, rows)]
    let roots = isJoined ? weights : try graph.apply(.sqrt, weights)
    if case .outputs = source {
      let sample = [microbatch, graph.type(of: outputs).count / max(1, microbatch)]
      let direction = try graph.reshape(graph.broadcast(unit, to: sample, dimensions: [1]), to: matrix)
      let factor = try curvatureFactor(direction, matrix, isFisher: false)
      let weighted = try graph.multiply(factor, graph.broadcast(roots, to: matrix, dimensions: [0]))
      return try graph.pullBack([outputs], cotangents: [graph.reshape(weighted, to: shape)], at: inputs)
    }
    let sample = [microbatch, rows / max(1, microbatch)]
    let chosen = try graph.reshape(graph.broadcast(unit, to: sample, dimensions: [1]), to: [rows])
    let weighted = try graph.multiply(roots, chosen)
    if case .labels = source { return try graph.pullBack([sampleLosses], cotangents: [weighted], at: inputs) }
    let draws = graph.source(.data(.draws), type: TensorType(matrix))
    let residual =
      definition == .crossEntropy
      ? try graph.subtract(graph.softmax(graph.reshape(outputs, to: matrix), dimension: 1), draws) : draws
    let cotangent = try graph.multiply(residual, graph.broadcast(weighted, to: matrix, dimensions: [0]))
    return try graph.pullBack([outputs], cotangents: [graph.reshape(cotangent, to: shape)], at: inputs)
  }
}
