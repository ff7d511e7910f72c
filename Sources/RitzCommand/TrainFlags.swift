import ArgumentParser
import Ritz

/// How a network is trained.
struct TrainFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "sgd, heavy-ball, nesterov, adam, adamw, rmsprop, gauss-newton, adahessian, sophia or sam.", valueName: "name"))
  var optimizer: String = "sgd"
  @Option(help: ArgumentHelp("The learning rate; by default one that suits the optimiser.", valueName: "eta"))
  var learningRate: Double?
  @Option(
    help: ArgumentHelp("constant, step:30,60 (epochs), step:30,60@0.1, cosine or cosine:0.01.", valueName: "how"))
  var schedule: String = "constant"
  @Option(help: ArgumentHelp("Steps of linear warm-up.", valueName: "n")) var warmUp: Int = 0
  @Option(help: ArgumentHelp("Passes over the data.", valueName: "n")) var epochs: Double?
  @Option(help: ArgumentHelp("Steps, instead of epochs.", valueName: "n")) var steps: Int?
  @Option(help: ArgumentHelp("Samples of a step, or 'all'.", valueName: "n")) var batch: String = "128"
  @Option(help: ArgumentHelp("Of heavy-ball, nesterov and sam.", valueName: "beta")) var momentum: Double?
  @Option(help: ArgumentHelp("Of adam and its like; the second alone of rmsprop.", valueName: "b1,b2")) var betas:
    String?
  @Option(help: ArgumentHelp("Of adam and its like.", valueName: "e")) var epsilon: Double?
  @Option(help: ArgumentHelp("Of sam.", valueName: "rho")) var radius: Double?
  @Option(help: ArgumentHelp("That gauss-newton begins with.", valueName: "mu")) var damping: Double?
  @Option(help: ArgumentHelp("Products of a gauss-newton step, at most.", valueName: "n")) var solverProducts: Int?
  @Option(help: ArgumentHelp("Of sophia: hutchinson or gauss-newton-bartlett.", valueName: "name"))
  var estimator: String?
  @Option(help: ArgumentHelp("Weight decay.", valueName: "lambda")) var weightDecay: Double = 0
  @Option(
    help: ArgumentHelp(
      "coupled (part of the gradient) or decoupled; by default as the optimiser's source has it.", valueName: "how"))
  var decay: String?
  @Option(help: ArgumentHelp("Shorten gradients to this norm.", valueName: "norm")) var clip: Double?
  @Option(help: ArgumentHelp("Of images: flip, crop=4 or flip,crop=4.", valueName: "how")) var augment: String?
  @Option(help: ArgumentHelp("Replace this fraction of the labels, fixed by the seed.", valueName: "p"))
  var labelNoise: Double = 0
  @Option(help: ArgumentHelp("Seed of the labels replaced; by default --seed.", valueName: "n")) var labelSeed: UInt64?
  @Flag(help: "Take labels as unit vectors, for losses of real targets.") var oneHot = false
  @Option(
    name: .customLong("batch-norm-momentum"),
    help: ArgumentHelp("Weight of the newest batch in running averages.", valueName: "m"))
  var normalizationMomentum: Double = 0.1

  func validate() throws {
    try requireCounts([("--steps", steps)], atMost: 1_000_000_000)
    guard warmUp >= 0, warmUp <= 1_000_000_000 else { throw ValidationError("--warm-up must not be negative") }
    if steps != nil && epochs != nil { throw ValidationError("--epochs and --steps exclude each other") }
    if let epochs, !(epochs >= 0 && epochs <= 1e6) { throw ValidationError("--epochs must be 0 to 1000000") }
    if let decay, decay != "coupled" && decay != "decoupled" {
      throw ValidationError("--decay is coupled or decoupled, not '\(decay)'")
    }
    if let estimator, DiagonalEstimator(rawValue: estimator) == nil {
      let known = DiagonalEstimator.allCases.map(\.rawValue).joined(separator: " or ")
      throw ValidationError("--estimator is \(known), not '\(estimator)'")
    }
    if batch != "all" && (Int(batch) ?? 0) < 1 { throw ValidationError("--batch is a number of samples or all") }
    _ = try augmentation()
    _ = try parsedBetas()
    if let rule = OptimizerSettings.Rule(rawValue: optimizer) { try requireMeaning(rule) }
  }

  /// Whether anything was given that a stored run has settled.
  var isGiven: Bool {
    let numbers = [learningRate, epochs, momentum, epsilon, radius, damping, clip]
    let texts = [betas, estimator, decay, augment]
    return optimizer != "sgd" || schedule != "constant" || warmUp != 0 || steps != nil || batch != "128"
      || solverProducts != nil || weightDecay != 0 || labelNoise != 0 || labelSeed != nil
      || normalizationMomentum != 0.1
      || oneHot || numbers.contains { $0 != nil } || texts.contains { $0 != nil }
  }

  private func parsedBetas() throws -> [Double]? {
    guard let betas else { return nil }
    let numbers = betas.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
    guard (1...2).contains(numbers.count), numbers.allSatisfy(\.isFinite) else {
      throw ValidationError("--betas is two numbers such as 0.9,0.999, not '\(betas)'")
    }
    return numbers
  }

  private func augmentation() throws -> Augmentation {
    var result = Augmentation()
    for part in augment?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
      if part == "flip" {
        result.flip = true
      } else if part.hasPrefix("crop="), let border = Int(part.dropFirst(5)), border > 0 {
        result.crop = border
      } else {
        throw ValidationError("--augment takes flip and crop=N, not '\(part)'")
      }
    }
    return result
  }

  /// - Throws: where a flag is of other optimisers than the one chosen.
  private func requireMeaning(_ rule: OptimizerSettings.Rule) throws {
    let averaging: [OptimizerSettings.Rule] = [.adam, .adamW, .rmsprop, .adaHessian, .sophia]
    for (flag, isGiven, rules) in [
      ("--momentum", momentum != nil, [.heavyBall, .nesterov, .sharpnessAware]),
      ("--betas", betas != nil, averaging), ("--epsilon", epsilon != nil, averaging),
      ("--radius", radius != nil, [.sharpnessAware]), ("--damping", damping != nil, [.gaussNewton]),
      ("--solver-products", solverProducts != nil, [.gaussNewton]), ("--estimator", estimator != nil, [.sophia]),
    ] as [(String, Bool, [OptimizerSettings.Rule])] where isGiven && !rules.contains(rule) {
      throw ValidationError(
        "\(flag) means nothing to --optimizer \(rule.rawValue); it is of \(rules.map(\.rawValue).joined(separator: ", "))"
      )
    }
    if rule == .rmsprop, try parsedBetas()?.count == 2 {
      throw ValidationError("--betas is one number for --optimizer rmsprop, such as 0.99")
    }
  }

  private func optimizerSettings() throws -> OptimizerSettings {
    var settings = try OptimizerSettings(named: optimizer)
    if let momentum { settings.momentum = momentum }
    if let betas = try parsedBetas() {
      settings.beta2 = betas[betas.count - 1]
      if betas.count == 2 { settings.beta1 = betas[0] }
    }
    if let epsilon { settings.epsilon = epsilon }
    if let radius { settings.radius = radius }
    if let damping { settings.damping = damping }
    if let solverProducts { settings.maximumProducts = solverProducts }
    if let estimator { settings.estimator = DiagonalEstimator(rawValue: estimator) ?? settings.estimator }
    return settings
  }

  /// The settings for a number of samples.
  func settings(samples: Int, seed: UInt64) throws -> TrainingSettings {
    let batchSize = batch == "all" ? samples : Int(batch) ?? samples
    guard batchSize <= samples else {
      throw InputError(
        place: "--batch \(batch)", "there are \(samples) samples only", remedy: "choose smaller batches, or 'all'")
    }
    let perEpoch = samples / batchSize
    let count = steps ?? Int(((epochs ?? 1) * Double(perEpoch)).rounded())
    let settings = TrainingSettings(
      optimizer: try optimizerSettings(), learningRate: learningRate,
      schedule: try LearningRateSchedule(argument: schedule, stepsPerEpoch: perEpoch, warmUp: warmUp),
      weightDecay: weightDecay, isDecayDecoupled: decay.map { $0 == "decoupled" }, clipNorm: clip,
      batchSize: batchSize, steps: count, augmentation: try augmentation(),
      normalizationMomentum: normalizationMomentum, seed: seed)
    try settings.validate()
    return settings
  }
}

extension OptimizerSettings {
  /// The sharpness edge, where one is known for the rule.
  var edge: SharpnessEdge? {
    switch rule {
    case .gradientDescent: .gradientDescent
    case .heavyBall: .heavyBall(momentum: momentum)
    case .nesterov: .nesterov(momentum: momentum)
    case .adam, .adamW, .adaHessian: .adam(beta1: beta1)
    case .rmsprop: .adam(beta1: 0)
    case .gaussNewton, .sophia, .sharpnessAware: nil
    }
  }
}
