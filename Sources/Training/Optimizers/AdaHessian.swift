import Curvature
import Foundation
import Krylov
import Tensors

/// Adam with the square of an estimate of the Hessian's diagonal in place of the gradient's: D = z ⊙ Hz with signs z drawn for each step;
/// m ← β₁m + (1 − β₁) g; v ← β₂v + (1 − β₂) D²; θ ← θ − η m̂ / (√v̂ + ε).
///
/// The diagonal is not averaged over the elements of a filter. Cost: a Hessian-vector product a step.
/// Source: Z. Yao et al., 2020, arXiv:2006.00719.
public struct AdaHessian<Scalar: Real>: Optimizer {
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
    let time = Double(context.step + 1)
    let size = context.learningRate / (1 - pow(beta1, time))
    let correction = 1 / (1 - pow(beta2, time))
    let diagonal = try context.hutchinsonDiagonal()
    gradient.withUnsafePointer { gradient in
      diagonal.withUnsafePointer { diagonal in
        mean.withUnsafeMutablePointer { mean in
          squares.withUnsafeMutablePointer { squares in
            parameters.withUnsafeMutablePointer { parameters in
              context.space.forElements { range in
                let (start, count) = (range.lowerBound, range.count)
                AveragedSquares.average(mean + start, beta1, gradient + start, count: count)
                AveragedSquares.averageSquares(squares + start, beta2, diagonal + start, count: count)
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

extension StepContext {
  /// z ⊙ Hz of the loaded batch, H with the coupled weight decay: an estimate of the Hessian's diagonal from one product.
  func hutchinsonDiagonal() throws -> Vector<Scalar> {
    let stream = RandomStream(seed: seed, purpose: "probe of the optimiser", index: step)
    let probe = space.random(.rademacher, from: stream)
    var diagonal = try batch.products(of: .hessian, with: [probe])[0]
    if weightDecay != 0 { space.axpy(weightDecay, probe, &diagonal) }
    probe.withUnsafePointer { probe in
      diagonal.withUnsafeMutablePointer { diagonal in
        space.forElements { range in
          ElementwiseProducts.multiply(diagonal + range.lowerBound, probe + range.lowerBound, count: range.count)
        }
      }
    }
    return diagonal
  }
}

/// Products element by element, on ranges of elements.
enum ElementwiseProducts<Scalar: Real> {
  /// x ← x ⊙ y
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func multiply(_ x: UnsafeMutablePointer<Scalar>, _ y: UnsafePointer<Scalar>, count: Int) {
    for index in 0..<count { x[index] *= y[index] }
  }

  /// x ← s x ⊙ x
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func square(_ x: UnsafeMutablePointer<Scalar>, times factor: Double, count: Int) {
    let factor = Scalar(factor)
    for index in 0..<count { x[index] = factor * x[index] * x[index] }
  }
}
