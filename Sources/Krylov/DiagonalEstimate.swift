import Tensors

/// The diagonal of an operator, exact or estimated element by element.
public struct DiagonalEstimate: Sendable {
  public enum Method: String, Sendable, Codable {
    case exact
    case hutchinson
  }

  public var method: Method
  public var values: Vector<Double>
  /// The standard error of each element; 0 where exact, `nil` for a single probe, which says nothing of its error.
  public var standardErrors: Vector<Double>?
  /// Random probes; 0 where exact.
  public var probes: Int
  public var products: Int

  public init(
    method: Method, values: Vector<Double>, standardErrors: Vector<Double>?, probes: Int, products: Int
  ) {
    self.method = method
    self.values = values
    self.standardErrors = standardErrors
    self.probes = probes
    self.products = products
  }

  /// A diagonal that is known.
  public init(exact values: Vector<Double>, products: Int) {
    self.init(
      method: .exact, values: values, standardErrors: Vector(zeros: values.count), probes: 0, products: products)
  }
}

extension TraceEstimator {
  /// The mean of z ⊙ Az over random signs z: unbiased, with variance Σ_{j≠i} aᵢⱼ² for one probe of element i.
  ///
  /// Signs whatever the estimator's distribution: with them the diagonal itself adds no variance. Memory: two vectors in Double.
  ///
  /// - Throws: ``InputError`` when a product is not finite.
  ///
  /// Source: C. Bekas, E. Kokiopoulou, Y. Saad, Appl. Numer. Math. 57 (2007), 1214–1229, doi:10.1016/j.apnum.2007.01.003.
  public func diagonal<Scalar: Real, A: LinearOperator>(
    _ operation: A, probes: Int, observe: (_ probes: Int) throws -> Void = { _ in }
  ) throws -> DiagonalEstimate where A.Space == DenseVectorSpace<Scalar> {
    guard probes > 0 else { throw InputError("a diagonal needs at least one probe") }
    let space = operation.space
    let count = space.dimension
    var mean = Vector<Double>(zeros: count)
    /// Σ (x − mean)² by Welford's recurrence.
    var squares = Vector<Double>(zeros: count)
    for start in stride(from: 0, to: probes, by: batch) {
      let range = start..<Swift.min(probes, start + batch)
      let signs = range.map {
        space.random(.rademacher, from: RandomStream(seed: seed, purpose: "diagonal probe", index: $0))
      }
      for (index, image) in zip(range, try operation.checkedProducts(signs)) {
        guard space.norm(image).isFinite else { throw nonFiniteProduct(index + 1) }
        let weight = 1 / Double(index + 1)
        let vector = signs[index - start]
        mean.withUnsafeMutablePointer { mean in
          squares.withUnsafeMutablePointer { squares in
            vector.withUnsafePointer { vector in
              image.withUnsafePointer { image in
                for element in 0..<count {
                  let sample = Double(vector[element]) * Double(image[element])
                  let distance = sample - mean[element]
                  mean[element] += distance * weight
                  squares[element] += distance * (sample - mean[element])
                }
              }
            }
          }
        }
      }
      try observe(range.upperBound)
    }
    let errors: Vector<Double>? =
      probes > 1
      ? Vector((0..<count).map { (squares[$0] / Double(probes - 1) / Double(probes)).squareRoot() }) : nil
    return DiagonalEstimate(
      method: .hutchinson, values: mean, standardErrors: errors, probes: probes, products: probes)
  }
}
