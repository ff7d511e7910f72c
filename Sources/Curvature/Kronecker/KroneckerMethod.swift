/// How each layer's block of a curvature matrix is approximated by a matrix with Kronecker eigenvectors.
public enum KroneckerMethod: String, Sendable, Codable, CaseIterable {
  /// K-FAC with every row by itself: (E Σ_r M_rr) ⊗ (E (1/R) Σ_r x_r x_rᵀ), a bias's 1 appended to x.
  case kfacExpand = "kfac-expand"
  /// K-FAC with the rows of a sample together: (E Σ_{r,s} M_rs) ⊗ (E x̄ x̄ᵀ), a bias's 1 appended to x.
  case kfacReduce = "kfac-reduce"
  /// The eigenvectors of K-FAC with the exact diagonal of the block in their basis: the nearest matrix in Frobenius
  /// norm with these eigenvectors.
  ///
  /// Source: T. George, C. Laurent, X. Bouthillier, N. Ballas, P. Vincent, "Fast approximate natural gradient descent
  /// in a Kronecker-factored eigenbasis", NeurIPS 2018, arXiv:1806.03884.
  case ekfac
  /// E M ⊗ E xxᵀ for the weight and E M for the bias, without what lies between them.
  ///
  /// Source: Y. Wu, X. Zhu, C. Wu, A. Wang, R. Ge, "Dissecting Hessian: understanding common structure of Hessian in
  /// neural networks", 2020, arXiv:2010.04261.
  case decoupled
  /// L^{2e} ⊗ R^{2e} over (tr L)^{4e−1}, with L = E GGᵀ, R = E GᵀG of gradients G as matrices and L^{−e} ⊗ R^{−e}
  /// Shampoo's preconditioner, an inverse root. With e = 1/4, Shampoo's own, it is L^{1/2} ⊗ R^{1/2}; with e = 1/2 it
  /// is L ⊗ R / tr L, which is exact for a Kronecker product.
  ///
  /// Sources: Gupta, Koren, Singer 2018, arXiv:1802.09568; for e = 1/2 Morwani, Shapira, Vyas, Malach, Kakade, Janson
  /// 2024, arXiv:2406.17748.
  case shampoo

  /// The name in sentences.
  public var title: String {
    switch self {
    case .kfacExpand: "K-FAC approximation (expand)"
    case .kfacReduce: "K-FAC approximation (reduce)"
    case .ekfac: "EKFAC approximation"
    case .decoupled: "decoupled approximation"
    case .shampoo: "Shampoo's approximation"
    }
  }

  /// Of the two ways in which rows that share a weight enter.
  public var sharing: WeightSharing { self == .kfacReduce ? .reduce : .expand }
}

/// What is chosen of a Kronecker approximation beside its method.
public struct KroneckerOptions: Sendable, Codable, Hashable {
  /// Which matrix is approximated: the Gauss-Newton matrix, the Monte Carlo Fisher matrix or the second moment of the
  /// gradients. Shampoo's is of the gradients whatever this says, and with it are the blocks it leaves exact.
  public var source: DerivativeSource
  /// The K-FAC whose eigenvectors EKFAC takes.
  public var basis: WeightSharing
  /// e: Shampoo's preconditioner is L^{−e} ⊗ R^{−e}.
  public var shampooExponent: Double
  /// Samples of the batches whose gradients Shampoo takes.
  public var shampooBatch: Int

  public init(
    source: DerivativeSource = .outputs, basis: WeightSharing = .expand, shampooExponent: Double = 0.25,
    shampooBatch: Int = 1
  ) {
    self.source = source
    self.basis = basis
    self.shampooExponent = shampooExponent
    self.shampooBatch = shampooBatch
  }

  /// The source that a method has with these options: gradients at the labels for Shampoo's, whatever ``source`` says.
  public func source(of method: KroneckerMethod) -> DerivativeSource { method == .shampoo ? .labels : source }

  /// What the source changes in the definition of an approximation other than Shampoo's; empty for the Gauss-Newton matrix.
  var sourceRemark: String {
    switch source {
    case .outputs: ""
    case .draws(let count, let seed):
      "; here of the Monte Carlo Fisher matrix in place of G: M_rs = d_r d_s', d = dl/dh at labels drawn from the model, \(count) a sample, seed \(seed)"
    case .labels:
      "; here of the second moment of the gradients in place of G: M_rs = d_r d_s', d = dl/dh at the labels given"
    }
  }

  /// The definition of EKFAC, as printed with results.
  var eigenbasisDefinition: String {
    "the eigenvectors of kfac-\(basis.rawValue) with the exact diagonal of G in their basis"
  }

  /// The definition of Shampoo's approximation, as printed with results.
  var shampooDefinition: String {
    let isItsOwn = shampooExponent == 0.25
    let product =
      isItsOwn
      ? "(E g g')^(1/2) x (E g' g)^(1/2)"
      : "(E g g')^(2e) x (E g' g)^(2e) / (E |g|^2)^(4e - 1), e = \(shampooExponent)"
    let gradient =
      shampooBatch == 1
      ? "the gradient of one sample"
      : "the gradient of the mean loss of \(shampooBatch) consecutive samples (sequences with all their positions; the last may be fewer)"
    return
      "of M for each layer \(product), g \(gradient) as a matrix: the square of the inverse of Shampoo's preconditioner with exponents -\(isItsOwn ? "1/4" : "e"); exact blocks of M for all other parameters"
  }
}
