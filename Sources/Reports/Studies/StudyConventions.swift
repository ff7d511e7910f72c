/// The definitions behind the numbers of studies, printed with every result.
public enum StudyConventions {
  public static let all = [
    "condition number":
      "κ = λ₁ over the smallest non-zero eigenvalue of a positive semidefinite matrix, with the rank used and where it is from: "
      + "q(r + k − q) for deep linear networks (r the rank of the inputs, k the outputs, q the narrowest width), else what singular "
      + "values of the weighted Jacobian or the eigenvalues of its dual resolve",
    "resolution":
      "eigenvalues of a matrix of order N below 10·N·ε·λ₁ (singular values below 10·N·ε·σ₁) are not told from zero: κ is then a lower "
      + "bound, printed with ≥",
    "Gauss-Newton matrix": "G = (1/n) Σ Jᵢᵀ Hᵢ Jᵢ over the n samples, Hᵢ the Hessian of the loss over the outputs",
    "squared-error": "½‖z − y‖², y the class as a vector with a one, so that Hᵢ is the identity",
    "networks":
      "all weights are drawn anew for each seed; no biases unless told; kaiming-normal is N(0, 2/fan_in), xavier-normal N(0, 2/(fan_in + "
      + "fan_out)), orthogonal has orthonormal rows or columns",
    "pruning": "a fraction of each weight matrix, the smallest magnitudes, is zero and no parameter any more",
    "batch normalisation":
      "mean and biased variance of all samples behind each hidden layer, differentiated through; no scale, no shift",
    "whitening":
      "mean and covariance of the samples taken; pca drops directions with less than 1e-10 of the largest variance, zca sets them to zero",
    "training": "gradient descent on all samples; step 0 is the initialisation",
    "over seeds": "the geometric mean, and one standard deviation (over n − 1) of log κ to either side",
    "trends":
      "Spearman's rank correlation of that mean with the position along the axis: grows at 0.5 or above, falls at −0.5 or below, where the bars of the smallest and the largest κ do not overlap",
  ]
}
