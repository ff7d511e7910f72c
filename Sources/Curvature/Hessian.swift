import Autodiff
import Networks
import Tensors

extension ObjectiveGraph {
  /// H v: the tangent of the gradient, H = ∂²L/∂θ² (forward over reverse; Pearlmutter 1994, doi:10.1162/neco.1994.6.1.147).
  mutating func hessianProduct(at inputs: [Value], along directions: [Value]) throws(InputError) -> [Value?] {
    let gradient = try graph.gradient(of: loss, at: inputs)
    return try graph.linearize(gradient, at: inputs, along: directions)
  }
}

extension Objective {
  /// The Hessian H = ∂²L/∂θ² at the selected parameters; at kinks, that of the active pieces.
  ///
  /// Cost of a product with the primal kept: six matrix products a dense layer (two in the first), eight without.
  public func hessian() throws -> NetworkOperator<Scalar> { try curvature(.hessian) }
}
