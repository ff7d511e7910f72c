import Curvature
import Krylov
import Tensors

/// A rule that turns gradients into steps, with what it remembers of the steps before.
public protocol Optimizer<Scalar>: Sendable {
  associatedtype Scalar: Real

  /// What is remembered between steps, by name: with the step's number all that a run needs to go on.
  var state: [(name: String, vector: Vector<Scalar>)] { get }

  /// Takes up what ``state`` gave.
  ///
  /// - Throws: ``InputError`` where a vector is missing or of another length.
  mutating func restore(_ vectors: [String: Vector<Scalar>]) throws(InputError)

  /// Moves θ by a step.
  ///
  /// - Parameter gradient: of the loaded batch at θ, clipped, with the coupled weight decay.
  mutating func step(
    _ parameters: inout Vector<Scalar>, gradient: Vector<Scalar>, context: StepContext<Scalar>
  ) throws

  /// The diagonal P of θ′ = θ − η P⁻¹ g as it was in the last step; `nil` for the identity and for what has none.
  func preconditioner(after step: Int) -> Vector<Scalar>?

  /// v of θ′ = θ − ηv and its like, as the last step left it; `nil` for rules without one.
  var velocity: Vector<Scalar>? { get }
}

extension Optimizer {
  public var velocity: Vector<Scalar>? { nil }
  public func preconditioner(after step: Int) -> Vector<Scalar>? { nil }
}

/// What an optimiser may know of its step.
public struct StepContext<Scalar: Real>: Sendable {
  /// Steps taken before it.
  public var step: Int
  /// η
  public var learningRate: Double
  /// The coupled weight decay, which is inside the gradient already.
  public var weightDecay: Double
  /// The largest norm of a gradient; `nil` where gradients are not clipped.
  public var clipNorm: Double?
  /// L of the loaded batch at θ, without weight decay.
  public var loss: Double
  public var seed: UInt64
  /// The loaded batch, for further gradients and products.
  public var batch: MinibatchGradient<Scalar>

  public var space: DenseVectorSpace<Scalar> { batch.space }

  /// g min(1, c/‖g‖), c the clipping norm.
  func clipped(_ gradient: Vector<Scalar>, norm: Double? = nil) -> Vector<Scalar> {
    guard let clipNorm else { return gradient }
    let norm = norm ?? space.norm(gradient)
    guard norm > clipNorm else { return gradient }
    var clipped = gradient
    space.scale(clipNorm / norm, &clipped)
    return clipped
  }
}

extension Vector {
  /// The vector of a state, by name.
  static func restored(
    _ name: String, count: Int, from vectors: [String: Vector<Scalar>]
  ) throws(InputError) -> Vector<Scalar> {
    guard let vector = vectors[name] else {
      throw InputError(place: name, "is missing in the state of the optimiser", remedy: "start the run anew")
    }
    guard vector.count == count else {
      throw InputError(
        place: name, "has \(vector.count) numbers in the state of the optimiser, expected \(count)",
        remedy: "start the run anew")
    }
    return vector
  }
}

extension DenseVectorSpace {
  /// Runs `body` over ranges of elements, spread over the workers.
  func forElements(_ body: (Range<Int>) -> Void) {
    pool.forRanges(of: dimension, chunk: Self.chunk) { range, _ in body(range) }
  }
}
