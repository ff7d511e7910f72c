import Krylov
import Tensors

/// RMSprop: v ← αv + (1 − α) g²; θ ← θ − η g / (√v + ε), as PyTorch's, which corrects no bias.
///
/// Source: T. Tieleman, G. Hinton, lecture 6.5 of "Neural networks for machine learning", 2012.
public struct RMSprop<Scalar: Real>: Optimizer {
  /// α
  public let smoothing: Double
  public let epsilon: Double
  private var squares: Vector<Scalar>

  public init(smoothing: Double, epsilon: Double, count: Int) {
    self.smoothing = smoothing
    self.epsilon = epsilon
    squares = Vector(zeros: count)
  }

  public var state: [(name: String, vector: Vector<Scalar>)] { [("squares", squares)] }

  public mutating func restore(_ vectors: [String: Vector<Scalar>]) throws(InputError) {
    squares = try .restored("squares", count: squares.count, from: vectors)
  }

  public mutating func step(
    _ parameters: inout Vector<Scalar>, gradient: Vector<Scalar>, context: StepContext<Scalar>
  ) throws {
    gradient.withUnsafePointer { gradient in
      squares.withUnsafeMutablePointer { squares in
        parameters.withUnsafeMutablePointer { parameters in
          context.space.forElements { range in
            let (start, count) = (range.lowerBound, range.count)
            AveragedSquares.averageSquares(squares + start, smoothing, gradient + start, count: count)
            AveragedSquares.descend(
              parameters + start, context.learningRate, gradient + start, squares + start, correction: 1,
              epsilon: epsilon, count: count)
          }
        }
      }
    }
  }

  public func preconditioner(after step: Int) -> Vector<Scalar>? {
    AveragedSquares.root(of: squares, correction: 1, epsilon: epsilon)
  }
}
