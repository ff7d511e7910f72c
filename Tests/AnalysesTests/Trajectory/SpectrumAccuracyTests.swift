import Analyses
import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors
import Testing
import Training

/// The spectrum of a trained network of one hidden layer by quadrature against all of its eigenvalues (papers.md 2.3,
/// item 7): on the embedded digits always, and as in Ghorbani, Krishnan, Xiao (arXiv:1901.10159), 784-20-10 on 10,000
/// images of MNIST, where `RITZ_NIGHTLY` is set. That takes 8 GB of memory and an hour or so; `RITZ_NIGHTLY_WIDTH` and
/// `RITZ_NIGHTLY_SAMPLES` make it smaller.
@Suite struct SpectrumAccuracyTests {
  struct Study {
    var eigenvalues: [Double]
    var measurement: SpectrumMeasurement<Double>
    var undeflated: SpectralSample

    var dimension: Int { eigenvalues.count }
    var width: Double { measurement.density?.kernelWidth ?? .nan }

    init(network: Network, data: Dataset, steps: Int, workers: Int) throws {
      let pool = WorkerPool(count: workers)
      var run = try TrainingRun<Double>(
        network: network, dataset: data, loss: .crossEntropy,
        settings: TrainingSettings(
          optimizer: OptimizerSettings(.heavyBall), learningRate: 0.02, batchSize: 100, steps: steps, seed: 1),
        pool: pool)
      while !run.isFinished { _ = try run.advance() }
      let objective = try Objective<Double>(
        network: run.trainedNetwork(), dataset: data, loss: .crossEntropy, pool: pool)
      let hessian = try objective.hessian()
      let exact = try ExactSpectrum.compute(hessian)
      #expect(exact.asymmetry < 1e-9 * exact.largestElement)
      eigenvalues = exact.eigen.values
      let quadrature = QuadratureOptions(probes: 10, steps: 90, seed: 3)
      measurement = try objective.measureSpectrum(
        of: .hessian, SpectrumRequest(top: 10, maximumProducts: 5000, quadrature: quadrature))
      var sampling = try StochasticLanczosQuadrature(space: hessian.space, options: quadrature)
      undeflated = try sampling.run(hessian)
    }

    /// The exact density at resolution σ.
    func truth(at grid: [Double]) -> [Double] {
      let peak = 1 / (width * (2 * Double.pi).squareRoot() * Double(dimension))
      return grid.map { x in
        eigenvalues.reduce(0) { sum, value in
          let distance = (x - value) / width
          return sum + (abs(distance) < 39 ? peak * exp(-distance * distance / 2) : 0)
        }
      }
    }
  }

  func verify(_ study: Study, seeds: Int) throws {
    let dimension = study.dimension
    let top = study.eigenvalues.reversed().prefix(10)
    // The top 10, by eigenpairs and by the nodes of every probe.
    let pairs = try #require(study.measurement.eigenpairs)
    for (pair, value) in zip(pairs.top, top) { #expect(abs(pair.value / value - 1) < 1e-6) }
    for rule in try study.undeflated.rules() {
      for (node, value) in zip(rule.nodes.reversed(), top) { #expect(abs(node / value - 1) < 1e-6) }
    }
    // Smoothed log₁₀ density within 0.3 wherever ten eigenvalues or so lie under the kernel.
    let density = try #require(study.measurement.density)
    let truth = study.truth(at: density.grid)
    let live = truth.indices.filter { Double(dimension) * truth[$0] * study.width >= 10 }
    let errors = live.map { abs(log10(density.density[$0] / truth[$0])) }
    #expect(!live.isEmpty && (errors.max() ?? 1) < 0.3)
    let spacing = density.grid[1] - density.grid[0]
    let distance = zip(truth, density.density).reduce(0) { $0 + abs($1.0 - $1.1) } * spacing
    // Counts above thresholds one σ apart outside the bulk, within their bands.
    let edge = live.map { density.grid[$0] }.max() ?? 0
    let last = (study.eigenvalues.last ?? 0) + 3 * study.width
    let thresholds = Array(stride(from: edge, through: last, by: study.width))
    let sample = try #require(study.measurement.sample)
    var outside = 0
    for count in try sample.counts(above: thresholds, width: study.width) {
      let exact = study.eigenvalues.reduce(0) {
        $0 + erfc((count.threshold - $1) / (study.width * 2.0.squareRoot())) / 2
      }
      let (lower, upper) = (try #require(count.lower), try #require(count.upper))
      if exact < lower - 1e-6 || exact > upper + 1e-6 { outside += 1 }
    }
    // Bands of 95 %, neighbours nearly one event.
    #expect(Double(outside) <= 0.1 * Double(thresholds.count))
    let coverage = try coverage(study, seeds: seeds)
    #expect(0.93...0.98 ~= coverage)
    print(
      "\(dimension) eigenvalues, largest \(study.eigenvalues.last ?? 0), sigma \(study.width): L1 \(distance) (gates nothing), "
        + "largest error of log10 density \(errors.max() ?? .nan) at \(live.count) points, "
        + "\(outside) of \(thresholds.count) counts outside their bands, coverage \(coverage) over \(seeds) seeds")
  }

  /// How often the density's band covers the truth at 20 declared points. Gaussian probes see the eigenvalues alone,
  /// whatever the eigenvectors, so that a diagonal matrix with these eigenvalues stands for the network.
  func coverage(_ study: Study, seeds: Int) throws -> Double {
    let n = study.dimension
    let operation = DiagonalOperator(Vector(study.eigenvalues))
    let deflated = Array(n - 10..<n)
    let vectors = deflated.map { index in
      var unit = Vector<Double>(zeros: n)
      unit[index] = 1
      return unit
    }
    var points: [Int] = []
    var truth: [Double] = []
    var covered = 0
    for seed in 0..<UInt64(seeds) {
      var quadrature = try StochasticLanczosQuadrature(
        space: operation.space, options: QuadratureOptions(probes: 10, steps: 90, seed: seed),
        deflatedValues: deflated.map { study.eigenvalues[$0] }, deflatedVectors: vectors)
      let density = try SpectralDensity(
        quadrature.run(operation), options: DensityOptions(kernelWidth: study.width, gridCount: 2000))
      let band = try #require(density.band)
      // The grid spans the nodes' range, which a converged bottom makes the same up to rounding; the truth is taken
      // anew where it is not.
      let exact = study.truth(at: density.grid)
      if points.isEmpty {
        // Among the remainder's points: deflated eigenvalues are exact.
        let cut = study.eigenvalues[n - 11] + 6 * study.width
        let live = exact.indices.filter { exact[$0] * Double(n) * study.width >= 0.4 && density.grid[$0] < cut }
        points = (0..<20).map { live[(2 * $0 + 1) * live.count / 40] }
      }
      truth = points.map { exact[$0] }
      for (point, value) in zip(points, truth) where band.lower[point] <= value && value <= band.upper[point] {
        covered += 1
      }
    }
    return Double(covered) / Double(20 * seeds)
  }

  @Test func digits() throws {
    let data = try Dataset.load("digits", options: DatasetOptions(samples: 1000))
    let network = try Network(named: "mlp:64-10-10", seed: 1)
    try verify(
      Study(network: network, data: data.reshaped(toSample: [64]), steps: 200, workers: 1), seeds: 40)
  }

  static let environment = ProcessInfo.processInfo.environment
  static let mnist = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../../shared/data/mnist").standardizedFileURL.path

  @Test(
    .enabled(
      if: environment["RITZ_NIGHTLY"] != nil && FileManager.default.fileExists(atPath: mnist),
      "a study of an hour: set RITZ_NIGHTLY"))
  func handwrittenDigitsOfMNIST() throws {
    let samples = Self.environment["RITZ_NIGHTLY_SAMPLES"].flatMap { Int($0) } ?? 10_000
    let width = Self.environment["RITZ_NIGHTLY_WIDTH"].flatMap { Int($0) } ?? 20
    let data = try Dataset.load(Self.mnist, options: DatasetOptions(samples: samples))
    let network = try Network(named: "mlp:784-\(width)-10", seed: 1)
    try verify(
      Study(
        network: network, data: data.reshaped(toSample: [784]), steps: 1000,
        workers: WorkerPool.processorCount), seeds: 200)
  }
}
