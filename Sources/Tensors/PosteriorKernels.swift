import CTensors

/// What a step of RMSprop on the mean and the log-deviation of independent normal weights needs to know.
public struct PosteriorStep: Sendable {
  /// η
  public var learningRate: Double
  /// α of v ← αv + (1 − α) g²
  public var smoothing: Double
  /// ε of η g/(√v + ε)
  public var epsilon: Double
  /// What the gradient that is given is multiplied by.
  public var gradientScale: Double
  /// c, the derivative of the objective by the divergence from the prior.
  public var divergenceWeight: Double
  /// 1/λ of the prior N(w₀, λI)
  public var priorPrecision: Double

  public init(
    learningRate: Double, smoothing: Double, epsilon: Double, gradientScale: Double, divergenceWeight: Double,
    priorPrecision: Double
  ) {
    self.learningRate = learningRate
    self.smoothing = smoothing
    self.epsilon = epsilon
    self.gradientScale = gradientScale
    self.divergenceWeight = divergenceWeight
    self.priorPrecision = priorPrecision
  }

  fileprivate var kernel: ritz_posterior_step {
    ritz_posterior_step(
      rate: learningRate, smoothing: smoothing, epsilon: epsilon, scale: gradientScale, divergence: divergenceWeight,
      precision: priorPrecision)
  }
}

/// Single-threaded kernels over independent normal weights N(μⱼ, σⱼ²), made for ranges that fit in the caches. Pointers
/// are unchecked.
public protocol PosteriorKernels {
  /// With d = noisy − μ, g the gradient at the noisy weights times its scale, c the weight of the divergence: a step of
  /// RMSprop on μ along g + c (μ − w₀)/λ and on ln σ along g d + c (σ²/λ − 1). `deviation` is σ before the step.
  static func step(
    _ step: PosteriorStep, gradient: UnsafePointer<Self>, noisy: UnsafePointer<Self>, prior: UnsafePointer<Self>,
    deviation: UnsafePointer<Self>, mean: UnsafeMutablePointer<Self>, logarithm: UnsafeMutablePointer<Self>,
    meanSquare: UnsafeMutablePointer<Self>, logarithmSquare: UnsafeMutablePointer<Self>, count: Int)
  /// μ + σ ⊙ x
  static func perturb(
    _ mean: UnsafePointer<Self>, _ deviation: UnsafePointer<Self>, _ normal: UnsafePointer<Float>,
    to result: UnsafeMutablePointer<Self>, count: Int)
  /// Σ (μ − w₀)², Σ σ², Σ ln σ in Double, in an order that depends on the count only.
  static func posteriorSums(
    mean: UnsafePointer<Self>, prior: UnsafePointer<Self>, deviation: UnsafePointer<Self>,
    logarithm: UnsafePointer<Self>, count: Int
  ) -> (move: Double, variance: Double, logarithm: Double)
}

extension Float: PosteriorKernels {
  public static func step(
    _ step: PosteriorStep, gradient: UnsafePointer<Float>, noisy: UnsafePointer<Float>, prior: UnsafePointer<Float>,
    deviation: UnsafePointer<Float>, mean: UnsafeMutablePointer<Float>, logarithm: UnsafeMutablePointer<Float>,
    meanSquare: UnsafeMutablePointer<Float>, logarithmSquare: UnsafeMutablePointer<Float>, count: Int
  ) {
    withUnsafePointer(to: step.kernel) {
      ritz_posterior_step_s(
        $0, gradient, noisy, prior, deviation, mean, logarithm, meanSquare, logarithmSquare, count)
    }
  }

  public static func perturb(
    _ mean: UnsafePointer<Float>, _ deviation: UnsafePointer<Float>, _ normal: UnsafePointer<Float>,
    to result: UnsafeMutablePointer<Float>, count: Int
  ) { ritz_perturb_s(mean, deviation, normal, result, count) }

  public static func posteriorSums(
    mean: UnsafePointer<Float>, prior: UnsafePointer<Float>, deviation: UnsafePointer<Float>,
    logarithm: UnsafePointer<Float>, count: Int
  ) -> (move: Double, variance: Double, logarithm: Double) {
    var sums = (0.0, 0.0, 0.0)
    withUnsafeMutableBytes(of: &sums) { bytes in
      ritz_posterior_sums_s(
        mean, prior, deviation, logarithm, count, bytes.baseAddress?.assumingMemoryBound(to: Double.self))
    }
    return sums
  }
}

extension Double: PosteriorKernels {
  public static func step(
    _ step: PosteriorStep, gradient: UnsafePointer<Double>, noisy: UnsafePointer<Double>,
    prior: UnsafePointer<Double>, deviation: UnsafePointer<Double>, mean: UnsafeMutablePointer<Double>,
    logarithm: UnsafeMutablePointer<Double>, meanSquare: UnsafeMutablePointer<Double>,
    logarithmSquare: UnsafeMutablePointer<Double>, count: Int
  ) {
    withUnsafePointer(to: step.kernel) {
      ritz_posterior_step_d(
        $0, gradient, noisy, prior, deviation, mean, logarithm, meanSquare, logarithmSquare, count)
    }
  }

  public static func perturb(
    _ mean: UnsafePointer<Double>, _ deviation: UnsafePointer<Double>, _ normal: UnsafePointer<Float>,
    to result: UnsafeMutablePointer<Double>, count: Int
  ) { ritz_perturb_d(mean, deviation, normal, result, count) }

  public static func posteriorSums(
    mean: UnsafePointer<Double>, prior: UnsafePointer<Double>, deviation: UnsafePointer<Double>,
    logarithm: UnsafePointer<Double>, count: Int
  ) -> (move: Double, variance: Double, logarithm: Double) {
    var sums = (0.0, 0.0, 0.0)
    withUnsafeMutableBytes(of: &sums) { bytes in
      ritz_posterior_sums_d(
        mean, prior, deviation, logarithm, count, bytes.baseAddress?.assumingMemoryBound(to: Double.self))
    }
    return sums
  }
}
