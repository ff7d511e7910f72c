import Tensors

/// Which optimiser, with its coefficients: what defines it but for the learning rate.
public struct OptimizerSettings: Codable, Sendable, Hashable {
  public enum Rule: String, Codable, Sendable, Hashable, CaseIterable {
    case gradientDescent = "sgd"
    case heavyBall = "heavy-ball"
    case nesterov
    case adam
    case adamW = "adamw"
    case rmsprop
    case gaussNewton = "gauss-newton"
    case adaHessian = "adahessian"
    case sophia
    case sharpnessAware = "sam"
  }

  public var rule: Rule
  /// β of heavy ball, Nesterov and the steps of SAM.
  public var momentum: Double
  /// β₁ and β₂ of those that average gradients and squares; β₂ is α of RMSprop.
  public var beta1: Double
  public var beta2: Double
  /// ε
  public var epsilon: Double
  /// ρ of SAM.
  public var radius: Double
  /// μ that Gauss-Newton begins with.
  public var damping: Double
  /// The most products of a Gauss-Newton step, and the relative residual that is enough.
  public var maximumProducts: Int
  public var tolerance: Double
  /// γ of Sophia, the steps between two of its estimates, and what they are made of.
  public var scale: Double
  public var interval: Int
  public var estimator: DiagonalEstimator

  /// The rule with the coefficients of its source.
  public init(_ rule: Rule) {
    self.rule = rule
    momentum = rule == .sharpnessAware || rule == .heavyBall || rule == .nesterov ? 0.9 : 0
    switch rule {
    case .sophia: (beta1, beta2, epsilon) = (0.96, 0.99, 1e-12)
    case .rmsprop: (beta1, beta2, epsilon) = (0, 0.99, 1e-8)
    default: (beta1, beta2, epsilon) = (0.9, 0.999, 1e-8)
    }
    radius = 0.05
    damping = 1
    maximumProducts = 50
    tolerance = 1e-2
    scale = 0.01
    interval = 10
    estimator = .hutchinson
  }

  /// The rule of a name on the command line.
  public init(named name: String) throws(InputError) {
    guard let rule = Rule(rawValue: name) else {
      throw InputError(
        place: "--optimizer", "there is no optimiser '\(name)'",
        remedy: "choose one of " + Rule.allCases.map(\.rawValue).joined(separator: ", "))
    }
    self.init(rule)
  }

  /// - Throws: ``InputError`` for coefficients no rule is defined for.
  public func validate() throws(InputError) {
    func require(_ isValid: Bool, _ flag: String, _ range: String) throws(InputError) {
      guard isValid else { throw InputError(place: flag, "must be \(range)") }
    }
    try require(momentum >= 0 && momentum < 1, "--momentum", "from 0 to less than 1")
    try require(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1, "--betas", "from 0 to less than 1")
    try require(epsilon >= 0 && epsilon.isFinite, "--epsilon", "a number from 0 on")
    try require(radius >= 0 && radius.isFinite, "--radius", "a number from 0 on")
    try require(damping >= 0 && damping.isFinite, "--damping", "a number from 0 on")
    try require(maximumProducts >= 1, "--solver-products", "at least 1")
    try require(tolerance > 0 && tolerance < 1, "the tolerance of Gauss-Newton's solver", "between 0 and 1")
    try require(scale > 0 && scale.isFinite, "γ of Sophia", "a positive number")
    try require(interval >= 1, "the interval between estimates of Sophia", "at least 1")
  }

  /// Whether weight decay shrinks the parameters by itself instead of being part of the gradient, where nobody says.
  public var decouplesWeightDecay: Bool {
    switch rule {
    case .adamW, .adaHessian, .sophia: true
    default: false
    }
  }

  /// The learning rate where nobody says: that of the source, or of common use.
  public var standardLearningRate: Double {
    switch rule {
    case .gradientDescent, .heavyBall, .nesterov, .sharpnessAware: 0.1
    case .adam, .adamW, .rmsprop: 1e-3
    case .gaussNewton: 1
    case .adaHessian: 0.1
    case .sophia: 1e-3
    }
  }

  /// An optimiser that remembers nothing yet, for `count` parameters.
  public func make<Scalar: Real>(count: Int, as type: Scalar.Type = Scalar.self) -> any Optimizer<Scalar> {
    switch rule {
    case .gradientDescent: GradientDescent()
    case .heavyBall: HeavyBall(momentum: momentum, count: count)
    case .nesterov: Nesterov(momentum: momentum, count: count)
    case .adam, .adamW: Adam(beta1: beta1, beta2: beta2, epsilon: epsilon, count: count)
    case .rmsprop: RMSprop(smoothing: beta2, epsilon: epsilon, count: count)
    case .gaussNewton:
      GaussNewtonDescent(damping: damping, maximumProducts: maximumProducts, tolerance: tolerance)
    case .adaHessian: AdaHessian(beta1: beta1, beta2: beta2, epsilon: epsilon, count: count)
    case .sophia:
      Sophia(
        beta1: beta1, beta2: beta2, scale: scale, epsilon: epsilon, interval: interval,
        estimator: estimator, count: count)
    case .sharpnessAware: SharpnessAware(radius: radius, momentum: momentum, count: count)
    }
  }

  /// The rule and its coefficients in words.
  public var summary: String {
    switch rule {
    case .gradientDescent: "SGD"
    case .heavyBall: "heavy ball (β \(momentum))"
    case .nesterov: "Nesterov (β \(momentum))"
    case .adam: "Adam (β₁ \(beta1), β₂ \(beta2), ε \(epsilon))"
    case .adamW: "AdamW (β₁ \(beta1), β₂ \(beta2), ε \(epsilon))"
    case .rmsprop: "RMSprop (α \(beta2), ε \(epsilon))"
    case .gaussNewton:
      "Gauss-Newton (conjugate gradients up to \(maximumProducts) products or residual \(tolerance), damping from \(damping))"
    case .adaHessian: "AdaHessian (β₁ \(beta1), β₂ \(beta2), ε \(epsilon))"
    case .sophia:
      "Sophia (β₁ \(beta1), β₂ \(beta2), γ \(scale), ε \(epsilon), \(estimator.rawValue) every \(interval) steps)"
    case .sharpnessAware: "SAM (ρ \(radius)) with heavy ball (β \(momentum))"
    }
  }
}
