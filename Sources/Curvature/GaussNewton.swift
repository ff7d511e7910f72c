import Autodiff
import Networks
import Tensors

extension ObjectiveGraph {
  /// G v = Jᵀ (∂²ℓ/∂z²) J v, J = ∂z/∂θ (Schraudolph 2002, doi:10.1162/08997660260028683).
  ///
  /// The middle factor is the tangent of ∂ℓ/∂z in direction J v, so every loss works and no C × C matrix is formed.
  mutating func gaussNewtonProduct(at inputs: [Value], along directions: [Value]) throws(InputError) -> [Value?] {
    guard let direction = try outputTangent(at: inputs, along: directions) else { return inputs.map { _ in nil } }
    let residual = try graph.gradient(of: loss, at: [outputs])
    guard let curved = try graph.linearize(residual, at: [outputs], along: [direction])[0] else {
      return inputs.map { _ in nil }
    }
    return try graph.pullBack([outputs], cotangents: [curved], at: inputs)
  }
}

extension Objective {
  /// The generalized Gauss-Newton matrix G = (1/n) Σ Jᵢᵀ (∂²ℓᵢ/∂z²) Jᵢ at the selected parameters, split at the network's
  /// outputs. Positive semidefinite for convex losses, of rank at most n·C.
  ///
  /// Cost of a product with the primal kept: four matrix products a dense layer (two in the first).
  ///
  /// - Throws: ``InputError`` for the loss `output`, which leaves nothing to split.
  public func gaussNewton() throws -> NetworkOperator<Scalar> { try curvature(.gaussNewton) }
}
