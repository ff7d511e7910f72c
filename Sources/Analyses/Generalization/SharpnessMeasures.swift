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
/// Sources: P. Foret et al., "Sharpness-aware minimization", 2021, arXiv:2010.01412; J. Kwon et al., "ASAM", 2021,
/// arXiv:2102.11600; N. Keskar et al., "On large-batch training for deep learning", 2017, arXiv:1609.04836.
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
    /// Whether the number is what the definition says; where not, it is smaller.
    public var isConverged: Bool
  }

  /// What is known of each measure on some samples.
  public typealias Values = [Measure: Measured]

  public struct Measured: Sendable, Hashable {
    public var value: Double
    public var isConverged = true
    /// Of a solver.
    public var residual = 0.0
    /// Independent estimates whose mean the value is, one a probe.
    public var estimates: [Double] = []

    var error: Double { MeanEstimate(estimates).standardError ?? residual }
  }

  /// On all samples.
  public let whole: Values
  /// On all samples but those of one group of the jackknife each.
  private let parts: [Values]

  /// The measures on some samples.
  ///
  /// Cost: of each of the groups and of all samples some dozens of products with the Hessian and of gradients.
  public init<Scalar: Real>(
    _ type: Scalar.Type, network: Network, dataset: Dataset, loss: Loss, options: Options, pool: WorkerPool,
    interruption: @escaping @Sendable () throws -> Void = {}
  ) throws {
    func values(_ data: Dataset) throws -> Values {
      try Self.values(
        Objective<Scalar>(network: network, dataset: data, loss: loss, pool: pool), options, interruption)
    }
    whole = try values(dataset)
    let groups = min(options.groups, dataset.count)
    parts =
      try groups < 2
      ? []
      : (0..<groups).map { group in try values(dataset.selecting((0..<dataset.count).filter { $0 % groups != group })) }
  }

  public subscript(measure: Measure) -> Value? {
    whole[measure].map { measured in
      let overData = Self.jackknife(parts.map { $0[measure]?.value ?? .nan })
      return Value(
        value: measured.value, standardError: (overData * overData + measured.error * measured.error).squareRoot(),
        isConverged: measured.isConverged)
    }
  }

  /// The standard error of a measure's change from these parameters to others, on the same samples and probes: that of
  /// the changes themselves, over the data and the probes.
  public func changeError(_ measure: Measure, to other: SharpnessMeasures) -> Double? {
    guard let here = whole[measure], let there = other.whole[measure] else { return nil }
    let changes = zip(parts, other.parts).map { ($1[measure]?.value ?? .nan) - ($0[measure]?.value ?? .nan) }
    let overData = Self.jackknife(changes)
    let overProbes =
      MeanEstimate(zip(here.estimates, there.estimates).map { $1 - $0 }).standardError
      ?? here.residual + there.residual
    return (overData * overData + overProbes * overProbes).squareRoot()
  }

  private static func jackknife(_ values: [Double]) -> Double {
    values.count > 1 ? jackknifeErrors(values.map { [$0] })[0] : .infinity
  }

  /// Values with the errors of probes, on all samples of an objective.
  public static func values<Scalar: Real>(
    _ objective: Objective<Scalar>, _ options: Options, _ interruption: @escaping @Sendable () throws -> Void
  ) throws -> Values {
    let (space, start) = (objective.space, objective.parameters)
    let gradients = try objective.gradientFunction()
    let (loss, gradient) = try gradients(start)
    var result: Values = [:]
    let hessian = try objective.curvature(.hessian)
    hessian.setInterruption(interruption)
    var solver = try EigenpairSolver(
      space: space, options: EigenpairOptions(top: 1, tolerance: 1e-3, verifiesMultiplicity: false, seed: options.seed))
    while !solver.isFinished { try solver.step(hessian) }
    let pairs = try solver.eigenpairs(hessian)
    if let first = pairs.top.first {
      result[.largestEigenvalue] = Measured(
        value: first.value, isConverged: first.converged, residual: first.residual)
    }
    let trace = try TraceEstimator(seed: options.seed, batch: 5).hutchinson(hessian, probes: options.probes)
    result[.trace] = Measured(value: trace.value, estimates: trace.samples)
    let norm = space.norm(gradient)
    func rise(_ direction: Vector<Scalar>, _ length: Double) throws -> Double {
      guard length > 0, length.isFinite else { return 0 }
      var moved = start
      space.axpy(length, direction, &moved)
      return try gradients(moved).loss - loss
    }
    try interruption()
    result[.sam] = Measured(value: try rise(gradient, options.radius / norm))
    let (weights, slopes) = (start.elements, gradient.elements)
    let turned = Vector(zip(weights, slopes).map { $0 * $0 * $1 })
    let scaled = Vector(zip(weights, slopes).map { $0 * $1 })
    result[.adaptive] = Measured(value: try rise(turned, options.adaptiveRadius / space.norm(scaled)))
    try interruption()
    result[.keskar] = Measured(
      value: try ascent(from: start, slope: slopes, loss, gradients, options, interruption), isConverged: false)
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
