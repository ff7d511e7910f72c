import Tensors

/// The solution of (A + λI) x = b by conjugate gradients, A symmetric and positive semidefinite.
///
/// Source: M. R. Hestenes, E. Stiefel, "Methods of conjugate gradients for solving linear systems", J. Res. Nat. Bur.
/// Standards 49 (1952), 409–436, doi:10.6028/jres.049.044.
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
    guard size > 0 else { return Solution(vector: b, relativeResidual: 0, converged: true, products: 0) }
    // The recurrence runs ahead of the residual it stands for.
    let end = try ConjugateGradients(tolerance: 0.5 * tolerance, maximumProducts: maximumProducts)
      .iterate(operation, damping: damping, b)
    let x = end.vector
    var rest = b
    var image = try operation.apply(x)
    space.axpy(damping, x, &image)
    space.axpy(-1, image, &rest)
    let relative = space.norm(rest) / size
    guard relative.isFinite else { throw nonFiniteProduct(end.products + 1) }
    return Solution(
      vector: x, relativeResidual: relative, converged: relative <= tolerance, products: end.products + 1)
  }

  /// Where the iteration ended.
  public struct Iterate<Vector: Sendable>: Sendable {
    public var vector: Vector
    /// b − (A + λI)x by the recurrence.
    public var residual: Vector
    public var products: Int
  }

  /// The steps from x = 0 without the evidence at the end: until the recurrence's residual is at most tolerance · ‖b‖,
  /// the products run out, or a direction has a curvature that is not positive, a product that is not finite among
  /// them.
  public func iterate<A: LinearOperator>(
    _ operation: A, damping: Double = 0, _ b: A.Space.Vector
  ) throws -> Iterate<A.Space.Vector> {
    let space = operation.space
    var end = Iterate(vector: space.zero(), residual: b, products: 0)
    var direction = b
    var square = space.dot(b, b)
    let goal = tolerance * tolerance * square
    while end.products < maximumProducts, square > goal {
      var image = try operation.apply(direction)
      end.products += 1
      space.axpy(damping, direction, &image)
      let curvature = space.dot(direction, image)
      guard curvature > 0 else { break }
      let length = square / curvature
      space.axpy(length, direction, &end.vector)
      space.axpy(-length, image, &end.residual)
      let next = space.dot(end.residual, end.residual)
      space.scale(next / square, &direction)
      space.axpy(1, end.residual, &direction)
      square = next
    }
    return end
  }
}
