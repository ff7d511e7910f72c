import Foundation
import Krylov
import Tensors

/// What stochastic gradient descent with momentum does along each leading eigendirection of a fixed quadratic with fixed noise.
///
/// Along an eigenvector vᵢ of the Hessian with eigenvalue λ the slope c = vᵢᵀ∇L and the velocity w = vᵢᵀv follow, with noise ξ of
/// variance s² = vᵢᵀΣvᵢ/m,
///
///     heavy ball   w′ = βw + c + ξ,   c′ = c − ηλ w′
///     Nesterov     w′ = βw + c + ξ,   c′ = c − ηλ (c + ξ + βw′)
///
/// a linear recursion x′ = M x + b ξ. The mean after T steps is M^T x, the covariance Σ_{t<T} s² M^t b bᵀ (Mᵀ)^t. Where M is stable it settles; for
/// gradient descent at E c² = ηλs²/(2 − ηλ), for the heavy ball at ηλs²(1 + β)/((1 − β)(2(1 + β) − ηλ)). A direction whose slope is above that
/// floor by more than noise makes it trains; one at the floor has been trained as far as this η lets it.
///
/// Source: T. Schaul, S. Zhang, Y. LeCun, ICML 2013, arXiv:1206.1106; G. Zhang et al., NeurIPS 2019, arXiv:1907.04164.
public struct NoisyQuadraticModel<Scalar: Real>: Sendable {
  /// The optimiser's coefficients.
  public struct Descent: Sendable, Hashable, Codable {
    /// η
    public var learningRate: Double
    /// β
    public var momentum: Double
    public var isNesterov: Bool

    public init(learningRate: Double, momentum: Double = 0, isNesterov: Bool = false) {
      self.learningRate = learningRate
      self.momentum = momentum
      self.isNesterov = isNesterov
    }

    /// - Returns: `nil` for optimisers whose step is not a function of gradient and velocity alone.
    init?(_ edge: SharpnessEdge?, learningRate: Double) {
      switch edge {
      case .gradientDescent: self.init(learningRate: learningRate)
      case .heavyBall(let momentum): self.init(learningRate: learningRate, momentum: momentum)
      case .nesterov(let momentum): self.init(learningRate: learningRate, momentum: momentum, isNesterov: true)
      case .adam, nil: return nil
      }
    }
  }

  /// One eigendirection.
  public struct Direction: Sendable, Hashable {
    /// λ
    public var value: Double
    /// c
    public var slope: Double
    /// w; after the step from here, where that is known.
    public var velocity: Double
    /// s²
    public var noise: Double
    /// vᵢᵀu of the step u from here, where that is known: its noise is then no longer random.
    public var update: Double?

    public init(value: Double, slope: Double, velocity: Double, noise: Double, update: Double? = nil) {
      self.value = value
      self.slope = slope
      self.velocity = velocity
      self.noise = noise
      self.update = update
    }
  }

  /// What becomes of a direction.
  public enum Fate: String, Sendable, Codable, CaseIterable {
    /// The slope is above what the noise makes of it at the floor with probability 0.95: it falls.
    case trains
    /// The slope is at the floor.
    case settled
    /// λ is above the edge: iterates grow while oscillating.
    case unstable
    /// λ < 0: iterates leave.
    case escapes
  }

  public var step: Int
  public var descent: Descent
  public var directions: [Direction]
  /// vᵢ
  public var vectors: [Vector<Scalar>]

  public init(step: Int, descent: Descent, directions: [Direction], vectors: [Vector<Scalar>]) {
    self.step = step
    self.descent = descent
    self.directions = directions
    self.vectors = vectors
  }

  /// E c² of a direction where the recursion settles; `nil` where it does not.
  public func floor(_ direction: Direction) -> Double? {
    guard direction.value != 0 else { return 0 }
    var (matrix, covariance) = recursion(direction)
    for _ in 0..<64 {
      let added = matrix.congruence(covariance)
      covariance = covariance + added
      matrix = matrix.squared
      guard covariance.a.isFinite, covariance.d.isFinite else { return nil }
      if abs(added.a) <= 1e-14 * abs(covariance.a) && abs(matrix.a) + abs(matrix.d) < 1e-7 { return covariance.a }
    }
    return nil
  }

  /// The 95 % quantile of χ²₁.
  private static var quantileOfSquare: Double { 3.841458820694124 }

  public func fate(_ direction: Direction) -> Fate {
    if direction.value < 0 { return .escapes }
    guard let floor = floor(direction) else { return .unstable }
    // The slope of a direction at its floor is Gaussian: beyond this in one of twenty.
    return direction.slope * direction.slope > Self.quantileOfSquare * floor ? .trains : .settled
  }

  /// Mean and standard deviation of the slope after some steps.
  public func slope(_ direction: Direction, after steps: Int) -> (mean: Double, deviation: Double) {
    let (matrix, noise) = recursion(direction)
    var (slope, velocity) = (direction.slope, direction.velocity)
    var covariance = Matrix(a: 0, b: 0, c: 0, d: 0)
    var steps = steps
    if let update = direction.update, steps > 0 {
      slope += direction.value * update
      steps -= 1
    }
    for _ in 0..<steps {
      (slope, velocity) = (matrix.a * slope + matrix.b * velocity, matrix.c * slope + matrix.d * velocity)
      covariance = matrix.congruence(covariance) + noise
    }
    return (slope, max(0, covariance.a).squareRoot())
  }

  /// M, and s² b bᵀ.
  private func recursion(_ direction: Direction) -> (Matrix, Matrix) {
    let beta = descent.momentum
    let rate = descent.learningRate * direction.value
    let reach = descent.isNesterov ? rate * (1 + beta) : rate
    let carried = descent.isNesterov ? rate * beta * beta : rate * beta
    let s = direction.noise
    return (
      Matrix(a: 1 - reach, b: -carried, c: 1, d: beta), Matrix(a: reach * reach * s, b: -reach * s, c: -reach * s, d: s)
    )
  }
}

/// [[a, b], [c, d]]
private struct Matrix {
  var a, b, c, d: Double

  static func + (x: Matrix, y: Matrix) -> Matrix { Matrix(a: x.a + y.a, b: x.b + y.b, c: x.c + y.c, d: x.d + y.d) }

  static func * (x: Matrix, y: Matrix) -> Matrix {
    Matrix(
      a: x.a * y.a + x.b * y.c, b: x.a * y.b + x.b * y.d, c: x.c * y.a + x.d * y.c, d: x.c * y.b + x.d * y.d)
  }

  var squared: Matrix { self * self }

  /// M S Mᵀ
  func congruence(_ s: Matrix) -> Matrix { self * s * Matrix(a: a, b: c, c: b, d: d) }
}

extension RunDirections {
  /// The directions as they are, and how those of the last measurement turned out.
  ///
  /// - Parameter earlier: the model of the last measurement, with the slopes along its vectors now.
  init<Scalar>(
    _ model: NoisyQuadraticModel<Scalar>, earlier: (model: NoisyQuadraticModel<Scalar>, slopes: [Double])?
  ) {
    let outcomes = earlier.map { earlier in
      earlier.model.directions.map { earlier.model.slope($0, after: max(0, model.step - earlier.model.step)) }
    }
    self.init(
      slopes: model.directions.map(\.slope), noise: model.directions.map(\.noise),
      floor: model.directions.map { model.floor($0) ?? .nan }, fates: model.directions.map { model.fate($0).rawValue },
      earlierPredicted: outcomes?.map(\.mean) ?? [], earlierDeviations: outcomes?.map(\.deviation) ?? [],
      earlierObserved: earlier?.slopes ?? [])
  }
}
