import Analyses
import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors
import Testing

/// Sharpness against closed forms, and what rescaling does to it and to bounds.
@Suite struct SharpnessMeasuresTests {
  private let pool = WorkerPool(count: 2)

  private func problem() throws -> (network: Network, dataset: Dataset) {
    let dataset = try BinaryProblem.dataset(samples: 200)
    let network = try Network(named: "mlp:64-6-1", seed: 1)
    return (try BinaryProblem.trained(network, dataset, epochs: 10, pool: pool, as: Double.self), dataset)
  }

  @Test func measuresAgainstTheirDefinitions() throws {
    let (network, dataset) = try problem()
    let objective = try Objective<Double>(network: network, dataset: dataset, loss: .binaryCrossEntropy, pool: pool)
    var options = SharpnessMeasures.Options()
    options.groups = 4
    options.probes = 50
    let found = try SharpnessMeasures(
      Double.self, network: network, dataset: dataset, loss: .binaryCrossEntropy, options: options, pool: pool)
    #expect(SharpnessMeasures.Measure.allCases.allSatisfy { found[$0] != nil })
    let hessian = try objective.curvature(.hessian)
    let spectrum = try ExactSpectrum.compute(hessian)
    let values = spectrum.eigen.values
    let largest = try #require(found[.largestEigenvalue])
    let exact = try #require(values.last)
    #expect(abs(largest.value - exact) < 1e-3 * exact && largest.isConverged && largest.standardError > 0)
    let trace = try #require(found[.trace])
    #expect(abs(trace.value - values.reduce(0, +)) < 4 * trace.standardError)
    let (loss, gradient) = try objective.lossAndGradient()
    let norm = objective.space.norm(gradient)
    var moved = objective.parameters
    objective.space.axpy(0.05 / norm, gradient, &moved)
    let sam = try objective.lossFunction()(moved).loss - loss
    #expect(abs(try #require(found[.sam]).value - sam) < 1e-12)
    // T²g/‖Tg‖ with T = diag |w|, one element at a time.
    let (weights, slopes) = (objective.parameters.elements, gradient.elements)
    let length = zip(weights, slopes).reduce(0) { $0 + $1.0 * $1.1 * $1.0 * $1.1 }.squareRoot()
    let away = zip(weights, slopes).map { $0 + 0.5 * $0 * $0 * $1 / length }
    let adaptive = try objective.lossFunction()(Vector(away)).loss - loss
    #expect(adaptive > 0)
    #expect(abs(try #require(found[.adaptive]).value - adaptive) < 1e-12)
    // Errors over the data are those of leaving groups out, each done anew here.
    let parts = try (0..<4).map { group in
      let rows = (0..<dataset.count).filter { $0 % 4 != group }
      let part = try Objective<Double>(
        network: network, dataset: dataset.selecting(rows), loss: .binaryCrossEntropy, pool: pool)
      let (loss, gradient) = try part.lossAndGradient()
      var moved = part.parameters
      part.space.axpy(0.05 / part.space.norm(gradient), gradient, &moved)
      return try part.lossFunction()(moved).loss - loss
    }
    let mean = parts.reduce(0, +) / 4
    let error = (0.75 * parts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot()
    #expect(abs(try #require(found[.sam]).standardError - error) < 1e-9 * error)
    // The best corner is at least the one the gradient points to, and no random one is above it.
    let measured = try #require(found[.keskar])
    let keskar = measured.value
    #expect(!measured.isConverged)
    let pointed = zip(weights, slopes).map { $0 + ($1 > 0 ? 1 : -1) * 1e-3 * (abs($0) + 1) }
    let first = 100 * (try objective.lossFunction()(Vector(pointed)).loss - loss) / (1 + loss)
    #expect(first > 0 && keskar >= first - 1e-12)
    for seed in 0..<10 {
      let signs = objective.space.random(.rademacher, from: RandomStream(seed: UInt64(seed), purpose: "corner"))
      let corner = zip(objective.parameters.elements, signs.elements).map { $0 + $1 * 1e-3 * (abs($0) + 1) }
      let rise = try objective.lossFunction()(Vector(corner)).loss - loss
      #expect(100 * rise / (1 + loss) <= keskar + 1e-12)
    }
  }

  /// The loss stays to 1e-12, λ₁ changes, adaptive sharpness and the bound with a prior that is carried along do not.
  @Test func rescaling() throws {
    let (network, dataset) = try problem()
    let objective = try Objective<Double>(network: network, dataset: dataset, loss: .binaryCrossEntropy, pool: pool)
    let rescaling = try #require(try Rescaling.find(objective, alpha: 4, tolerance: 1e-12))
    #expect(rescaling.multiplied == "0" && rescaling.divided == "2")
    let rescaled = rescaling.apply(to: objective.parameters)
    let other = try objective.at(rescaled)
    func measures(_ network: Network) throws -> SharpnessMeasures {
      try SharpnessMeasures(
        Double.self, network: network, dataset: dataset, loss: .binaryCrossEntropy, options: .init(), pool: pool)
    }
    let (before, after) = (try measures(network), try measures(network.withParameters(rescaled)))
    func ratio(_ measure: SharpnessMeasures.Measure) throws -> Double {
      try #require(after[measure]).value / #require(before[measure]).value
    }
    // What does not change has no error of its change, whatever its own is.
    #expect(try #require(before.changeError(.adaptive, to: after)) < 1e-6 * #require(before[.adaptive]).standardError)
    #expect(abs(try ratio(.largestEigenvalue) - 1) > 0.01)
    #expect(abs(try ratio(.trace) - 1) > 0.1)
    #expect(abs(try ratio(.adaptive) - 1) < 1e-6)
    let factors = rescaling.factors
    let prior = (0..<objective.dimension).map { 0.1 * sin(Double($0)) }
    func bound(_ objective: Objective<Double>, _ scale: [Double]) throws -> Double {
      let theta = objective.parameters.elements
      return ScaleInvariantBound(
        diagonal: try objective.gaussNewtonDiagonal(seed: 0),
        move: theta.indices.map { theta[$0] - scale[$0] * prior[$0] },
        priorVariances: scale.map { 20 * $0 * $0 }
      ).divergence
    }
    let plain = try bound(objective, [Double](repeating: 1, count: objective.dimension))
    #expect(abs(try bound(other, factors) - plain) <= 1e-9 * plain)
    #expect(abs(try bound(other, [Double](repeating: 1, count: objective.dimension)) - plain) > 1e-2 * plain)
    // A network that is not homogeneous has no such rescaling.
    let smooth = try Objective<Double>(
      network: Network(named: "mlp:64-6-1,tanh", seed: 1), dataset: dataset, loss: .binaryCrossEntropy, pool: pool)
    #expect(try Rescaling.find(smooth, alpha: 4) == nil)
    // Where the first two cannot be rescaled, later ones are: relu follows the second layer only.
    let later = try Network(input: [64], seed: 1) {
      Dense(64, 5)
      Tanh()
      Dense(5, 4)
      ReLU()
      Dense(4, 1)
    }
    let found = try #require(
      try Rescaling.find(
        Objective<Double>(network: later, dataset: dataset, loss: .binaryCrossEntropy, pool: pool), alpha: 4))
    #expect(found.multiplied == "2" && found.divided == "4")
  }
}
