import Autodiff
import Networks
import Tensors

extension ObjectiveGraph {
  /// G v = Jᵀ (∂²ℓ/∂z²) J v, J = ∂z/∂θ (Schraudolph 2002, doi:10.1162/08997660260028683).
  ///
  /// The middle factor is the tangent of ∂ℓ/∂z in direction J v, so every loss works and no C × C matrix is formed.
  mutating func gaussNewtonProduct() throws(InputError) -> [(Value, SumDestination)] {
    let zeros: (inout Graph) throws(InputError) -> [Value] = { [parameters] graph throws(InputError) in
      var values: [Value] = []
      for parameter in parameters { values.append(try graph.constant(0, graph.shape(of: parameter))) }
      return values
    }
    var products: [Value]
    if let direction = try graph.linearize([outputs], at: parameters, along: vectors)[0] {
      let residual = try graph.gradient(of: loss, at: [outputs])
      if let curved = try graph.linearize(residual, at: [outputs], along: [direction])[0] {
        products = try graph.pullBack([outputs], cotangents: [curved], at: parameters)
      } else {
        products = try zeros(&graph)
      }
    } else {
      products = try zeros(&graph)
    }
    return destinations(products, from: 0) { .linear(offset: $0) }
  }
}

extension Objective {
  /// The generalized Gauss-Newton matrix G = (1/n) Σ Jᵢᵀ (∂²ℓᵢ/∂z²) Jᵢ at the selected parameters, split at the network's
  /// outputs. Positive semidefinite for convex losses, of rank at most n·C.
  ///
  /// Cost of a product with the primal kept: four matrix products a dense layer (two in the first).
  ///
  /// - Throws: ``InputError`` for the loss `output`, which leaves nothing to split.
  public func gaussNewton() throws -> NetworkOperator<Scalar> {
    guard loss != .output else {
      throw InputError(
        place: "--operator ggn", "the network returns losses itself, so there is no output to split the matrix at",
        remedy: "export the network without its loss and name the loss with --loss")
    }
    return try NetworkOperator(kind: .gaussNewton, objective: self) { graph throws(InputError) in
      try graph.gaussNewtonProduct()
    }
  }
}
