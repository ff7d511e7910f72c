/// The definitions behind the numbers of a dissection, printed with every result.
public enum DissectionConventions {
  public static let all = [
    "layer":
      "a weight that multiplies rows, h = W x with W of m rows and n columns: a dense layer, or a convolution with the patches of its input as "
      + "rows; tied weights are one layer",
    "block":
      "the diagonal block of an operator that belongs to a layer's weight, with its bias as another column where asked for; all other "
      + "parameters are held fixed",
    "M":
      "M = UᵀAU, A the second derivative of a sample's loss by the outputs, U that of the outputs by the layer's pre-activations; E[M] is summed "
      + "over a sample's rows and averaged over samples",
    "E[xxᵀ]": "the second moment, not centred, of the rows the weight multiplies, over samples and rows",
    "decoupling": "E[M ⊗ xxᵀ] ≈ E[M] ⊗ E[xxᵀ]: K-FAC's expand, without the bias's 1 in x unless the block has a bias",
    "approximations":
      "as operators of the same names, on the layer's block as it is measured: without its bias unless that is in it; errors are ‖A − Â‖_F/‖A‖_F, the leading eigenvectors' part of the norms "
      + "from the eigenpairs, the rest from random signs, whose chance is what ± holds; the same signs serve all approximations of a block, so "
      + "that differences to the first have a smaller ± than the errors",
    "overlap":
      "Tr(P₁P₂)/k of two k-dimensional subspaces, the mean squared cosine of the principal angles; chance is k/n with standard deviation "
      + "√(2(n − k)²/(n²(n − 1)(n + 2))), n the parameters of the block; undefined where the gap below the k-th eigenvalue is smaller than its residual",
    "correspondence": "‖Mat(hᵢ)vⱼ‖² and ‖Mat(hᵢ)ᵀuⱼ‖², Mat(h) an eigenvector as an m × n matrix",
    "outliers of E[M]":
      "the i ≤ 3c with the largest λᵢ/λᵢ₊₁ among eigenvalues above 10·m·ε·λ₁; all of them where they are fewer than c",
    "steps":
      "with g the gradient of a block and λ its damping: the decrease of gᵀd + ½ dᵀ(A + λI)d along (Â + λI)⁻¹g, at the best length, as a part of the largest there is, which conjugate gradients find",
    "second moment":
      "(1/n) Σ gᵢgᵢᵀ over the samples' gradients, not centred, which is the M of H = M − H_p; the covariance is M − μμᵀ",
    "H = M − H_p":
      "H_p = (1/n) Σ (1/pᵢ)∇²pᵢ with pᵢ = exp(−ℓᵢ), by automatic differentiation, checked on random vectors",
    "non-smooth points": "second derivatives are those of the active pieces; relu′(0) = 0",
  ]
}
