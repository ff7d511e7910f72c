import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors

/// How sharp a minimum is, by the measures that are in use, at given parameters.
///
/// | measure | definition |
/// |---|---|
/// | largest eigenvalue | λ₁ of the Hessian |
/// | trace | tr H, Hutchinson's estimate |
/// | sam | L(w + ρ g/‖g‖) − L(w) |
/// | adaptive | L(w + ρ T²g/‖T g‖) − L(w), T = diag \|w\| |
/// | keskar | 100 (max L(w + y) − L(w))/(1 + L(w)), \|yⱼ\| ≤ ε (\|wⱼ\| + 1), from below by ascent along the signs of the gradient |
///
/// Errors are over the data, by a jackknife over groups of the samples; the trace's is also over its probes.
///
/// Sources: P. Foret et al., "Sharpness-aware minimization", 2021, arXiv:2010.01412; J. Kwon et al., "ASAM", 2021, arXiv:2102.11600; N. Keskar et
/// al., "On large-batch training for deep learning", 2017, arXiv:1609.04836.
public struct SharpnessMeasures: Sendable {
  public struct Options: Codable, Sendable, Hashable {
    /// ρ of `sam`
    public var radius = 0.05
    /// ρ of `adaptive`
    public var adaptiveRadius = 0.5
    /// ε of `keskar`
    public var box = 1e-3
    /// Steps of the ascent in the box.
    public var ascentSteps = 10
    public var probes = 10
    /// Groups of the jackknife.
    public var groups = 5
    public var seed: UInt64 = 0

    public init() {}
  }

  public enum Measure: String, Codable, Sendable, CaseIterable {
    case largestEigenvalue = "largest-eigenvalue"
    case trace, sam, adaptive, keskar

    /// The definition, in one line.
    public func definition(_ options: Options) -> String {
      switch self {
      case .largestEigenvalue: "λ₁ of the Hessian"
      case .trace: "tr H, \(options.probes) probes"
      case .sam: "L(w + ρ g/‖g‖) − L(w), ρ = \(options.radius)"
      case .adaptive: "L(w + ρ T²g/‖Tg‖) − L(w), T = diag |w|, ρ = \(options.adaptiveRadius)"
      case .keskar:
        "100 (max L(w + y) − L(w))/(1 + L(w)), |yⱼ| ≤ \(options.box) (|wⱼ| + 1), \(options.ascentSteps) steps of ascent: from below"
      }
    }
  }

  /// A measure with its standard error.
  public struct Value: Sendable, Hashable {
    public var value: Double
    public var standardError: Double
    /// Where the number may be smaller than the measure's definition: not converged.
    public var isConverged: Bool
  }

  /// The measures on some samples.
  ///
  /// Cost: of each of the groups and of all samples some dozens of products with the Hessian and of gradients.
  public static func measure<Scalar: Real>(
    _ type: Scalar.Type, network: Network, dataset: Dataset, loss: Loss, options: Options, pool: WorkerPool,
    interruption: @escaping @Sendable () throws -> Void = {}
  ) throws -> [Measure: Value] {
    func objective(_ data: Dataset) throws -> Objective<Scalar> {
      try Objective(network: network, dataset: data, loss: loss, pool: pool)
    }
    let whole = try values(objective(dataset), options, interruption)
    let groups = min(options.groups, dataset.count)
    let parts = try (0..<groups).map { group in
      let rows = (0..<dataset.count).filter { $0 % groups != group }
      return try values(objective(dataset.selecting(rows)), options, interruption)
    }
    var result: [Measure: Value] = [:]
    for (measure, (value, error, isConverged)) in whole {
      let errors = jackknifeErrors(parts.map { [$0[measure]?.value ?? .nan] })
      let overData = groups > 1 ? errors[0] : .infinity
      result[measure] = Value(
        value: value, standardError: (overData * overData + error * error).squareRoot(), isConverged: isConverged)
    }
    return result
  }

  /// Values with the errors of probes, on all samples of an objective.
  public static func values<Scalar: Real>(
    _ objective: Objective<Scalar>, _ options: Options, _ interruption: @escaping @Sendable () throws -> Void
  ) throws -> [Measure: (value: Double, error: Double, isConverged: Bool)] {
    let (space, start) = (objective.space, objective.parameters)
    let gradients = try objective.gradientFunction()
    let (loss, gradient) = try gradients(start)
    var result: [Measure: (value: Double, error: Double, isConverged: Bool)] = [:]
    let hessian = try objective.curvature(.hessian)
    hessian.setInterruption(interruption)
    var solver = try EigenpairSolver(
      space: space, options: EigenpairOptions(top: 1, tolerance: 1e-3, verifiesMultiplicity: false, seed: options.seed))
    while !solver.isFinished { try solver.step(hessian) }
    let pairs = try solver.eigenpairs(hessian)
    if let first = pairs.top.first { result[.largestEigenvalue] = (first.value, first.residual, first.converged) }
    let trace = try TraceEstimator(seed: options.seed, batch: 5).hutchinson(hessian, probes: options.probes)
    result[.trace] = (trace.value, trace.standardError ?? 0, true)
    let norm = space.norm(gradient)
    func rise(_ direction: Vector<Scalar>, _ length: Double) throws -> Double {
      guard length > 0, length.isFinite else { return 0 }
      var moved = start
      space.axpy(length, direction, &moved)
      return try gradients(moved).loss - loss
    }
    try interruption()
    result[.sam] = (try rise(gradient, options.radius / norm), 0, true)
    let (weights, slopes) = (start.elements, gradient.elements)
    let turned = Vector(zip(weights, slopes).map { $0 * $0 * $1 })
    let scaled = Vector(zip(weights, slopes).map { $0 * $1 })
    result[.adaptive] = (try rise(turned, options.adaptiveRadius / space.norm(scaled)), 0, true)
    try interruption()
    result[.keskar] = (
      try ascent(from: start, slope: slopes, loss, gradients, options, interruption), 0, true
    )
    return result
  }

  /// The largest value along an ascent in the box: the corner that the signs of the gradient point to, step after step.
  private static func ascent<Scalar: Real>(
    from start: Vector<Scalar>, slope: [Scalar], _ loss: Double, _ gradients: GradientFunction<Scalar>,
    _ options: Options, _ interruption: () throws -> Void
  ) throws -> Double {
    let weights = start.elements
    let widths = weights.map { Scalar(options.box) * (abs($0) + 1) }
    var (slope, best) = (slope, loss)
    for _ in 0..<options.ascentSteps {
      try interruption()
      var corner = weights
      for index in corner.indices where slope[index] != 0 {
        corner[index] += slope[index] > 0 ? widths[index] : -widths[index]
      }
      let (value, gradient) = try gradients(Vector(corner))
      guard value > best else { break }
      (best, slope) = (value, gradient.elements)
    }
    return 100 * (best - loss) / (1 + loss)
  }
}

/// A change of the parameters that leaves the network's function as it is: the first layer times α, the next layer's weight divided by it, as a
/// positively homogeneous activation allows.
///
/// Source: L. Dinh, R. Pascanu, S. Bengio, Y. Bengio, "Sharp minima can generalize for deep nets", 2017, arXiv:1703.04933.
public enum Rescaling {
  /// The factors of all parameters, for the first two linear layers in the order of the network; `nil` where there are none.
  public static func factors<Scalar: Real>(_ objective: Objective<Scalar>, alpha: Double) throws -> [Double]? {
    let layers = try objective.linearLayers()
    guard layers.count >= 2 else { return nil }
    var factors = [Double](repeating: 1, count: objective.dimension)
    for range in layers[0].ranges { for index in range { factors[index] = alpha } }
    for index in layers[1].weightRange { factors[index] = 1 / alpha }
    return factors
  }

  /// The network with its parameters times the factors, if its loss on the objective's data stays the same to `tolerance` of itself.
  public static func rescaled<Scalar: Real>(
    _ objective: Objective<Scalar>, alpha: Double, tolerance: Double = 1e-4
  ) throws -> Network? {
    guard let factors = try factors(objective, alpha: alpha) else { return nil }
    let moved = Vector(zip(objective.parameters.elements, factors).map { $0 * Scalar($1) })
    let function = try objective.lossFunction()
    let (before, after) = (try function(objective.parameters).loss, try function(moved).loss)
    guard abs(after - before) <= tolerance * max(abs(before), 1e-12) else { return nil }
    return try objective.network.withParameters(moved)
  }
}
