import Tensors

/// Stochastic estimates of tr A from products.
///
/// Probe i is a pure function of (seed, i): the same probes whatever the batch and the number of workers.
public struct TraceEstimator: Sendable, Hashable {
  public var distribution: RandomDistribution
  public var seed: UInt64
  /// Probes multiplied in one call of the operator.
  public var batch: Int

  public init(distribution: RandomDistribution = .rademacher, seed: UInt64 = 0, batch: Int = 1) {
    precondition(batch > 0)
    self.distribution = distribution
    self.seed = seed
    self.batch = batch
  }

  /// Hutchinson's estimate: the mean of zᵀAz over random z with E zzᵀ = I.
  ///
  /// Unbiased. Variance of one probe: 2 Σ_{i≠j} aᵢⱼ² for Rademacher, 2‖A‖_F² for Gaussian probes.
  ///
  /// - Parameter previous: samples of probes 0, 1, … from an interrupted run, which are not drawn again.
  /// - Throws: ``InputError`` when a product is not finite.
  ///
  /// Source: M. F. Hutchinson, Comm. Statist. Simulation Comput. 19 (1990), 433–450, doi:10.1080/03610919008812866.
  public func hutchinson<A: LinearOperator>(
    _ operation: A, probes: Int, previous: [Double] = [], observe: ([Double]) throws -> Void = { _ in }
  ) throws -> TraceEstimate {
    guard probes > 0 else { throw InputError("a trace needs at least one probe") }
    var samples = Array(previous.prefix(probes))
    while samples.count < probes {
      let range = samples.count..<Swift.min(probes, samples.count + batch)
      let vectors = range.map { probe($0, purpose: "trace probe", operation.space) }
      for (vector, image) in zip(vectors, try operation.checkedProducts(vectors)) {
        let sample = operation.space.dot(vector, image)
        guard sample.isFinite else { throw nonFiniteProduct(samples.count + 1) }
        samples.append(sample)
      }
      try observe(samples)
    }
    return TraceEstimate(method: .hutchinson, samples: samples, products: probes)
  }

  /// Hutch++: the trace on the range of a sketch exactly, on its complement by Hutchinson.
  ///
  /// With S random, Q = orth(A S), tr A = tr QᵀAQ + tr (I − QQᵀ) A (I − QQᵀ). A third of the products goes to each of
  /// S, Q and the probes. Exact for operators of rank at most a third of the products; the error falls with 1/products
  /// for semidefinite A, where Hutchinson's falls with its square root. The standard error is that of the probes; the
  /// first part has none.
  ///
  /// - Parameter products: at least 3; at most the next lower multiple of 3 is spent.
  /// - Throws: ``InputError`` when a product is not finite.
  ///
  /// Source: R. A. Meyer, C. Musco, C. Musco, D. P. Woodruff, "Hutch++: optimal stochastic trace estimation", SOSA
  /// 2021, arXiv:2010.09649.
  public func hutchPlusPlus<A: LinearOperator>(_ operation: A, products: Int) throws -> TraceEstimate {
    let space = operation.space
    let third = products / 3
    guard third > 0 else { throw InputError("Hutch++ needs at least 3 products, not \(products)") }
    let width = Swift.min(third, space.dimension)
    var spent = 0
    var basis = space.basis()
    var scale = 0.0
    for start in stride(from: 0, to: width, by: batch) {
      let sketch = (start..<Swift.min(width, start + batch)).map { probe($0, purpose: "trace sketch", space) }
      for image in try operation.checkedProducts(sketch) {
        spent += 1
        var vector = image
        let norm = space.norm(vector)
        guard norm.isFinite else { throw nonFiniteProduct(spent) }
        scale = Swift.max(scale, norm)
        let rest = project(out: basis, from: &vector, space)
        // A direction that is only the rounding of the others would add noise, not range.
        if rest > A.Space.Scalar.defaultNoise * scale {
          space.scale(1 / rest, &vector)
          basis.append(vector)
        }
      }
    }

    var captured = 0.0
    for start in stride(from: 0, to: basis.count, by: batch) {
      let vectors = (start..<Swift.min(basis.count, start + batch)).map { basis[$0] }
      for (vector, image) in zip(vectors, try operation.checkedProducts(vectors)) {
        captured += space.dot(vector, image)
        spent += 1
      }
    }
    if basis.count >= space.dimension {
      return TraceEstimate(method: .hutchPlusPlus, samples: [captured], isExact: true, products: spent)
    }

    var samples: [Double] = []
    for start in stride(from: 0, to: third, by: batch) {
      let vectors = (start..<Swift.min(third, start + batch)).map { index in
        var vector = probe(index, purpose: "trace remainder", space)
        _ = project(out: basis, from: &vector, space)
        return vector
      }
      for (vector, image) in zip(vectors, try operation.checkedProducts(vectors)) {
        samples.append(captured + space.dot(vector, image))
        spent += 1
      }
    }
    guard samples.allSatisfy(\.isFinite) else { throw nonFiniteProduct(spent) }
    return TraceEstimate(method: .hutchPlusPlus, samples: samples, products: spent)
  }

  private func probe<Space: VectorSpace>(_ index: Int, purpose: String, _ space: Space) -> Space.Vector {
    space.random(distribution, from: RandomStream(seed: seed, purpose: purpose, index: index))
  }

  /// Removes the span of an orthonormal basis from a vector; returns the norm that is left.
  private func project<Space: VectorSpace>(
    out basis: Space.Basis, from vector: inout Space.Vector, _ space: Space
  ) -> Double {
    var norm = space.norm(vector)
    for _ in 0..<3 where norm > 0 {
      basis.subtract(basis.coefficients(of: vector), from: &vector)
      let before = norm
      norm = space.norm(vector)
      if norm >= cancellationRatio * before { break }
    }
    return norm
  }
}
