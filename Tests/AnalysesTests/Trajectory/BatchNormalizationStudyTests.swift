import Analyses
import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import Testing
import Training

/// What batch normalisation does to the spectrum, on the toy of papers.md 2.3 (items 9 and 10): 10 inputs, 16 hidden
/// units, 4 classes in clusters.
@Suite struct BatchNormalizationStudyTests {
  static let samples = 384

  /// Weights of variance 2/10 and 1/16, biases of zero.
  static func network(normalized: Bool, seed: UInt64 = 0) throws -> Network {
    let network =
      try normalized
      ? Network(input: [10], seed: 3) {
        Dense(10, 16)
        BatchNormalization(16)
        Tanh()
        Dense(16, 4)
      }
      : Network(input: [10], seed: 3) {
        Dense(10, 16)
        Tanh()
        Dense(16, 4)
      }
    return try network.withParameters(
      network.parameters.enumerated().map { index, parameter in
        guard parameter.shape.count == 2 else {
          return index == 2 && normalized ? parameter.values : .double([Double](repeating: 0, count: parameter.count))
        }
        let deviation = parameter.shape == [16, 10] ? 0.2.squareRoot() : 0.25
        return .double(normal(parameter.count, "weights \(parameter.count)", seed: seed).map { deviation * $0 })
      })
  }

  private static func normal(_ count: Int, _ purpose: String, seed: UInt64) -> [Double] {
    DenseVectorSpace<Double>(dimension: count)
      .random(.gaussian, from: RandomStream(seed: seed, purpose: purpose)).elements
  }

  static func data(shift: Double, seed: UInt64 = 0) throws -> Dataset {
    let centres = normal(40, "centres", seed: seed).map { 3 * $0 / 10.0.squareRoot() }
    let noise = normal(samples * 10, "samples", seed: seed)
    let labels = (0..<samples).map { Int64($0 * 7 / 3 % 4) }
    let x = (0..<samples * 10).map { centres[Int(labels[$0 / 10]) * 10 + $0 % 10] + noise[$0] + shift }
    return try Dataset(inputs: NumpyArray(x, shape: [samples, 10]), targets: NumpyArray(labels))
  }

  /// θ and the running averages after 300 steps of the heavy ball on batches of 32.
  static func trained(_ network: Network, _ data: Dataset) throws -> TrainingRun<Double> {
    let network = network.batchNormalization == nil ? network : try network.withBatchNormalization(.batch)
    var run = try TrainingRun<Double>(
      network: network, dataset: data, loss: .crossEntropy,
      settings: TrainingSettings(
        optimizer: OptimizerSettings(.heavyBall), learningRate: 0.1, batchSize: 32, steps: 300, seed: 2),
      pool: WorkerPool(count: 1))
    while !run.isFinished { _ = try run.advance() }
    return run
  }

  static func measure(
    _ run: TrainingRun<Double>, _ data: Dataset, modes: [BatchNormalizationMode] = []
  ) throws -> [RunMeasurement] {
    var observers = try TrajectoryObservers<Double>(
      network: run.network, modes: modes, dataset: data, loss: .crossEntropy,
      settings: TrajectorySettings(top: 11, tolerance: 1e-9, subspace: 10, batches: 50, batchSize: 32),
      pool: WorkerPool(count: 1))
    return try observers.measure(
      at: TrajectoryMoment(
        step: run.step, epoch: run.epoch, reason: .end, parameters: run.parameters, literals: run.literals)
    ).measurements
  }

  // papers.md 2.3, items 9 and 10; means over three seeds, as there.
  @Test func normalizedNetworksDoNotSeeAShiftOfTheInputs() throws {
    var (first, ratio) = ([0.0, 0], [0.0, 0])
    for seed in 0..<3 as Range<UInt64> {
      var normalized: [RunMeasurement] = []
      for (index, shift) in [0.0, 2].enumerated() {
        let data = try Self.data(shift: shift, seed: seed)
        let plain = try Self.measure(Self.trained(Self.network(normalized: false, seed: seed), data), data)[0]
        normalized += try Self.measure(Self.trained(Self.network(normalized: true, seed: seed), data), data)
        first[index] += plain.top[0] / 3
        ratio[index] += plain.top[0] / plain.top[10] / 3
        // Gradients of mini-batches lie in the leading eigenspace far beyond chance, with normalisation or without.
        for measurement in [plain, normalized[index]] {
          let fraction = try #require(measurement.batchGradientFraction)
          let chance = try #require(measurement.fractionByChance)
          #expect(fraction.value - 4 * (fraction.error ?? 1) > 8 * chance)
        }
      }
      for (a, b) in zip(normalized[0].top, normalized[1].top) { #expect(abs(a / b - 1) < 1e-6) }
    }
    #expect(first[1] > 2 * first[0] && ratio[1] > 2 * ratio[0], "λ₁ \(first), λ₁/λ₁₁ \(ratio)")
  }

  @Test func statisticsOfAllWaysSideBySide() throws {
    let data = try Self.data(shift: 1)
    let run = try Self.trained(Self.network(normalized: true), data)
    let modes: [BatchNormalizationMode] = [.batch, .running, .population, .populationDifferentiated]
    let measurements = try Self.measure(run, data, modes: modes)
    #expect(measurements.map(\.batchNormalization) == modes.map(\.rawValue))
    let (batch, running, population, differentiated) = (
      measurements[0], measurements[1], measurements[2], measurements[3]
    )
    // One group of all samples is the population; held constant it gives the same loss and another matrix.
    for (a, b) in zip(batch.top, differentiated.top) { #expect(abs(a / b - 1) < 1e-8) }
    #expect(abs((batch.loss ?? 0) - (population.loss ?? 1)) < 1e-10)
    #expect(abs(batch.top[0] / population.top[0] - 1) > 0.01)
    // Running averages of late batches are near to the population's.
    #expect(abs((running.loss ?? 0) / (population.loss ?? 1) - 1) < 0.5)
    #expect(running.loss != population.loss && abs(running.top[0] / population.top[0] - 1) < 0.5)
    for (kind, measurement) in zip(modes, measurements) {
      // Each against the dense matrix of its own objective.
      let objective = try Objective<Double>(
        network: run.trainedNetwork().withBatchNormalization(kind), dataset: data, loss: .crossEntropy,
        pool: WorkerPool(count: 1))
      let (matrix, _) = try ExactSpectrum.symmetricMatrix(objective.hessian())
      let n = objective.dimension
      let values = try DenseMatrix(rows: n, columns: n, elements: matrix).symmetricEigenvalues()
      for (value, exact) in zip(measurement.top, values.reversed()) {
        #expect(abs(value - exact) < 1e-7 * values[n - 1])
      }
    }
  }

  @Test func modesNeedANormalization() throws {
    #expect(throws: InputError.self) {
      try TrajectoryObservers<Double>(
        network: Self.network(normalized: false), modes: [.batch], dataset: Self.data(shift: 0), loss: .crossEntropy,
        settings: TrajectorySettings(), pool: WorkerPool(count: 1))
    }
  }
}
