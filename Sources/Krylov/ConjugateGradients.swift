import Tensors

/// The solution of (A + λI) x = b by conjugate gradients, A symmetric and positive semidefinite.
///
/// Source: M. R. Hestenes, E. Stiefel, "Methods of conjugate gradients for solving linear systems", J. Res. Nat. Bur. Standards 49 (1952), 409–436,
/// doi:10.6028/jres.049.044.
public struct ConjugateGradients: Sendable, Hashable {
  /// ‖b − (A + λI)x‖ at or below `tolerance` · ‖b‖ ends the iteration.
  public var tolerance: Double
  public var maximumProducts: Int

  public init(tolerance: Double = 1e-10, maximumProducts: Int = 1000) {
    self.tolerance = tolerance
    self.maximumProducts = maximumProducts
  }

  /// An approximate solution with its evidence.
  public struct Solution<Vector: Sendable>: Sendable {
    public var vector: Vector
    /// ‖b − (A + λI)x‖/‖b‖, from a product of its own at the end.
    public var relativeResidual: Double
    /// Whether the residual is within the tolerance.
    public var converged: Bool
    /// All products, that for the residual included.
    public var products: Int
  }

  /// Solves for one right-hand side. Cost: one product a step, four vectors.
  ///
  /// A direction of curvature zero or below, which A + λI has none of where A is semidefinite, ends the iteration.
  ///
  /// - Throws: ``InputError`` when a product is not finite.
  public func solve<A: LinearOperator>(
    _ operation: A, damping: Double = 0, _ b: A.Space.Vector
  ) throws -> Solution<A.Space.Vector> {
    let space = operation.space
    let size = space.norm(b)
    var x = space.zero()
    guard size > 0 else { return Solution(vector: x, relativeResidual: 0, converged: true, products: 0) }
    var residual = b
    var direction = b
    var squares = space.dot(residual, residual)
    var products = 0
    while products < maximumProducts, squares.squareRoot() > 0.5 * tolerance * size {
      var image = try operation.apply(direction)
      products += 1
      space.axpy(damping, direction, &image)
      let curvature = space.dot(direction, image)
      guard curvature.isFinite else { throw nonFiniteProduct(products) }
      guard curvature > 0 else { break }
      let step = squares / curvature
      space.axpy(step, direction, &x)
      space.axpy(-step, image, &residual)
      let next = space.dot(residual, residual)
      space.scale(next / squares, &direction)
      space.axpy(1, residual, &direction)
      squares = next
    }
    var rest = b
    var image = try operation.apply(x)
    space.axpy(damping, x, &image)
    space.axpy(-1, image, &rest)
    let relative = space.norm(rest) / size
    return Solution(
      vector: x, relativeResidual: relative, converged: relative <= tolerance, products: products + 1)
  }
}
