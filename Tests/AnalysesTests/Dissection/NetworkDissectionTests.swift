import Analyses
import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors
import Testing

@Suite struct NetworkDissectionTests {
  /// The leading pairs of a layer's block against the block cut out of the dense matrix of the whole operator.
  @Test(arguments: [OperatorKind.hessian, .gaussNewton, .gradientSecondMoment, .gradientCovariance])
  func leadingPairs(kind: OperatorKind) throws {
    let objective = try Toy.trained(Toy.data(shift: 0.5, samples: 100), seed: 3, steps: 20)
    let settings = DissectionSettings(operators: [kind], top: 6, includesBias: true, tolerance: 1e-9)
    let dissection = try objective.dissect(settings)
    let whole = try ExactSpectrum.symmetricMatrix(objective.curvature(kind)).matrix
    #expect(dissection.layers.map(\.layer.name) == ["0", "2"])
    for layer in dissection.layers {
      let places = layer.layer.ranges.flatMap { Array($0) }
      let block = DenseMatrix(
        rows: places.count, columns: places.count,
        elements: places.flatMap { row in places.map { whole[row * objective.dimension + $0] } })
      let values = try block.symmetricEigenvalues()
      let pairs = try #require(layer.spectra.first).pairs
      #expect(pairs.top.count == 7 && layer.approximations.allSatisfy { $0.pairs.count == 7 })
      for (index, pair) in pairs.top.enumerated() {
        #expect(abs(pair.value - values[values.count - 1 - index]) <= 1e-9 * values[values.count - 1])
      }
      #expect(layer.shapes.first?.count == 6)
    }
  }

  /// Kronecker approximations of layers: on the Gauss-Newton matrix EKFAC errs the least of those in its basis, and all
  /// are the matrices of the operators of their names.
  @Test(arguments: [false, true]) func approximations(includingBias: Bool) throws {
    let objective = try Toy.trained(Toy.data(shift: 0.5, samples: 100), seed: 3, steps: 20)
    let methods: [KroneckerMethod] = [.kfacExpand, .kfacReduce, .ekfac, .shampoo]
    let dissection = try objective.dissect(
      DissectionSettings(
        operators: [.gaussNewton, .gradientSecondMoment], approximations: methods, top: 5, includesBias: includingBias,
        tolerance: 1e-9))
    for layer in dissection.layers {
      #expect(layer.approximations.map(\.name) == ["decoupled"] + methods.map(\.rawValue))
      func error(_ name: String, _ kind: OperatorKind) throws -> Double {
        try #require(
          layer.approximations.first { $0.name == name }?.errors.first { $0.kind == kind }?.error.value)
      }
      // With the bias's 1 in x, or without it, the decoupled block is that of K-FAC's expand; of one row a sample also reduce.
      let expand = try error("kfac-expand", .gaussNewton)
      let (plain, reduce) = (try error("decoupled", .gaussNewton), try error("kfac-reduce", .gaussNewton))
      let ekfac = try error("ekfac", .gaussNewton)
      #expect(abs(expand - plain) <= 1e-10 && abs(expand - reduce) <= 1e-10 && ekfac <= expand + 1e-12)
      for approximation in layer.approximations {
        for (one, other) in zip(approximation.pairs, approximation.pairs.dropFirst()) {
          #expect(one.value >= other.value)
        }
      }
      let pairs = try (
        #require(layer.approximations.first).pairs, #require(layer.approximations.dropFirst().first).pairs
      )
      for (one, other) in zip(pairs.0, pairs.1) { #expect(abs(one.value - other.value) <= 1e-10 * pairs.0[0].value) }
    }
  }

  /// A search gives what the dense matrix gives, for a block too large to be taken whole.
  @Test func searchedAndDense() throws {
    let network = try Network(input: [20], seed: 2) {
      Dense(20, 12)
      ReLU()
      Dense(12, 4)
    }
    let data = try Dataset(
      inputs: SmallObjective.numbers([60, 20], seed: 4), targets: SmallObjective.numbers([60, 4], seed: 5))
    let objective = try Objective<Double>(
      network: network, dataset: data, loss: .squaredError, pool: WorkerPool(count: 2))
    let layers = try objective.linearLayers().map(\.withoutBias)
    let settings = DissectionSettings(top: 8, tolerance: 1e-8)
    #expect(layers[0].dimension > 200)
    let spectra = try objective.layerSpectra(of: .gaussNewton, layers: layers, settings)
    for (layer, pairs) in zip(layers, spectra) {
      let values = try ExactSpectrum.compute(objective.selecting(layer).curvature(.gaussNewton)).eigen.values
      #expect(pairs.top.prefix(8).allSatisfy { $0.converged && $0.residual <= 1e-8 * values[values.count - 1] })
      for (index, pair) in pairs.top.prefix(8).enumerated() {
        #expect(abs(pair.value - values[values.count - 1 - index]) <= 1e-8 * values[values.count - 1])
      }
    }
  }

  /// H = M − H_p by automatic differentiation, for every loss that is −log p up to a constant.
  @Test(arguments: [Loss.crossEntropy, .squaredError, .binaryCrossEntropy]) func probabilities(loss: Loss) throws {
    let objective = try SmallObjective.make(loss: loss == .binaryCrossEntropy ? .squaredError : loss)
    let identity = try objective.probabilityIdentity(vectors: 3)
    #expect(identity.relativeError <= 1e-10 && identity.relativeSize > 0)
    // Against dense matrices too: M − H − H_p = 0 entry by entry.
    func dense<A: LinearOperator>(_ operation: A) throws -> [Double] where A.Space == DenseVectorSpace<Double> {
      try ExactSpectrum.symmetricMatrix(operation).matrix
    }
    let (moment, hessian) = (try dense(objective.gradientSecondMoment()), try dense(objective.hessian()))
    let probability = try dense(objective.probabilityHessian())
    let size = moment.reduce(0) { max($0, abs($1)) }
    for index in moment.indices {
      #expect(abs(moment[index] - hessian[index] - probability[index]) <= 1e-10 * size)
    }
  }

  /// vᵀH_p v as the second difference of the mean of p/p⁰ = exp(ℓ⁰ − ℓ), from the losses of single samples.
  @Test func probabilitiesByDifferences() throws {
    let count = 12
    let data = try Toy.data(shift: 0, samples: count)
    let network = try Toy.network(seed: 4)
    func objective(_ data: Dataset) throws -> Objective<Double> {
      try Objective(network: network, dataset: data, loss: .crossEntropy, pool: WorkerPool(count: 1))
    }
    let whole = try objective(data)
    let direction = Vector(Toy.normals(whole.dimension, "direction", 2))
    let singles = try (0..<count).map { try objective(data.selecting([$0])) }
    let before = try singles.map { try $0.lossAndGradient().loss }
    func mean(_ step: Double) throws -> Double {
      var moved = whole.parameters
      whole.space.axpy(step, direction, &moved)
      return try zip(singles, before).reduce(0) { try $0 + exp($1.1 - $1.0.at(moved).lossAndGradient().loss) }
        / Double(count)
    }
    let h = 1e-3
    let second = try (mean(h) - 2 + mean(-h)) / (h * h)
    let expected = try whole.space.dot(direction, whole.probabilityHessian().apply([direction])[0])
    #expect(abs(second - expected) <= 1e-4 * abs(expected))
  }

  /// What paper 3 reports of networks of this kind, against numbers that the oracle `i_small_nets.py` measured by
  /// finite differences and printed with two or three digits: shifted inputs have nearly decoupled, rank-one, shared
  /// eigenvectors, centred ones less so (arXiv:2010.04261).
  @Test(arguments: [
    (
      2.0, [0.94, 0.954], [[0.93, 0.93, 0.93, 0.92], [0.99, 0.98, 0.96, 0.97]],
      [1: 0.02, 2: 0.22, 3: 0.24, 8: 0.37, 16: 0.38, 32: 0.33, 80: 0.52]
    ),
    (
      0.0, [0.68, 0.556], [[0.9, 0.83, 0.75, 0.67], [0.92, 0.78, 0.77, 0.51]],
      [1: 0.09, 2: 0.15, 3: 0.13, 8: 0.21, 16: 0.23, 32: 0.3, 80: 0.53]
    ),
  ])
  func asTheOracleMeasured(
    shift: Double, decoupling: [Double], shares: [[Double]], between: [Int: Double]
  ) throws {
    let settings = DissectionSettings(operators: [.hessian, .gaussNewton], top: 80, tolerance: 1e-9)
    let models = try (0..<2).map { model in
      NamedDissection(
        name: "\(model)", try Toy.oracle(shift: shift, model: UInt32(model)).dissect(settings))
    }
    let comparisons = try DissectionComparisons.all(models, top: 80, pool: WorkerPool(count: 1))
    for (index, model) in models.enumerated() {
      let layer = model.dissection.layers[0]
      for (share, expected) in zip(layer.shapes[0].map(\.rankOneShare), shares[index]) {
        #expect(abs(share - expected) <= 0.00501)
      }
      let decoupled = try #require(
        comparisons.first {
          $0.layer == "0" && $0.first.model == model.name && $0.first.operator == "ggn"
            && $0.second.operator == "decoupled"
        })
      #expect(abs(decoupled.overlaps[Toy.classes - 2] - decoupling[index]) <= 0.000501)
      #expect(try #require(layer.factors).meanAlignment > (shift > 0 ? 0.98 : 0))
    }
    let pair = try #require(
      comparisons.first { $0.layer == "0" && $0.first.model != $0.second.model && $0.first.operator == "hessian" })
    for (k, expected) in between { #expect(abs(pair.overlaps[k - 1] - expected) <= 0.00501, "k = \(k)") }
  }

  /// The leading eigenspaces of H and of the gradients' second moment agree far beyond chance during training (arXiv:1907.10732).
  @Test(arguments: [20, 100, 500]) func hessianAndSecondMoment(steps: Int) throws {
    let objective = try Toy.trained(Toy.data(shift: 0, seed: 3), seed: 3, steps: steps)
    let settings = DissectionSettings(operators: [.hessian, .gradientSecondMoment], top: 10, tolerance: 1e-9)
    let comparisons = try DissectionComparisons.all(
      [NamedDissection(name: "model", objective.dissect(settings))], top: 10, pool: WorkerPool(count: 1))
    for layer in ["0", "2"] {
      let overlap = try #require(
        comparisons.first {
          $0.layer == layer && $0.first.operator == "hessian" && $0.second.operator == "gradient-second-moment"
        })
      let k = Toy.classes - 1
      #expect(
        overlap.overlaps[k - 1] > 10 * overlap.chance(k), "\(layer): \(overlap.overlaps[k - 1] / overlap.chance(k))")
    }
  }

  @Test func pairsOfModels() {
    #expect(DissectionComparisons.pairs(1).isEmpty)
    #expect(DissectionComparisons.pairs(3).map { [$0.first, $0.second] } == [[0, 1], [0, 2], [1, 2]])
    #expect(DissectionComparisons.pairs(7).count == 11)
  }

  @Test func batchStatisticsHaveNoFactors() throws {
    let network = try Network(input: [4], seed: 1) {
      Dense(4, 5)
      BatchNormalization(5)
      ReLU()
      Dense(5, 3)
    }
    let data = try Dataset(
      inputs: SmallObjective.numbers([24, 4], seed: 1), targets: SmallObjective.numbers([24, 3], seed: 2))
    let objective = try Objective<Double>(
      network: network.withBatchNormalization(.batch), dataset: data, loss: .squaredError, pool: WorkerPool(count: 1))
    let dissection = try objective.dissect(DissectionSettings(operators: [.hessian], top: 3))
    #expect(
      dissection.identity == nil && dissection.layers.allSatisfy { $0.factors == nil && $0.approximations.isEmpty })
    #expect(dissection.warnings.contains { $0.contains("couple the samples") })
    #expect(dissection.layers.allSatisfy { $0.spectra[0].pairs.top.count == 4 })
  }
}
