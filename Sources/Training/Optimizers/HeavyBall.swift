import Krylov
import Tensors

/// Gradient descent with momentum: v ← βv + g; θ ← θ − ηv, as PyTorch's SGD with momentum and no dampening.
///
/// Source: B. T. Polyak, USSR Comput. Math. Math. Phys. 4 (1964), 1–17, doi:10.1016/0041-5553(64)90137-5.
public struct HeavyBall<Scalar: Real>: Optimizer {
  /// β
  public let momentum: Double
  private var memory: Vector<Scalar>

  public init(momentum: Double, count: Int) {
    self.momentum = momentum
    memory = Vector(zeros: count)
  }

  public var state: [(name: String, vector: Vector<Scalar>)] { [("velocity", memory)] }

  public var velocity: Vector<Scalar>? { memory }

  public mutating func restore(_ vectors: [String: Vector<Scalar>]) throws(InputError) {
    memory = try .restored("velocity", count: memory.count, from: vectors)
  }

  public mutating func step(
    _ parameters: inout Vector<Scalar>, gradient: Vector<Scalar>, context: StepContext<Scalar>
  ) throws {
    accumulate(gradient, context.space)
    descend(&parameters, by: context.learningRate, context.space)
  }

  /// θ ← θ − sv
  func descend(_ parameters: inout Vector<Scalar>, by size: Double, _ space: DenseVectorSpace<Scalar>) {
    space.axpy(-size, memory, &parameters)
  }

  /// v ← βv + g
  mutating func accumulate(_ gradient: Vector<Scalar>, _ space: DenseVectorSpace<Scalar>) {
    space.scale(momentum, &memory)
    space.axpy(1, gradient, &memory)
  }
}
