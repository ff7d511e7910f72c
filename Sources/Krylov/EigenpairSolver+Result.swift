import Tensors

/// How far a search for eigenpairs has come.
public struct EigenpairProgress: Sendable, Hashable {
  public var products: Int
  public var maximumProducts: Int
  public var restarts: Int
  /// How many of the wanted pairs are within tolerance.
  public var converged: Int
  public var wanted: Int
  /// Whether all have converged and missed copies are being looked for.
  public var isVerifying: Bool
}

extension EigenpairSolver {
  public var progress: EigenpairProgress {
    EigenpairProgress(
      products: products, maximumProducts: plan.maximumProducts, restarts: restarts, converged: convergedPairs,
      wanted: plan.wanted, isVerifying: verification != nil)
  }

  /// Steps until the search is over, then ``eigenpairs(_:)``.
  ///
  /// - Parameter observe: called after every step with the solver, to show progress or to store a snapshot; may throw to stop.
  public mutating func run(
    _ operation: some LinearOperator<Space>, observe: (Self) throws -> Void = { _ in }
  ) throws -> Eigenpairs<Space.Vector> {
    while !isFinished {
      try step(operation)
      try observe(self)
    }
    return try eigenpairs(operation)
  }

  /// The wanted eigenpairs as they stand, each with its residual from a product of its own: top + bottom products, in
  /// calls of at most ``residualBatch``.
  ///
  /// May be asked for before the search is over; the reason is then ``EigenpairReason/productsExhausted`` unless all
  /// have converged.
  public func eigenpairs(_ operation: some LinearOperator<Space>) throws -> Eigenpairs<Space.Vector> {
    let pairs = try ritzPairs()
    // Fewer Ritz values than wanted: give what there is, from the outside in.
    let top = Swift.min(plan.top, pairs.count)
    let bottom = Swift.min(plan.bottom, pairs.count - top)
    let indices = (0..<top).map { pairs.count - 1 - $0 } + (0..<bottom)
    let vectors = indices.map { index -> Space.Vector in
      var vector = basis.combination(Array(pairs.eigen.vector(index)))
      let norm = space.norm(vector)
      if norm > 0 { space.scale(1 / norm, &vector) }
      return vector
    }
    var scale = normEstimate
    var values: [Double] = []
    var residuals: [Double] = []
    for start in stride(from: 0, to: vectors.count, by: residualBatch) {
      let batch = Array(vectors[start..<Swift.min(vectors.count, start + residualBatch)])
      for (vector, image) in zip(batch, try operation.checkedProducts(batch)) {
        let norm = space.norm(image)
        guard norm.isFinite else { throw nonFiniteProduct(products + values.count + 1) }
        scale = Swift.max(scale, norm)
        let value = space.dot(vector, image) / space.dot(vector, vector)
        var difference = image
        space.axpy(-value, vector, &difference)
        values.append(value)
        residuals.append(space.norm(difference))
      }
    }

    let limit = plan.tolerance * scale
    // A bound of second order says nothing of the rounding of the value itself.
    let rounding = Double(Space.Scalar.ulpOfOne) * scale
    let isComplete = basis.count == space.dimension
    var results: [Eigenpair<Space.Vector>] = []
    for (position, index) in indices.enumerated() {
      let others = pairs.values.indices.filter { $0 != index }
      let gap = others.map { abs(pairs.values[$0] - values[position]) - pairs.residuals[$0] }.min() ?? .infinity
      let residual = residuals[position]
      let isVerified = isComplete || verified[position < top ? position : plan.top + position - top]
      let squared = gap > residual && isVerified ? residual * (residual / gap) : residual
      let copies = others.filter {
        abs(pairs.values[$0] - values[position]) <= coincidence && pairs.residuals[$0] <= limit
      }
      results.append(
        Eigenpair(
          value: values[position], vector: vectors[position], residual: residual, converged: residual <= limit,
          errorBound: Swift.min(residual, Swift.max(squared, rounding)), multiplicity: 1 + copies.count,
          multiplicityVerified: isVerified))
    }
    let all = results.count == plan.wanted && results.allSatisfy(\.converged)
    return Eigenpairs(
      top: Array(results[..<top]), bottom: Array(results[top...]), reason: finalReason(allConverged: all),
      tolerance: plan.tolerance, normEstimate: scale, products: products + vectors.count,
      verificationProducts: verificationProducts, restarts: restarts,
      orthogonality: space.basis(of: vectors).orthogonalityDefect(),
      unavailable: options.top + options.bottom - plan.wanted)
  }

  private func finalReason(allConverged: Bool) -> EigenpairReason {
    if allConverged { return reason == .productsExhausted ? .converged : reason ?? .converged }
    return reason == nil || reason == .productsExhausted ? .productsExhausted : .noisyProducts
  }
}
