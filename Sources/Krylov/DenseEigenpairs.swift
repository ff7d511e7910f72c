import Tensors

extension ExactSpectrum {
  /// The outermost eigenpairs from the dense matrix, in the form an ``EigenpairSolver`` gives them: for problems so
  /// small that all eigenvalues cost less than a search. Multiplicities are then known.
  ///
  /// Cost: n + top + bottom products, 16n² bytes and O(n³) operations.
  ///
  /// - Throws: ``InputError`` when the options make no sense, a product is not finite or there is no memory.
  public static func eigenpairs<Scalar: Real, A: LinearOperator>(
    _ operation: A, options: EigenpairOptions, observe: (_ columns: Int) throws -> Void = { _ in }
  ) throws -> Eigenpairs<Vector<Scalar>> where A.Space == DenseVectorSpace<Scalar> {
    let space = operation.space
    let n = space.dimension
    let plan = try EigenpairPlan(options, dimension: n, ulp: Double(Scalar.ulpOfOne))
    let eigen = try compute(operation, vectors: true, observe: observe).eigen
    let indices = (0..<plan.top).map { n - 1 - $0 } + (0..<plan.bottom)
    let vectors = indices.map { index in
      var vector = Vector(eigen.vector(index).map { Scalar($0) })
      space.scale(1 / space.norm(vector), &vector)
      return vector
    }
    let norm = Swift.max(abs(eigen.values[0]), abs(eigen.values[n - 1]))
    let limit = plan.tolerance * norm
    var pairs: [Eigenpair<Vector<Scalar>>] = []
    for start in stride(from: 0, to: vectors.count, by: residualBatch) {
      let batch = Array(vectors[start..<Swift.min(vectors.count, start + residualBatch)])
      for (vector, image) in zip(batch, try operation.checkedProducts(batch)) {
        let value = space.dot(vector, image)
        var difference = image
        space.axpy(-value, vector, &difference)
        let residual = space.norm(difference)
        let multiplicity = eigen.values.count { abs($0 - value) <= limit }
        pairs.append(
          Eigenpair(
            value: value, vector: vector, residual: residual, converged: residual <= limit,
            errorBound: Swift.max(residual, Double(Scalar.ulpOfOne) * norm), multiplicity: multiplicity,
            multiplicityVerified: true))
      }
    }
    let basis = space.basis(of: vectors)
    let values = eigen.values
    let isCut =
      plan.wanted < n
      && (plan.top > 0 && values[n - plan.top] - values[n - plan.top - 1] <= limit
        || plan.bottom > 0 && values[plan.bottom] - values[plan.bottom - 1] <= limit)
    return Eigenpairs(
      top: Array(pairs[..<plan.top]), bottom: Array(pairs[plan.top...]),
      reason: pairs.allSatisfy(\.converged) ? (isCut ? .coincident : .complete) : .noisyProducts,
      tolerance: plan.tolerance, normEstimate: norm,
      products: n + pairs.count, verificationProducts: 0, restarts: 0, orthogonality: basis.orthogonalityDefect(),
      unavailable: options.top + options.bottom - plan.wanted)
  }
}
