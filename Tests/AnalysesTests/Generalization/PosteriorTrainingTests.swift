import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors
import Testing
import Training

@testable import Analyses

/// The training of posteriors against a plain twin, and what the bounds come to on a small problem.
@Suite struct PosteriorTrainingTests {
  private let pool = WorkerPool(count: 2)

  /// The normal numbers against Box and Muller's formula in Double, and their moments.
  @Test func normalNumbers() {
    let stream = RandomStream(seed: 9, purpose: "normals of a test", index: 4)
    let (group, groups) = (RandomStream.normalGroup, 2000)
    var numbers = [Float](repeating: 0, count: group * groups)
    numbers.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { stream.fillNormals(groups: 3..<3 + groups, into: base) }
    }
    let quarter = group / 4
    for (place, position) in [(0, 0), (17, 0), (63, 5), (30, 1999)] {
      let (first, second) = stream.block(UInt64((3 + position) * quarter + place))
      for (pair, word) in [first, second].enumerated() {
        let u = (Double(UInt32(truncatingIfNeeded: word)) + 0.5) * 0x1p-32
        let angle = 2 * Double.pi * Double(UInt32(truncatingIfNeeded: word >> 32)) * 0x1p-32
        let radius = (-2 * log(u)).squareRoot()
        let start = position * group + 2 * pair * quarter + place
        #expect(abs(Double(numbers[start]) - radius * cos(angle)) < 3e-6)
        #expect(abs(Double(numbers[start + quarter]) - radius * sin(angle)) < 3e-6)
      }
    }
    // Of N normals the mean of x^k is within four standard errors.
    let n = Double(numbers.count)
    func moment(_ k: Int) -> Double { numbers.reduce(0) { $0 + pow(Double($1), Double(k)) } / n }
    for (k, mean, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
      #expect(abs(moment(k) - mean) < 4 * (variance / n).squareRoot(), "moment \(k)")
    }
    var part = [Float](repeating: 0, count: group)
    part.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { stream.fillNormals(groups: 20..<21, into: base) }
    }
    #expect(part == Array(numbers[17 * group..<18 * group]))
  }

  private func small(
    steps: Int, workers: Int
  ) throws -> (training: PosteriorTraining<Double>, network: Network, dataset: Dataset) {
    let pool = WorkerPool(count: workers)
    let dataset = try BinaryProblem.dataset(samples: 200)
    let network = try Network(named: "mlp:64-70-1", seed: 1)
    let start = try BinaryProblem.trained(network, dataset, epochs: 2, pool: pool, as: Double.self)
    let settings = PosteriorSettings(learningRate: 1e-3, batchSize: 50, steps: steps, seed: 7)
    let training: PosteriorTraining<Double> = try BinaryProblem.training(
      .standard, prior: network, start: start, dataset: dataset, settings: settings, pool: pool)
    return (training, start, dataset)
  }

  /// Three steps written out element by element.
  @Test func stepsAreThoseOfTheFormulas() throws {
    var (training, network, dataset) = try small(steps: 20, workers: 1)
    let batch = try MinibatchGradient<Double>(
      network: network, dataset: dataset, loss: .binaryCrossEntropy, batchSize: 50, pool: WorkerPool(count: 1))
    var order = BatchOrder(samples: 200, batchSize: 50, seed: 7)
    var mean = training.posterior.mean.elements
    var logarithm = training.posterior.logDeviation.elements
    let prior = training.posterior.prior.elements
    let count = mean.count
    var (v, u) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    let (m, d) = (200.0, Double(count))
    for step in 0..<3 {
      let group = RandomStream.normalGroup
      let groups = (count + group - 1) / group
      var normals = [Float](repeating: 0, count: groups * group)
      normals.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        RandomStream(seed: 7, purpose: "noise of a posterior's weights", index: step).fillNormals(
          groups: 0..<groups, into: base)
      }
      let noise = (0..<count).map { exp(logarithm[$0]) * Double(normals[$0]) }
      batch.load(order.rows(ofStep: step))
      let gradient = try batch.gradient(at: Vector(zip(mean, noise).map { $0 + $1 })).gradient.elements
      let move = zip(mean, prior).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let variance = logarithm.reduce(0) { $0 + exp(2 * $1) }
      let lambda = min(0.1 * exp(-0.01), (move + variance) / d)
      let divergence =
        0.5 * ((move + variance) / lambda - d + d * log(lambda) - 2 * logarithm.reduce(0, +))
      let complexity =
        (divergence + 2 * log(max(1, 100 * log(0.1 / lambda))) + log(.pi * .pi * m / (6 * 0.025))) / (m - 1)
      #expect(abs(training.complexity - complexity) <= 1e-10 * complexity)
      let c = 1 / (4 * (m - 1) * (complexity / 2).squareRoot())
      for index in 0..<count {
        let g = gradient[index] / log(2)
        let ofMean = g + c * (mean[index] - prior[index]) / lambda
        let ofLogarithm = g * noise[index] + c * (exp(2 * logarithm[index]) / lambda - 1)
        v[index] = 0.9 * v[index] + 0.1 * ofMean * ofMean
        u[index] = 0.9 * u[index] + 0.1 * ofLogarithm * ofLogarithm
        mean[index] -= 1e-3 * ofMean / (v[index].squareRoot() + 1e-8)
        logarithm[index] -= 1e-3 * ofLogarithm / (u[index].squareRoot() + 1e-8)
      }
      try training.advance()
    }
    let found = (training.posterior.mean.elements, training.posterior.logDeviation.elements)
    #expect(zip(found.0, mean).allSatisfy { abs($0 - $1) < 1e-9 })
    #expect(zip(found.1, logarithm).allSatisfy { abs($0 - $1) < 1e-9 })
    let sums = training.posterior.divergence
    #expect(abs(sums.varianceSum - training.divergence.varianceSum) <= 1e-12 * sums.varianceSum)
  }

  @Test func workersAndStopsDoNotChangeBits() throws {
    var (one, _, _) = try small(steps: 12, workers: 1)
    var (three, _, _) = try small(steps: 12, workers: 3)
    for _ in 0..<5 { try one.advance() }
    let state = Dictionary(uniqueKeysWithValues: one.state.map { ($0.name, $0.vector) })
    var (again, _, _) = try small(steps: 12, workers: 2)
    try again.restore(state, step: 5)
    while !one.isFinished { try one.advance() }
    while !three.isFinished { try three.advance() }
    while !again.isFinished { try again.advance() }
    for other in [three, again] {
      #expect(other.posterior.mean == one.posterior.mean && other.posterior.deviation == one.posterior.deviation)
      #expect(other.divergence == one.divergence)
    }
    #expect(throws: InputError.self) { try again.restore(["mean": one.posterior.mean], step: 5) }
  }

  /// Draws have the posterior's empirical error as their mean, whichever way they are made.
  @Test func drawsAgree() throws {
    let (training, network, dataset) = try small(steps: 1, workers: 2)
    var batches = PosteriorError(samplesPerDraw: 50)
    let draws = BatchDraws(posterior: training.posterior, batch: training.batch, seed: 2)
    try draws.extend(&batches, to: 1000)
    var parts = PosteriorError(samplesPerDraw: 50)
    try draws.extend(&parts, to: 300)
    try draws.extend(&parts, to: 1000)
    #expect(parts == batches)
    var whole = PosteriorError(samplesPerDraw: nil)
    let objective = try Objective<Double>(
      network: network, dataset: dataset, loss: .binaryCrossEntropy, pool: pool)
    try WholeDraws(posterior: training.posterior, errors: objective.errorFunction(), seed: 2, purpose: "a test")
      .extend(&whole, to: 300)
    let error = (pow(batches.standardError, 2) + pow(whole.standardError, 2)).squareRoot()
    #expect(abs(batches.mean - whole.mean) < 4 * error)
    #expect(whole.standardError > 0 && batches.mean > 0 && batches.mean < 0.6)
  }

  /// After the same budget the bound in the eigenbasis is not above that in the standard basis; both say something, and
  /// hold on the test set. With random labels the bound is larger, and says nothing.
  @Test func boundsOnASmallProblem() throws {
    let (dataset, test) = (try BinaryProblem.dataset(), try BinaryProblem.dataset(split: .test))
    let network = try Network(named: "mlp:64-30-1", seed: 0)
    let start = try BinaryProblem.trained(network, dataset, epochs: 20, pool: pool, as: Float.self)
    let settings = PosteriorSettings(
      learningRate: 1e-3, schedule: .init(.cosine(final: 0.01)), batchSize: 50, steps: 40 * (dataset.count / 50))
    var bounds: [Double] = []
    for basis in [WorkingBasis.standard, .kronecker] {
      var training: PosteriorTraining<Float> = try BinaryProblem.training(
        basis, prior: network, start: start, dataset: dataset, settings: settings, pool: pool)
      let before = try BinaryProblem.bound(training, draws: 5000).bound
      while !training.isFinished { try training.advance() }
      let (bound, error) = try BinaryProblem.bound(training, draws: 5000)
      var onTest = PosteriorError(samplesPerDraw: nil)
      let objective = try Objective<Float>(
        network: training.batch.network, dataset: test, loss: .binaryCrossEntropy, pool: pool)
      try WholeDraws(posterior: training.posterior, errors: objective.errorFunction(), seed: 3, purpose: "a test")
        .extend(&onTest, to: 50)
      #expect(bound < before && bound < 0.5, "\(basis): \(before) to \(bound)")
      #expect(bound > onTest.mean && bound > error.mean)
      bounds.append(bound)
    }
    #expect(bounds[1] <= bounds[0], "\(bounds)")
    let random = try BinaryProblem.dataset(random: true)
    let memorised = try BinaryProblem.trained(network, random, epochs: 60, pool: pool, as: Float.self)
    var training: PosteriorTraining<Float> = try BinaryProblem.training(
      .standard, prior: network, start: memorised, dataset: random, settings: settings, pool: pool)
    while !training.isFinished { try training.advance() }
    let bound = try BinaryProblem.bound(training, draws: 1000).bound
    #expect(bound > 0.5 && bound > bounds[0])
  }
}
