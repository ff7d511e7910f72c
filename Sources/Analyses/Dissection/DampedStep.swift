import Krylov
import Tensors

/// How good an approximation Â of a layer's block A is for steps: how much of the decrease that the damped Newton step
/// promises its own direction gets.
///
/// For the gradient g of the block, m(d) = gᵀd + ½ dᵀ(A + λI)d is least at d = −(A + λI)⁻¹g, where it is −½ gᵀ(A +
/// λI)⁻¹g. Along x̂ = (Â + λI)⁻¹g its least value is −½ (gᵀx̂)²/x̂ᵀ(A + λI)x̂. The share is the ratio of the two: 1 for
/// Â = A, and for any Â that has the direction right, as the length of a step is chosen anyway.
public struct DampedStep: Sendable, Hashable, Codable {
  /// λ
  public var damping: Double
  /// From 0 to 1.
  public var share: Double
  /// Whether (A + λI)⁻¹g, found by conjugate gradients, is exact enough; where not, the share is too large.
  public var isConverged: Bool

  /// x ↦ (Â + λI)⁻¹x
  typealias Inverse<Scalar: Real> = @Sendable (Vector<Scalar>, _ damping: Double) throws -> Vector<Scalar>

  /// The shares of several approximations of one positive semidefinite block.
  ///
  /// - Returns: `nil` for each where the gradient is zero; and the products with A that they took.
  static func of<Scalar: Real, A: LinearOperator>(
    _ operation: A, gradient: Vector<Scalar>, damping: Double, _ inverses: [Inverse<Scalar>]
  ) throws -> (steps: [DampedStep?], products: Int) where A.Space == DenseVectorSpace<Scalar> {
    let space = operation.space
    guard space.norm(gradient) > 0, damping > 0 else { return (inverses.map { _ in nil }, 0) }
    let solution = try ConjugateGradients(tolerance: 1e-3, maximumProducts: 200)
      .solve(operation, damping: damping, gradient)
    let whole = space.dot(gradient, solution.vector)
    let directions = try inverses.map { try $0(gradient, damping) }
    let images = directions.isEmpty ? [] : try operation.apply(directions)
    let steps = zip(directions, images).map { direction, image -> DampedStep? in
      let along = space.dot(gradient, direction)
      let curvature = space.dot(direction, image) + damping * space.dot(direction, direction)
      guard curvature > 0, whole > 0 else { return nil }
      return DampedStep(
        damping: damping, share: along * along / curvature / whole, isConverged: solution.converged)
    }
    return (steps, solution.products + directions.count)
  }
}
