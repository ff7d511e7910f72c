import Autodiff
import Krylov
import Tensors

extension Objective {
  /// The neural tangent kernel J Jᵀ on the outputs of all samples, a matrix of order n·C; neither averaged nor
  /// weighted, with zeros where samples have weight zero (Jacot, Gabriel, Hongler 2018, arXiv:1806.07572).
  ///
  /// Two passes over the data a product, as all of Jᵀu must be there before J. Its eigenvalues that are not zero are
  /// those of JᵀJ: n times those of the Gauss-Newton matrix for squared error.
  public func tangentKernel() throws -> NetworkOperator<Scalar> {
    let jacobian = try jacobian()
    let gram = GramOperator(jacobian.transposed)
    return NetworkOperator(
      kind: .tangentKernel, space: jacobian.codomain, schedule: schedule,
      keptMicrobatches: min(jacobian.forward.keptMicrobatches, jacobian.backward.keptMicrobatches)
    ) { try gram.apply($0) }
  }
}
