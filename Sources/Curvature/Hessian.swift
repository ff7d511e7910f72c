import Autodiff
import Networks
import Tensors

extension ObjectiveGraph {
  /// H v: the tangent of the gradient, H = ∂²L/∂θ² (forward over reverse; Pearlmutter 1994, doi:10.1162/neco.1994.6.1.147).
  mutating func hessianProduct() throws(InputError) -> [(Value, SumDestination)] {
    let gradient = try graph.gradient(of: loss, at: parameters)
    let tangents = try graph.linearize(gradient, at: parameters, along: vectors)
    var products: [Value] = []
    for (tangent, parameter) in zip(tangents, parameters) {
      if let tangent {
        products.append(tangent)
      } else {
        products.append(try graph.constant(0, graph.shape(of: parameter)))
      }
    }
    return destinations(products, from: 0) { .linear(offset: $0) }
  }
}

extension Objective {
  /// The Hessian H = ∂²L/∂θ² at the selected parameters; at kinks, that of the active pieces.
  ///
  /// Cost of a product with the primal kept: six matrix products a dense layer (two in the first), eight without.
  public func hessian() throws -> NetworkOperator<Scalar> {
    try NetworkOperator(kind: .hessian, objective: self) { graph throws(InputError) in try graph.hessianProduct() }
  }
}
