import Autodiff
import Krylov
import Tensors

extension ObjectiveGraph {
  /// M v = J_ℓᵀ W J_ℓ v, J_ℓ the Jacobian of the vector of the samples' losses, W the weights.
  mutating func secondMomentProduct(at inputs: [Value], along directions: [Value]) throws(InputError) -> [Value?] {
    guard let slopes = try graph.linearize([sampleLosses], at: inputs, along: directions)[0] else {
      return inputs.map { _ in nil }
    }
    return try graph.pullBack([sampleLosses], cotangents: [graph.multiply(slopes, weights)], at: inputs)
  }
}

extension Objective {
  /// The second moment of the samples' gradients M = (1/n) Σ gᵢgᵢᵀ, not centred; also called the empirical Fisher matrix.
  ///
  /// Computed as J_ℓᵀ W J_ℓ with J_ℓ the Jacobian of the vector of per-sample losses, so that no sample's gradient is
  /// stored. Cost of a product with the primal kept: four matrix products a dense layer (two in the first).
  public func gradientSecondMoment() throws -> NetworkOperator<Scalar> { try curvature(.gradientSecondMoment) }

  /// The covariance of the samples' gradients Σ = M − μμᵀ, μ = ∇L; the noise of a mini-batch of m samples drawn with
  /// replacement is Σ/m.
  ///
  /// Cost of a product: that of the second moment; one gradient when it is made.
  public func gradientCovariance() throws -> NetworkOperator<Scalar> { try curvature(.gradientCovariance) }

  func gradientCovariance(_ blocks: [ParameterBlock]?) throws -> NetworkOperator<Scalar> {
    let secondMoment = try parameterOperator(.gradientSecondMoment, blocks)
    let gradient = try lossAndGradient().gradient
    let parts = blocks?.map(\.ranges) ?? [[0..<dimension]]
    return NetworkOperator(
      kind: .gradientCovariance, space: space, schedule: schedule, keptMicrobatches: secondMoment.keptMicrobatches
    ) { vectors in
      var products = try secondMoment.apply(vectors)
      for (index, vector) in vectors.enumerated() {
        for ranges in parts { products[index].subtractProjection(of: vector, along: gradient, over: ranges) }
      }
      return products
    }
  }
}

extension Vector {
  /// Subtracts μ⟨μ, v⟩, both restricted to some ranges; each element is rounded once.
  fileprivate mutating func subtractProjection(of vector: Vector, along mean: Vector, over ranges: [Range<Int>]) {
    withUnsafeMutablePointer { target in
      vector.withUnsafePointer { vector in
        mean.withUnsafePointer { mean in
          var slope = 0.0
          for range in ranges {
            slope += Scalar.dot(mean + range.lowerBound, vector + range.lowerBound, count: range.count)
          }
          for index in ranges.joined() { target[index] = Scalar(Double(target[index]) - slope * Double(mean[index])) }
        }
      }
    }
  }
}
