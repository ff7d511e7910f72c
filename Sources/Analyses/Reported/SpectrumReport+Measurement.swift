import Autodiff
import Curvature
import Datasets
import Krylov
import Networks
import Tensors

extension SpectrumReport {
  /// What a report needs to know beside the numbers.
  public struct Context: Sendable {
    public var title: String?
    public var command: [String]
    public var version: String
    public var model: String
    public var modelFormat: String
    public var precisionReason: String
    public var seed: UInt64
    public var seconds: Double
    public var peakMemoryBytes: Int

    public init(
      title: String? = nil, command: [String], version: String, model: String, modelFormat: String,
      precisionReason: String, seed: UInt64, seconds: Double, peakMemoryBytes: Int
    ) {
      self.title = title
      self.command = command
      self.version = version
      self.model = model
      self.modelFormat = modelFormat
      self.precisionReason = precisionReason
      self.seed = seed
      self.seconds = seconds
      self.peakMemoryBytes = peakMemoryBytes
    }
  }

  /// The report of measurements of an objective.
  public init<Scalar: Real>(
    _ objective: Objective<Scalar>, dataset: Dataset, measurements: [SpectrumMeasurement<Scalar>], loss: Double,
    accuracy: Double?, gradient: Vector<Scalar>, blockMass: ReportedBlockMass? = nil, context: Context
  ) {
    let network = objective.network
    let blockMassProducts = blockMass.map { $0.probes * $0.blocks.count } ?? 0
    let description = dataset.description
    var warnings: [String] = []
    if let remark = objective.loss.remark(on: network.ending) { warnings.append(remark) }
    if let sampling = objective.samplingRemark(description) { warnings.append(sampling) }
    self.init(
      title: context.title, command: context.command,
      tool: ReportedTool(version: context.version, libraries: ["numerics": LinearAlgebraLibrary.description]),
      model: ReportedModel(of: objective, source: context.model, format: context.modelFormat),
      data: ReportedData(of: objective, description),
      loss: ReportedLoss(
        name: objective.loss.rawValue, value: loss, accuracy: accuracy, definition: objective.loss.convention),
      gradient: ReportedGradient(norm: objective.space.norm(gradient)),
      execution: ReportedExecution(
        precision: Scalar.precisionName, precisionReason: context.precisionReason, workers: objective.pool.count,
        microbatch: objective.schedule.microbatch, tasks: objective.schedule.tasks, seed: context.seed,
        seconds: context.seconds, operatorProducts: measurements.reduce(blockMassProducts) { $0 + $1.products },
        peakMemoryBytes: context.peakMemoryBytes),
      conventions: Self.conventions(objective, measurements), operators: measurements.map(ReportedSpectrum.init),
      blockMass: blockMass, warnings: warnings)
  }

  private static func conventions<Scalar: Real>(
    _ objective: Objective<Scalar>, _ measurements: [SpectrumMeasurement<Scalar>]
  ) -> [String: String] {
    var conventions = [
      "loss": objective.loss.convention,
      "mean": "over the samples of non-zero weight, exact for any microbatch",
      "parameters": "order and names of the model; tied weights once; eigenvectors and gradients in this order",
      "kinks": "relu'(0) = 0; second derivatives are those of the active pieces",
      "density": "integrates to 1; P times it counts eigenvalues; converged eigenpairs enter with weight exactly 1/P",
      "gradient fraction":
        "|Pg|^2/|g|^2 with P the projector on the top K eigenvectors, K = number of classes; chance is K/P",
      "outliers": "the i <= 3C that maximises the ratio of consecutive converged top eigenvalues above ten residuals",
    ]
    conventions["batch norm"] = objective.batchNormalizationText
    for measurement in measurements {
      conventions["operator " + measurement.kind.rawValue] = measurement.options.definition(of: measurement.kind)
      if measurement.condition != nil {
        conventions["condition number"] =
          "largest eigenvalue over the smallest that is not zero; those below 10 N eps of the largest, of singular values below 10 N eps "
          + "of the largest singular value, are not told from zero, and a number that rests on them is a lower bound"
      }
      if measurement.isPreconditioned {
        conventions["preconditioned"] =
          "D^1/2 A D^1/2, A the operator, D the diagonal given; eigenvectors and gradient in coordinates D^(-1/2) theta"
      }
      if measurement.block != nil {
        conventions["blocks"] = "each by itself, all other parameters held fixed: the diagonal blocks of the operator"
      }
    }
    return conventions
  }
}

extension Objective {
  /// Where batch normalisations take their statistics from; `nil` without any.
  var batchNormalizationText: String? {
    guard let mode = network.batchNormalization else { return nil }
    guard mode.couplesSamples else { return mode.convention }
    let groups = schedule.samples / schedule.group
    let cut =
      groups == 1
      ? "all \(schedule.samples) samples are one group"
      : "\(groups) groups of \(schedule.group) samples, cut after a shuffle with seed \(options.seed)"
    return mode.convention + "; " + cut
  }

  /// What a subset of the data says about the whole.
  func samplingRemark(_ description: DatasetDescription) -> String? {
    guard description.samples < description.samplesAvailable else { return nil }
    return "computed on \(description.samples) of \(description.samplesAvailable) samples (\(description.selection)): "
      + "the numbers are those of this subset, and what they say of all samples has a sampling error that is not shown"
  }
}

extension DatasetDescription {
  var selectionText: String {
    let part = split.map { "\($0) split, " } ?? ""
    switch selection {
    case "all": return part + "all"
    case "random": return part + "random subset, seed \(seed ?? 0)"
    default: return part + "first \(samples)"
    }
  }

  var standardisationText: String {
    scaling.isIdentity
      ? "none" : "\(standardisation): (x/\(scaling.unit) - \(scaling.mean))/\(scaling.deviation)"
  }
}

extension ReportedSpectrum {
  /// The reported form of a measurement.
  init<Scalar: Real>(_ measurement: SpectrumMeasurement<Scalar>) {
    let pairs = measurement.eigenpairs
    let solver = pairs.map { pairs in
      ReportedSolver(
        tolerance: pairs.tolerance * pairs.normEstimate, products: pairs.products, restarts: pairs.restarts,
        orthogonality: pairs.orthogonality, reason: pairs.reason.rawValue, message: pairs.reason.explanation)
    }
    func reported(_ pairs: [Eigenpair<Vector<Scalar>>]?) -> [ReportedEigenpair]? {
      guard let pairs, !pairs.isEmpty else { return nil }
      return pairs.map(ReportedEigenpair.init)
    }
    let top = reported(pairs?.top)
    let bottom = reported(pairs?.bottom)
    self.init(
      name: measurement.kind.rawValue, block: measurement.block?.name,
      preconditioned: measurement.isPreconditioned ? true : nil, dimension: measurement.dimension, top: top,
      bottom: bottom,
      topSolver: top == nil ? nil : solver, bottomSolver: bottom == nil ? nil : solver,
      trace: measurement.trace.map { trace in
        ReportedTrace(
          value: trace.value, standardError: trace.standardError ?? .nan, method: trace.method.rawValue,
          probes: trace.samples.count)
      },
      density: ReportedDensity(measurement),
      outliers: measurement.outliers.map {
        ReportedOutliers(count: $0.count, ratio: $0.ratio, ratioToClasses: $0.ratioToClasses)
      },
      gradientFraction: measurement.gradientFraction.map {
        ReportedGradientFraction(
          value: $0.value, subspaceDimension: $0.subspaceDimension,
          chance: Double($0.subspaceDimension) / Double(measurement.dimension))
      },
      diagonal: measurement.diagonal.map { ReportedDiagonal(method: $0.method.rawValue, probes: $0.probes) },
      exact: measurement.exact.map {
        ReportedExactSpectrum(
          eigenvalues: $0.eigen.values, asymmetry: $0.largestElement > 0 ? $0.asymmetry / $0.largestElement : 0)
      },
      condition: measurement.condition.map(ReportedCondition.init), warnings: measurement.warnings)
  }
}

extension ReportedEigenpair {
  init<V>(_ pair: Eigenpair<V>) {
    let note: String? =
      pair.multiplicity > 1
      ? "\(pair.multiplicity) eigenvalues coincide within the tolerance"
      : pair.multiplicityVerified ? nil : "multiplicity not verified"
    self.init(
      value: pair.value, residual: pair.residual, converged: pair.converged, errorBound: pair.errorBound,
      multiplicityNote: note)
  }
}

extension ReportedDensity {
  init?<Scalar: Real>(_ measurement: SpectrumMeasurement<Scalar>) {
    guard let density = measurement.density, let sample = measurement.sample, let rules = try? sample.rules() else {
      return nil
    }
    let google = measurement.google
    let mass = { (sign: Double) in
      let rest = rules.reduce(0.0) { $0 + $1.integral { $0 * sign > 0 ? abs($0) : 0 } } / Double(rules.count)
      let known = sample.deflated.reduce(0.0) { $0 + ($1 * sign > 0 ? abs($1) : 0) }
      return rest * sample.remainderFraction + known / Double(sample.dimension)
    }
    let (negative, positive) = (mass(-1), mass(1))
    self.init(
      grid: google?.grid ?? density.grid, density: google?.density ?? density.density,
      lower: google == nil ? density.band?.lower ?? [] : [], upper: google == nil ? density.band?.upper ?? [] : [],
      confidence: google == nil ? density.band?.confidence : nil,
      sigma: google.map { $0.variance.squareRoot() } ?? density.kernelWidth, probes: density.probes,
      steps: rules.map(\.nodes.count).max() ?? 0, deflated: sample.deflated,
      quadratureDefect: google == nil ? density.quadratureDefect : nil, compatible: google == nil ? nil : "google",
      negativeMass: negative + positive > 0 ? negative / (negative + positive) : nil,
      logAxis: measurement.logarithmic.map {
        ReportedLogarithmicDensity(
          grid: $0.grid, positive: $0.positive.density, negative: $0.negative.density, sigma: $0.kernelWidth)
      },
      ritzValues: rules.map(\.nodes), ritzWeights: rules.map(\.weights), orthogonality: measurement.orthogonality)
  }
}
