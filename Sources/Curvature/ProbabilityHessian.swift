import Autodiff
import Krylov
import Networks
import Tensors

extension ObjectiveGraph {
  /// H_p v: the second derivative of Σ wᵢ pᵢ/pᵢ⁰, pᵢ⁰ the value of pᵢ = exp(−ℓᵢ) at the parameters, held fixed.
  mutating func probabilityProduct(at inputs: [Value], along directions: [Value]) throws(InputError) -> [Value?] {
    // As exp(ℓ⁰ − ℓ): p itself may underflow.
    let ratios = try graph.apply(.exponential, graph.subtract(graph.stopGradient(sampleLosses), sampleLosses))
    let sum = try graph.reduce(.sum, graph.multiply(ratios, weights), over: [0])
    let gradient = try graph.gradient(of: sum, at: inputs)
    return try graph.linearize(gradient, at: inputs, along: directions)
  }
}

extension Objective {
  /// H_p = (1/n) Σ (1/pᵢ) ∇²pᵢ with pᵢ = exp(−ℓᵢ), the probability of sample i where the loss is a negative log-likelihood.
  ///
  /// It is what the second moment of the gradients M exceeds the Hessian by,
  ///
  ///     H = M − H_p,
  ///
  /// and vanishes in the mean over labels drawn from the model's own distribution.
  ///
  /// Cost of a product: that of the Hessian.
  /// Source: X. Li, Q. Gu, Y. Zhou, T. Chen, A. Banerjee, "Hessian based analysis of SGD for deep nets" (2019), arXiv:1907.10732.
  public func probabilityHessian() throws -> ClosureOperator<DenseVectorSpace<Scalar>> {
    let executor = try executor { graph throws(InputError) in
      let products = try graph.probabilityProduct(at: graph.parameters, along: graph.vectors)
      var results: [Value] = []
      for (product, parameter) in zip(products, graph.parameters) {
        if let product {
          results.append(product)
        } else {
          results.append(try graph.graph.constant(0, graph.graph.shape(of: parameter)))
        }
      }
      return graph.destinations(results, from: 0) { .linear(offset: $0) }
    }
    return ClosureOperator(space: space) { executor.apply($0) }
  }
}
