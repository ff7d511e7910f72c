import Curvature
import Krylov
import Tensors

/// Gauss-Newton steps: θ ← θ + ηp with (G + (μ + λ)I) p = −g solved by conjugate gradients on the batch, λ the coupled
/// weight decay.
///
/// The damping μ follows Levenberg and Marquardt: with ρ the change of the batch's loss over that of the quadratic model,
/// μ ← 3/2 μ where ρ < 1/4 and μ ← 2/3 μ where ρ > 3/4. A step that raises the loss of its batch is not taken, and μ ← 4μ.
///
/// Cost: a product with G for each iteration of the solver, and a gradient for ρ. Sources: J. Martens, "Deep learning
/// via Hessian-free optimization", ICML 2010; N. N. Schraudolph, Neural Comput. 14 (2002),
/// doi:10.1162/08997660260028683.
public struct GaussNewtonDescent<Scalar: Real>: Optimizer {
  /// The most products of one solution.
  public let maximumProducts: Int
  /// ‖r‖/‖g‖ at which the solver stops.
  public let tolerance: Double
  /// μ, one number.
  private var damping: Vector<Scalar>

  public init(damping: Double, maximumProducts: Int, tolerance: Double) {
    self.maximumProducts = maximumProducts
    self.tolerance = tolerance
    self.damping = Vector([Scalar(damping)])
  }

  public var state: [(name: String, vector: Vector<Scalar>)] { [("damping", damping)] }

  public mutating func restore(_ vectors: [String: Vector<Scalar>]) throws(InputError) {
    damping = try .restored("damping", count: 1, from: vectors)
  }

  public mutating func step(
    _ parameters: inout Vector<Scalar>, gradient: Vector<Scalar>, context: StepContext<Scalar>
  ) throws {
    let space = context.space
    let shift = Double(damping[0]) + context.weightDecay
    var target = gradient
    space.scale(-1, &target)
    let solution = try ConjugateGradients(tolerance: tolerance, maximumProducts: maximumProducts).iterate(
      ClosureOperator(space: space) { try context.batch.products(of: .gaussNewton, with: $0) }, damping: shift, target)
    let (step, residual) = (solution.vector, solution.residual)
    let (slope, square) = (space.dot(gradient, step), space.dot(step, step))
    // (G + shift) p = −g − r, so pᵀGp needs no further product.
    let curvature = -slope - space.dot(residual, step) - shift * square + context.weightDecay * square
    let rate = context.learningRate
    let predicted = rate * slope + rate * rate * curvature / 2
    var moved = parameters
    space.axpy(rate, step, &moved)
    let decay = context.weightDecay * (rate * space.dot(parameters, step) + rate * rate * square / 2)
    // A loss that is not finite is one that rose.
    let observed = (try? context.batch.gradient(at: moved).loss - context.loss + decay) ?? .infinity
    guard observed <= 0, predicted < 0 else {
      damping[0] *= 4
      return
    }
    parameters = moved
    let ratio = observed / predicted
    if ratio < 0.25 { damping[0] *= 1.5 } else if ratio > 0.75 { damping[0] *= 2 / 3 }
  }
}
