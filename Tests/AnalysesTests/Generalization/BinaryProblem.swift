import Analyses
import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors
import Training

/// Digits below 5 against the others: a small network, trained.
enum BinaryProblem {
  static func dataset(random: Bool = false, split: DatasetOptions.Split = .train, samples: Int? = nil) throws -> Dataset
  {
    let binary = try Dataset.load("digits", options: DatasetOptions(split: split, samples: samples)).withBinaryTargets()
    return random ? try binary.withRandomTargets(seed: 3) : binary
  }

  static func trained<Scalar: Real>(
    _ network: Network, _ dataset: Dataset, epochs: Int, pool: WorkerPool, as type: Scalar.Type = Scalar.self
  ) throws -> Network {
    var optimizer = try OptimizerSettings(named: "heavy-ball")
    optimizer.momentum = 0.9
    var run = try TrainingRun<Scalar>(
      network: network, dataset: dataset, loss: .binaryCrossEntropy,
      settings: TrainingSettings(
        optimizer: optimizer, learningRate: 0.05, batchSize: 50, steps: epochs * (dataset.count / 50)), pool: pool)
    while !run.isFinished { _ = try run.advance() }
    return try run.trainedNetwork()
  }

  /// A posterior around `start` in a basis, its variances those of the quadratic model.
  static func training<Scalar: Real>(
    _ basis: WorkingBasis, prior: Network, start: Network, dataset: Dataset, settings: PosteriorSettings,
    pool: WorkerPool, as type: Scalar.Type = Scalar.self
  ) throws -> PosteriorTraining<Scalar> {
    let objective = try Objective<Scalar>(network: start, dataset: dataset, loss: .binaryCrossEntropy, pool: pool)
    let bases = try objective.parameterBases(basis)
    let working = try start.inCoordinates(bases)
    let (mean, origin) = (
      working.parameterVector(as: Scalar.self), try prior.inCoordinates(bases).parameterVector(as: Scalar.self)
    )
    let rows = try start.inCoordinates(bases, turnsRows: true)
    let diagonal = try Objective<Scalar>(network: rows, dataset: dataset, loss: .binaryCrossEntropy, pool: pool)
      .gaussNewtonDiagonal(seed: 0)
    let move = zip(mean.elements, origin.elements).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
    let found = QuadraticPosterior.consistent(
      diagonal: diagonal.map { $0 / log(2) }, squaredMove: move, samples: dataset.count, bound: settings.bound)
    return try PosteriorTraining(
      network: working, dataset: dataset, loss: .binaryCrossEntropy,
      posterior: DiagonalPosterior(
        mean: mean, logDeviation: Vector(found.variances.map { Scalar(0.5 * log($0)) }), prior: origin, pool: pool),
      settings: settings, pool: pool)
  }

  /// The bound of a posterior from draws, and its empirical error.
  static func bound<Scalar: Real>(
    _ training: PosteriorTraining<Scalar>, draws: Int
  ) throws -> (bound: Double, error: PosteriorError) {
    var error = PosteriorError(samplesPerDraw: training.batch.batchSize)
    try BatchDraws(posterior: training.posterior, batch: training.batch, seed: 1).extend(&error, to: draws)
    let constants = training.settings.bound
    let best = constants.complexity(training.divergence, near: training.priorVariance, samples: training.samples)
    let empirical = constants.empiricalError(mean: error.mean, draws: error.draws)
    return (constants.error(empirical: empirical, complexity: best.value), error)
  }
}
