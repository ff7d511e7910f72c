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
    let found = try SharpnessMeasures.measure(
      Double.self, network: network, dataset: dataset, loss: .binaryCrossEntropy, options: options, pool: pool)
    #expect(found.count == SharpnessMeasures.Measure.allCases.count)
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
    // In the box no random corner is above the one that was found.
    let keskar = try #require(found[.keskar]).value
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
    let rescaled = try #require(try Rescaling.rescaled(objective, alpha: 4, tolerance: 1e-12))
    let other = try objective.at(values: rescaled)
    let options = SharpnessMeasures.Options()
    let before = try SharpnessMeasures.values(objective, options, {})
    let after = try SharpnessMeasures.values(other, options, {})
    func ratio(_ measure: SharpnessMeasures.Measure) throws -> Double {
      try #require(after[measure]).value / #require(before[measure]).value
    }
    #expect(abs(try ratio(.largestEigenvalue) - 1) > 0.01)
    #expect(abs(try ratio(.trace) - 1) > 0.1)
    #expect(abs(try ratio(.adaptive) - 1) < 1e-6)
    let factors = try #require(try Rescaling.factors(objective, alpha: 4))
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
    #expect(try Rescaling.rescaled(smooth, alpha: 4) == nil)
  }
}
