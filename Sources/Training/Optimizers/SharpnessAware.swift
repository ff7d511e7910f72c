import Curvature
import Krylov
import Tensors

/// Sharpness-aware minimisation: the step of heavy ball with the gradient at θ + ρ g/‖g‖, g the gradient of the batch
/// without weight decay.
///
/// Cost: two gradients a step, of the same samples. Where batch normalisation keeps running averages, they take the
/// statistics at θ. Source: P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur, 2020, arXiv:2010.01412, with p = 2.
public struct SharpnessAware<Scalar: Real>: Optimizer {
  /// ρ
  public let radius: Double
  private var base: HeavyBall<Scalar>

  public init(radius: Double, momentum: Double, count: Int) {
    self.radius = radius
    base = HeavyBall(momentum: momentum, count: count)
  }

  public var state: [(name: String, vector: Vector<Scalar>)] { base.state }

  public mutating func restore(_ vectors: [String: Vector<Scalar>]) throws(InputError) { try base.restore(vectors) }

  public mutating func step(
    _ parameters: inout Vector<Scalar>, gradient: Vector<Scalar>, context: StepContext<Scalar>
  ) throws {
    let space = context.space
    var ascent = gradient
    if context.weightDecay != 0 { space.axpy(-context.weightDecay, parameters, &ascent) }
    let norm = space.norm(ascent)
    var moved = parameters
    if norm > 0 { space.axpy(radius / norm, ascent, &moved) }
    var descent = context.clipped(try context.batch.gradient(at: moved).gradient)
    if context.weightDecay != 0 { space.axpy(context.weightDecay, parameters, &descent) }
    try base.step(&parameters, gradient: descent, context: context)
  }
}
