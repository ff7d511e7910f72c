import Autodiff
import Tensors

extension ObjectiveGraph {
  /// (H − G) v: the tangent of Jᵀr with r = ∂ℓ/∂z held constant. Nothing is subtracted, so nothing cancels.
  mutating func functionalProduct(at inputs: [Value], along directions: [Value]) throws(InputError) -> [Value?] {
    let residual = try graph.stopGradient(graph.gradient(of: loss, at: [outputs])[0])
    let gradient = try graph.pullBack([outputs], cotangents: [residual], at: inputs)
    return try graph.linearize(gradient, at: inputs, along: directions)
  }
}

extension Objective {
  /// The functional part of the Hessian, H − G = (1/n) Σᵢ Σ_c [∂ℓᵢ/∂z]_c ∂²z_c/∂θ², which vanishes with the residuals and for
  /// networks that are linear in their parameters (Singh, Bachmann, Hofmann 2021, arXiv:2106.16225).
  ///
  /// Cost of a product: that of the Hessian.
  ///
  /// - Throws: ``InputError`` for the loss `output`, which leaves nothing to split.
  public func functionalHessian() throws -> NetworkOperator<Scalar> { try curvature(.functional) }
}
