import Curvature
import Krylov
import Tensors

/// What an estimate of a diagonal is made of.
public enum DiagonalEstimator: String, Codable, Sendable, Hashable, CaseIterable {
  case hutchinson
  case gaussNewtonBartlett = "gauss-newton-bartlett"
}

/// Sophia: m ← β₁m + (1 − β₁) g; every k steps h ← β₂h + (1 − β₂) ĥ; θ ← θ − η clip(m / max(γh, ε), 1), clipped element
/// by element.
///
/// ĥ estimates the diagonal of the Hessian by Hutchinson's z ⊙ Hz, or that of the Gauss-Newton matrix by m ĝ ⊙ ĝ with
/// the gradient ĝ of m samples at labels that the network itself draws (Gauss-Newton-Bartlett).
///
/// Cost: every k steps a Hessian-vector product, or an evaluation and a gradient. Source: H. Liu et al., 2023, arXiv:2305.14342.
public struct Sophia<Scalar: Real>: Optimizer {
  public let beta1: Double
  public let beta2: Double
  /// γ
  public let scale: Double
  public let epsilon: Double
  /// k
  public let interval: Int
  public let estimator: DiagonalEstimator
  private var mean: Vector<Scalar>
  private var diagonal: Vector<Scalar>

  public init(
    beta1: Double, beta2: Double, scale: Double, epsilon: Double, interval: Int, estimator: DiagonalEstimator,
    count: Int
  ) {
    precondition(interval > 0)
    self.beta1 = beta1
    self.beta2 = beta2
    self.scale = scale
    self.epsilon = epsilon
    self.interval = interval
    self.estimator = estimator
    mean = Vector(zeros: count)
    diagonal = Vector(zeros: count)
  }

  public var state: [(name: String, vector: Vector<Scalar>)] { [("mean", mean), ("diagonal", diagonal)] }

  public mutating func restore(_ vectors: [String: Vector<Scalar>]) throws(InputError) {
    mean = try .restored("mean", count: mean.count, from: vectors)
    diagonal = try .restored("diagonal", count: diagonal.count, from: vectors)
  }

  public mutating func step(
    _ parameters: inout Vector<Scalar>, gradient: Vector<Scalar>, context: StepContext<Scalar>
  ) throws {
    if context.step % interval == 0 {
      let estimate = try estimate(at: parameters, context)
      estimate.withUnsafePointer { estimate in
        diagonal.withUnsafeMutablePointer { diagonal in
          context.space.forElements { range in
            AveragedSquares.average(
              diagonal + range.lowerBound, beta2, estimate + range.lowerBound, count: range.count)
          }
        }
      }
    }
    gradient.withUnsafePointer { gradient in
      diagonal.withUnsafePointer { diagonal in
        mean.withUnsafeMutablePointer { mean in
          parameters.withUnsafeMutablePointer { parameters in
            context.space.forElements { range in
              let (start, count) = (range.lowerBound, range.count)
              AveragedSquares.average(mean + start, beta1, gradient + start, count: count)
              Self.descend(
                parameters + start, context.learningRate, mean + start, diagonal + start, scale: scale,
                epsilon: epsilon, count: count)
            }
          }
        }
      }
    }
  }

  private func estimate(at parameters: Vector<Scalar>, _ context: StepContext<Scalar>) throws -> Vector<Scalar> {
    switch estimator {
    case .hutchinson: return try context.hutchinsonDiagonal()
    case .gaussNewtonBartlett:
      var drawn = try context.batch.gradientWithDrawnLabels(at: parameters, seed: context.seed, step: context.step)
      drawn.withUnsafeMutablePointer { drawn in
        context.space.forElements { range in
          ElementwiseProducts.square(
            drawn + range.lowerBound, times: Double(context.batch.batchSize), count: range.count)
        }
      }
      return drawn
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func descend(
    _ parameters: UnsafeMutablePointer<Scalar>, _ size: Double, _ direction: UnsafePointer<Scalar>,
    _ diagonal: UnsafePointer<Scalar>, scale: Double, epsilon: Double, count: Int
  ) {
    let (size, scale, epsilon) = (Scalar(size), Scalar(scale), Scalar(epsilon))
    for index in 0..<count {
      let ratio = direction[index] / Swift.max(scale * diagonal[index], epsilon)
      parameters[index] -= size * Swift.max(-1, Swift.min(1, ratio))
    }
  }
}
