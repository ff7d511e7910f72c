import Foundation
import Krylov
import Tensors

/// Adam: m ← β₁m + (1 − β₁) g; v ← β₂v + (1 − β₂) g²; θ ← θ − η m̂ / (√v̂ + ε), m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).
///
/// With decoupled weight decay it is AdamW. Sources: D. P. Kingma, J. Ba, 2014, arXiv:1412.6980; I. Loshchilov, F. Hutter, 2017,
/// arXiv:1711.05101.
public struct Adam<Scalar: Real>: Optimizer {
  public let beta1: Double
  public let beta2: Double
  public let epsilon: Double
  private var mean: Vector<Scalar>
  private var squares: Vector<Scalar>

  public init(beta1: Double, beta2: Double, epsilon: Double, count: Int) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    mean = Vector(zeros: count)
    squares = Vector(zeros: count)
  }

  public var state: [(name: String, vector: Vector<Scalar>)] { [("mean", mean), ("squares", squares)] }

  public mutating func restore(_ vectors: [String: Vector<Scalar>]) throws(InputError) {
    mean = try .restored("mean", count: mean.count, from: vectors)
    squares = try .restored("squares", count: squares.count, from: vectors)
  }

  public mutating func step(
    _ parameters: inout Vector<Scalar>, gradient: Vector<Scalar>, context: StepContext<Scalar>
  ) throws {
    step(&parameters, gradient: gradient, averagingSquaresOf: gradient, context)
  }

  /// The step with the averaged squares of another vector than the gradient under the root.
  mutating func step(
    _ parameters: inout Vector<Scalar>, gradient: Vector<Scalar>, averagingSquaresOf scale: Vector<Scalar>,
    _ context: StepContext<Scalar>
  ) {
    let time = Double(context.step + 1)
    let size = context.learningRate / (1 - pow(beta1, time))
    let correction = 1 / (1 - pow(beta2, time))
    gradient.withUnsafePointer { gradient in
      scale.withUnsafePointer { scale in
        mean.withUnsafeMutablePointer { mean in
          squares.withUnsafeMutablePointer { squares in
            parameters.withUnsafeMutablePointer { parameters in
              context.space.forElements { range in
                let (start, count) = (range.lowerBound, range.count)
                AveragedSquares.average(mean + start, beta1, gradient + start, count: count)
                AveragedSquares.averageSquares(squares + start, beta2, scale + start, count: count)
                AveragedSquares.descend(
                  parameters + start, size, mean + start, squares + start, correction: correction, epsilon: epsilon,
                  count: count)
              }
            }
          }
        }
      }
    }
  }

  public func preconditioner(after step: Int) -> Vector<Scalar>? {
    AveragedSquares.root(of: squares, correction: 1 / (1 - pow(beta2, Double(step + 1))), epsilon: epsilon)
  }
}
