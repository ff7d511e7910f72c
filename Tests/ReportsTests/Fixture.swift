import Analyses
import Foundation

/// A report with the numbers of a realistic network: 669,706 parameters, ten outliers, a bulk at zero and a negative tail.
/// Everything in it follows from formulas, so that texts rendered from it never change.
enum Fixture {
  static let parameterCount = 669_706
  static let outliers = [61.24, 38.7, 24.9, 19.31, 15.02, 11.4, 8.77, 6.1, 4.35, 2.6]
  static let bottom = [-1.83, -1.21, -0.94, -0.733, -0.61]

  static func report(
    title: String? = nil, name: String = "mnist-784-512-512-10.pt2", operators: [ReportedSpectrum]? = nil,
    warnings: [String] = []
  ) -> SpectrumReport {
    SpectrumReport(
      title: title,
      command: [
        "ritz", "spectrum", name, "--data", "mnist/", "--loss", "cross-entropy", "--top", "12", "--density", "--output",
        "runs/first run",
      ],
      tool: ReportedTool(version: "0.1.0", libraries: ["oneDNN": "2.6.3", "OpenBLAS": "0.3.21"]),
      model: ReportedModel(
        source: name, format: "pt2", parameterCount: parameterCount,
        parameters: [
          ReportedParameter(name: "0.weight", shape: [512, 784]), ReportedParameter(name: "0.bias", shape: [512]),
          ReportedParameter(name: "2.weight", shape: [512, 512]), ReportedParameter(name: "2.bias", shape: [512]),
          ReportedParameter(name: "4.weight", shape: [10, 512]),
          ReportedParameter(name: "4.bias", shape: [10], selected: false),
        ], filePrecision: "float32", selection: "weight|[02].bias"),
      data: ReportedData(
        source: "mnist/", format: "idx", samples: 20000, samplesAvailable: 60000, selection: "first 20000 of train",
        sampleShape: [784], targetKind: "class", classes: 10, standardisation: "(x − 0.1307) / 0.3081"),
      loss: ReportedLoss(
        name: "cross-entropy", value: 0.0731_284_6, standardError: 0.0012, accuracy: 0.9782,
        definition: "−log softmax(z)[y], mean over samples"),
      gradient: ReportedGradient(norm: 0.04127),
      execution: ReportedExecution(
        precision: "single", precisionReason: "more than 200000 parameters", workers: 2, microbatch: 256, tasks: 16,
        seed: 7,
        seconds: 187.25, operatorProducts: 1142, peakMemoryBytes: 1_510_000_000),
      conventions: [
        "loss": "Mean over samples; weight decay is not part of it.", "non-smooth points": "relu′(0) = 0",
        "density": "Gaussian kernel, σ = 10^(−2.5) × (λmax − λmin); integrates to 1.",
        "outliers": "The i ≤ 3C that maximises λᵢ/λᵢ₊₁ among converged top eigenvalues above ten residuals.",
      ],
      operators: operators ?? [hessian(), gaussNewton()], warnings: warnings)
  }

  static func hessian() -> ReportedSpectrum { madeHessian }
  static func gaussNewton() -> ReportedSpectrum { madeGaussNewton }

  private static let madeHessian: ReportedSpectrum = {
    let values = outliers + [0.9412, 0.8803]
    let top = values.enumerated().map { rank, value in
      let residual = rank == 11 ? 0.031 : value * pow(10, -7 + 0.25 * Double(rank))
      return ReportedEigenpair(
        value: value, residual: residual, converged: rank < 11, errorBound: rank < 11 ? residual * residual / 0.5 : nil,
        multiplicityNote: rank == 11 ? "multiplicity cannot be told while not converged" : nil)
    }
    return ReportedSpectrum(
      name: "hessian", dimension: parameterCount, top: top,
      bottom: bottom.enumerated().map {
        ReportedEigenpair(value: $1, residual: 2e-6 * Double($0 + 1), converged: true)
      },
      topSolver: ReportedSolver(
        tolerance: 6.1e-5, products: 184, restarts: 5, orthogonality: 3.1e-7, reason: "productLimit",
        message: "11 of 12 pairs converged within 184 products; allow more products or ask for fewer pairs."),
      bottomSolver: ReportedSolver(
        tolerance: 6.1e-5, products: 58, restarts: 2, orthogonality: 2.9e-7, reason: "converged",
        message: "All 5 pairs converged."),
      trace: ReportedTrace(value: 412.6, standardError: 5.91, method: "hutch++", probes: 90),
      density: density(values: outliers + bottom, lowest: -1.83, bulkNegative: 0.22),
      outliers: ReportedOutliers(count: 10, ratio: 2.762, ratioToClasses: 65.07),
      gradientFraction: ReportedGradientFraction(
        value: 0.7412, subspaceDimension: 10, chance: 10 / Double(parameterCount)),
      warnings: ["1 of 12 top eigenpairs did not converge."])
  }()

  private static let madeGaussNewton: ReportedSpectrum = {
    let top = outliers.enumerated().map {
      ReportedEigenpair(value: $1 * 0.98, residual: 1e-6 * Double($0 + 1), converged: true)
    }
    return ReportedSpectrum(
      name: "ggn", dimension: parameterCount, top: top,
      topSolver: ReportedSolver(
        tolerance: 6e-5, products: 120, restarts: 3, orthogonality: 2e-7, reason: "converged",
        message: "All 10 pairs converged."),
      trace: ReportedTrace(value: 405.2, standardError: 2.2, method: "hutch++", probes: 90),
      density: density(values: outliers.map { $0 * 0.98 }, lowest: 0, bulkNegative: 0))
  }()

  /// A mixture: deflated eigenvalues with weight 1/P, a narrow bulk and tails, smoothed by the kernel.
  static func density(values: [Double], lowest: Double, bulkNegative: Double) -> ReportedDensity {
    let largest = values.max() ?? 1
    let sigma = pow(10, -2.5) * (largest - lowest)
    let count = 1024
    let grid = (0..<count).map { lowest - 6 * sigma + (largest - lowest + 12 * sigma) * Double($0) / Double(count - 1) }
    func kernel(_ x: Double, _ centre: Double, _ width: Double) -> Double {
      exp(-(x - centre) * (x - centre) / (2 * width * width)) / (width * (2 * Double.pi).squareRoot())
    }
    let tail = (0..<40).map { (0.02 * pow(1.15, Double($0)), 0.012 * pow(0.76, Double($0))) }
    func smoothed(_ x: Double) -> Double {
      var sum = 0.97 * kernel(x, 0, sigma)
      for (centre, weight) in tail {
        sum += weight * (1 - bulkNegative) * kernel(x, centre, sigma)
        sum += weight * bulkNegative * kernel(x, -centre, sigma)
      }
      return sum
    }
    let remainder = grid.map(smoothed)
    let exponents = (0..<400).map { -9 + 11 * Double($0) / 399 }
    let unit = 0.06
    func positive(_ u: Double) -> Double {
      let isolated = values.filter { $0 > 0 }.reduce(0) { $0 + kernel(u, log10($1), unit) } / Double(parameterCount)
      return 0.6 * kernel(u, -5.2, 0.9) + 0.05 * kernel(u, -2, 0.7) + isolated
    }
    func negative(_ u: Double) -> Double {
      if bulkNegative == 0 { return 0 }
      let isolated = values.filter { $0 < 0 }.reduce(0) { $0 + kernel(u, log10(-$1), unit) } / Double(parameterCount)
      return 0.32 * kernel(u, -5.4, 0.8) + 0.01 * kernel(u, -2.4, 0.5) + isolated
    }
    let isolated = grid.map { x in values.reduce(0) { $0 + kernel(x, $1, sigma) } / Double(parameterCount) }
    func band(_ factor: Double, _ ripple: Double) -> [Double] {
      grid.indices.map { isolated[$0] + remainder[$0] * (factor + ripple * abs(sin(grid[$0] * 3))) }
    }
    return ReportedDensity(
      grid: grid, density: zip(remainder, isolated).map { $0 + $1 },
      lower: band(0.7, -0.4), upper: band(1.35, 0.6), confidence: 0.95,
      sigma: sigma, probes: 10, steps: 90, deflated: values, quadratureDefect: 3.2e-6, negativeMass: 0.021,
      logAxis: ReportedLogarithmicDensity(
        grid: exponents,
        positive: exponents.map(positive), negative: exponents.map(negative), sigma: unit),
      ritzValues: [[-1.1, 0.001, 12.25], [-0.9, 0.0011, 13.5]], ritzWeights: [[0.2, 0.7, 0.1], [0.25, 0.6, 0.15]],
      orthogonality: 4.4e-7)
  }

  /// A small network with everything known exactly.
  static func exact() -> ReportedSpectrum {
    let negative = (0..<60).map { -1e-3 * exp(-Double($0) / 6) }
    let zero = [Double](repeating: 0, count: 30)
    let positive = (0..<110).map { 1e-6 * exp(Double($0) / 7) }
    let eigenvalues = negative + zero + positive
    return ReportedSpectrum(
      name: "hessian", dimension: 200, trace: ReportedTrace(value: 3.9, standardError: 0, method: "exact", probes: 0),
      exact: ReportedExactSpectrum(eigenvalues: eigenvalues, asymmetry: 2e-17))
  }

  /// Every number that can be one is NaN or infinite.
  static func broken() -> ReportedSpectrum {
    let bad = [Double.nan, .infinity, -.infinity]
    return ReportedSpectrum(
      name: "hessian", dimension: 3,
      top: bad.map { ReportedEigenpair(value: $0, residual: $0, converged: false, errorBound: $0) }, bottom: [],
      topSolver: ReportedSolver(
        tolerance: .nan, products: 0, restarts: 0, orthogonality: .nan, reason: "notFinite",
        message: "NaN in a product."),
      trace: ReportedTrace(value: .nan, standardError: .infinity, method: "hutchinson", probes: 1),
      density: ReportedDensity(
        grid: bad, density: bad, lower: bad, upper: bad, sigma: .nan, probes: 1, steps: 1, deflated: bad,
        quadratureDefect: .nan,
        logAxis: ReportedLogarithmicDensity(grid: bad, positive: bad, negative: bad, sigma: .nan),
        ritzValues: [bad], ritzWeights: [bad], orthogonality: .nan),
      outliers: ReportedOutliers(count: 0, ratio: .nan),
      gradientFraction: ReportedGradientFraction(
        value: .nan, subspaceDimension: 0, chance: .nan),
      exact: ReportedExactSpectrum(eigenvalues: bad, asymmetry: .infinity))
  }
}

extension Fixture {
  /// A report in which nothing is missing, so that it shows every key there is.
  static func complete() -> SpectrumReport {
    var spectrum = hessian()
    spectrum.exact = exact().exact
    spectrum.density?.compatible = "google"
    spectrum.bottom?[0].errorBound = 4e-12
    spectrum.bottom?[0].multiplicityNote = "simple"
    spectrum.block = "fc1"
    spectrum.preconditioned = true
    spectrum.diagonal = ReportedDiagonal(method: "hutchinson", probes: 30)
    spectrum.condition = ReportedCondition(
      value: 4.25e7, isLowerBound: true, lower: 4.25e7, upper: 5e7, largest: 8.5, smallest: 1e-12, rank: 90,
      rankSource: "dual", rankReason: "10 samples times 9 classes less one, the most there can be", order: 90,
      resolution: 1e-10, unresolved: 2,
      neighbours: [
        ReportedCondition.Neighbour(rank: 89, value: 4.25e10, resolved: false),
        ReportedCondition.Neighbour(rank: 90, value: 8.5e12, resolved: false),
      ], route: "dual", routeReason: "asked for", rows: 90, columns: 670,
      functionalRank: ReportedCondition.FunctionalRank(rank: 120, reason: "counted", dense: 120))
    var result = report(title: "Everything", operators: [spectrum, gaussNewton()], warnings: ["one"])
    result.blockMass = ReportedBlockMass(
      name: "hessian", blocks: ["fc1", "fc2"], squaredNorms: [[4, 1], [1, 2]],
      standardErrors: [[0.4, 0.1], [0.1, 0.2]], betweenFraction: 0.25, betweenFractionError: 0.03, probes: 10)
    return result
  }

  /// Pictures of extremes: nothing, one value, equal values, the largest and the smallest numbers.
  static func extremes() -> [ReportedSpectrum] {
    let huge = Double.greatestFiniteMagnitude
    let tiny = Double.leastNonzeroMagnitude
    let sets: [[Double]] = [
      [], [0], [3.5], [2, 2, 2], [huge, 1, -huge], [tiny, 0, -tiny], [1e-300, 1e-308], [1e16 + 2, 1e16],
    ]
    return sets.flatMap { values -> [ReportedSpectrum] in
      let pairs = values.map { ReportedEigenpair(value: $0, residual: abs($0), converged: $0 > 1) }
      return [1e-3, 0, huge, tiny].map { sigma in
        ReportedSpectrum(
          name: "extreme", dimension: max(1, values.count), top: pairs, bottom: pairs.reversed(),
          topSolver: ReportedSolver(
            tolerance: sigma, products: 1, restarts: 0, orthogonality: 0, reason: "converged", message: "Done."),
          density: ReportedDensity(
            grid: values, density: values.map(abs), lower: values, upper: values.map(abs), sigma: sigma, probes: 1,
            steps: 1, deflated: values,
            logAxis: ReportedLogarithmicDensity(grid: values, positive: values.map(abs), negative: values, sigma: sigma)
          ),
          exact: ReportedExactSpectrum(eigenvalues: values.sorted(), asymmetry: nil))
      }
    }
  }
}
