import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import TestSupport
import Testing

@testable import Analyses

/// Condition numbers of networks that are not linear: routes against each other, closed forms of one hidden layer, and
/// what papers measured.
struct ObjectiveConditionTests {
  private func rectifier(_ loss: Loss, samples: Int, hidden: Int = 12) throws -> Objective<Double> {
    let network = try Network(input: [6], seed: 5) {
      Dense(6, hidden)
      ReLU()
      Dense(hidden, 3)
    }
    return try ConditionProblem.objective(
      network, ConditionProblem.inputs(samples, 6, rank: 6, seed: 3), outputs: 3, loss)
  }

  /// All routes agree, whether there are more parameters or more outputs.
  @Test(arguments: [(Loss.crossEntropy, 10), (.squaredError, 8), (.crossEntropy, 90)])
  func routes(loss: Loss, samples: Int) throws {
    let objective = try rectifier(loss, samples: samples)
    for kind in [OperatorKind.gaussNewton, .fisher, .tangentKernel] {
      let singular = try objective.conditionNumber(of: kind, route: .singularValues)
      let dual = try objective.conditionNumber(of: kind, route: .dual)
      let exact = try #require(singular.number.value)
      let value = try #require(dual.number.value)
      #expect(singular.number.value == (try objective.conditionNumber(of: kind).number.value))
      if samples == 90 {
        // Scaling a hidden unit up and its outputs down changes nothing: a null direction for each of the 12.
        // Cross-entropy does not see a shift of all outputs: another for each of the 13 inputs of the last layer.
        let null = kind == .tangentKernel ? 12 : 25
        // Lanczos finds the null space and says nothing.
        #expect(try objective.conditionNumber(of: kind, route: .krylov).number.value == nil)
        #expect(singular.number.rank == objective.dimension - null)
        #expect(dual.number.rank == objective.dimension && dual.number.unresolved == null && dual.number.isLowerBound)
      } else {
        #expect(singular.number.rank == dual.number.rank && !dual.number.isLowerBound)
        let krylov = try objective.conditionNumber(of: kind, route: .krylov).number
        let interval = try #require(krylov.interval)
        #expect(interval.lowerBound <= exact * (1 + 1e-9) && exact * (1 - 1e-9) <= interval.upperBound)
        #expect(interval.upperBound / interval.lowerBound < 1.01)
      }
      #expect(abs(value / exact - 1) <= 1e-6)
      #expect(singular.number.neighbours.contains { $0.rank == singular.number.rank && $0.value == exact })
    }
  }

  /// One hidden layer, Ĝ = Σ_r (Λ Xᵀ X Λ) ⊗ (w wᵀ) + Γ ⊗ I: n times it is the tangent kernel without biases.
  @Test(arguments: [1, 0.3, 0.1, 0.01, 0]) func leakyRectifiers(slope: Double) throws {
    let (n, d, m, k) = (7, 9, 12, 3)
    let network = try Network(input: [d], seed: 4) {
      Dense(d, m, bias: false, initializer: .kaimingNormal())
      LeakyReLU(slope: slope)
      Dense(m, k, bias: false, initializer: .kaimingNormal())
    }
    let x = ConditionProblem.inputs(n, d, rank: d, seed: 8)
    let objective = try ConditionProblem.objective(network, x, outputs: k, .squaredError)
    let weights = ConditionProblem.matrices(objective)
    let closed = try TwoLayerRectifierConditioning(
      hidden: weights[0], output: weights[1], inputs: DenseMatrix(rows: n, columns: d, elements: x.doubles()),
      slope: slope)
    let expected = try closed.dual()
    let found = try objective.dualMatrix(of: .gaussNewton)
    var error = 0.0
    for i in 0..<n * k {
      for j in 0..<n * k {
        // The engine has outputs first, the closed form samples.
        let element = found[(i % k) * n + i / k, (j % k) * n + j / k]
        error = max(error, abs(element - expected[i, j]))
      }
    }
    #expect(error <= 1e-12 * expected.largestMagnitude)
    if slope < 1 {
      let kappa = try #require(try objective.conditionNumber(of: .gaussNewton).number.value)
      #expect(abs(kappa / (try #require(try closed.conditionNumber().value)) - 1) <= 1e-9)
    }
  }

  /// Numbers of the numpy oracle `j_bn_pruning_whitening.py`, draw by draw: batch normalisation by statistics of all
  /// samples lowers κ of a linear network on badly scaled, off-centre inputs in 5 of 5 seeds.
  @Test(arguments: [(12, 6.65e5, 5.9e4), (24, 3.5e5, 3.95e4)])
  func batchNormalization(m: Int, plain: Double, normalized: Double) throws {
    let (n, d, k) = (100, 10, 3)
    var kappas: [Bool: [Double]] = [:]
    for seed in 0..<5 as Range<UInt32> {
      var random = NumpyRandom(seed: seed)
      var mixing = random.matrix(d, d, scale: (1 / Double(d)).squareRoot())
      let scales = evenlySpacedInLogarithm(1, 0.1, d)
      for row in 0..<d { for column in 0..<d { mixing[row, column] *= scales[column] } }
      let x = (try mixing * random.matrix(d, n)).transposed.elements.map { $0 + 1 }
      let weights = [
        random.matrix(m, d, scale: (2 / Double(d)).squareRoot()),
        random.matrix(k, m, scale: (2 / Double(m)).squareRoot()),
      ]
      for isNormalized in [false, true] {
        let layers: [any Layer] =
          [Dense(d, m, bias: false)] + (isNormalized ? [BatchNormalization(m)] : []) + [Dense(m, k, bias: false)]
        var network = try Network(input: [d], seed: 0, layers: Sequential(layers))
        let drawn = network.parameters.map { parameter in
          weights.first { [$0.rows, $0.columns] == parameter.shape }.map { StoredValues.double($0.elements) }
            ?? parameter.values
        }
        network = try network.withParameters(drawn)
        if isNormalized { network = try network.withBatchNormalization(.batch) }
        // Scale and shift of the normalisation are held fixed.
        let objective = try Objective<Double>(
          network: network,
          dataset: Dataset(
            inputs: NumpyArray(x, shape: [n, d]),
            targets: NumpyArray([Double](repeating: 0, count: n * k), shape: [n, k])),
          loss: .squaredError, selection: .matching("^(0|\(isNormalized ? 2 : 1))\\.", of: network),
          pool: WorkerPool(count: 2))
        let measured = try objective.conditionNumber(of: .gaussNewton).number
        #expect(measured.rank == 30)
        kappas[isNormalized, default: []].append(try #require(measured.value))
      }
    }
    let (without, with) = (kappas[false] ?? [], kappas[true] ?? [])
    #expect(zip(without, with).allSatisfy { $0 > $1 })
    #expect(abs(without.reduce(0, +) / 5 / plain - 1) < 0.01 && abs(with.reduce(0, +) / 5 / normalized - 1) < 0.01)
  }

  /// The same oracle: pruning the smallest weights of every layer of a rectifier network before training raises κ over
  /// what is left.
  @Test func pruning() throws {
    let (n, d, m, k) = (12, 30, 40, 3)
    let expected = [(0, 17.6), (0.2, 21.6), (0.4, 25.1), (0.6, 28.9), (0.8, 279), (0.9, 2.76e4)]
    var medians: [Double] = []
    for (fraction, _) in expected {
      var kappas: [Double] = []
      for seed in 0..<5 as Range<UInt32> {
        var random = NumpyRandom(seed: seed)
        let x = random.matrix(d, n).transposed
        let weights = [
          random.matrix(m, d, scale: (2 / Double(d)).squareRoot()),
          random.matrix(k, m, scale: (2 / Double(m)).squareRoot()),
        ]
        let network = try Network(input: [d], seed: 0) {
          Dense(d, m, bias: false)
          ReLU()
          Dense(m, k, bias: false)
        }
        var (values, mask): ([Double], [Double]) = ([], [])
        for weight in weights {
          let sorted = weight.elements.map(abs).sorted()
          let threshold = fraction > 0 ? sorted[Int(fraction * Double(sorted.count - 1))] : -1
          mask += weight.elements.map { abs($0) > threshold ? 1 : 0 }
          values += weight.elements.map { abs($0) > threshold ? $0 : 0 }
        }
        let objective = try ConditionProblem.objective(
          network.withParameters(Vector(values)), NumpyArray(x.elements, shape: [n, d]), outputs: k, .squaredError)
        let eigenvalues = try objective.conditionNumber(of: .gaussNewton, scales: Vector(mask)).eigenvalues
        // The oracle's own rule for the rank.
        let smallest = try #require(eigenvalues.last { $0 > 1e-9 * eigenvalues[0] })
        kappas.append(eigenvalues[0] / smallest)
      }
      medians.append(median(kappas))
    }
    for (found, (fraction, printed)) in zip(medians, expected) {
      #expect(abs(found / printed - 1) < 0.01, "\(fraction): \(found)")
    }
    #expect(zip(medians, medians.dropFirst()).allSatisfy { $0 < $1 })
  }

  /// Scaled columns against the scaled dense matrix, also where batch statistics couple the samples.
  @Test func scaledColumns() throws {
    let objective = try rectifier(.crossEntropy, samples: 10)
    let scales = Vector((0..<objective.dimension).map { Double($0 % 3) })
    let squares = Vector((0..<objective.dimension).map { scales[$0] * scales[$0] })
    let exact = try ExactSpectrum.compute(PreconditionedOperator(objective.gaussNewton(), diagonal: squares))
    for route in [ConditionRoute.singularValues, .dual] {
      let found = try objective.conditionNumber(of: .gaussNewton, route: route, scales: scales)
      let largest = exact.eigen.values.last ?? 0
      #expect(abs(found.number.largest / largest - 1) <= 1e-12)
      let smallest = exact.eigen.values[exact.eigen.values.count - found.number.rank]
      #expect(abs(found.number.smallest - smallest) <= 1e-13 * largest)
    }
  }

  /// Ends of the spectrum as an interval, a bound, or nothing.
  @Test func intervalOfEnds() {
    let closed = ConditionNumber.ofEnds(
      largest: (4, 0.01), smallest: (0.5, 0.1), rank: 9, order: 9, isSmallest: true)
    #expect(closed.interval == 8...(4.01 / 0.4) && !closed.isLowerBound && closed.value == 8)
    let open = ConditionNumber.ofEnds(largest: (4, 0.01), smallest: (0.5, 0.1), rank: 9, order: 9, isSmallest: false)
    #expect(open.interval == nil && open.isLowerBound && open.value == 8)
    let vague = ConditionNumber.ofEnds(largest: (4, 0.01), smallest: (0.5, 0.6), rank: 9, order: 9, isSmallest: true)
    #expect(vague.interval == nil && !vague.isLowerBound && vague.value == nil)
    let null = ConditionNumber.ofEnds(largest: (4, 0), smallest: (-1e-18, 0), rank: 9, order: 9, isSmallest: true)
    #expect(null.value == nil && !null.isLowerBound && null.interval == nil && null.unresolved == 1)
    let deficient = ConditionNumber.ofEnds(largest: (4, 0), smallest: (0.5, 0), rank: 8, order: 9, isSmallest: false)
    #expect(deficient.value == nil && !deficient.isLowerBound && deficient.interval == nil)
  }

  /// What is refused before memory is spent.
  @Test func refusals() throws {
    let (n, d) = (47_000, 98)
    let wide = try Network(input: [d], seed: 1) {
      Dense(d, 470)
      ReLU()
      Dense(470, 1)
    }
    let objective = try Objective<Double>(
      network: wide,
      dataset: Dataset(
        inputs: NumpyArray([Float](repeating: 0.5, count: n * d), shape: [n, d]),
        targets: NumpyArray([Double](repeating: 0, count: n), shape: [n, 1])), loss: .squaredError,
      pool: WorkerPool(count: 2))
    for route in [ConditionRoute.singularValues, .dual] {
      #expect(throws: InputError.self) { _ = try objective.conditionNumber(of: .gaussNewton, route: route) }
    }
    let small = try rectifier(.crossEntropy, samples: 5)
    #expect(throws: InputError.self) { _ = try small.conditionNumber(of: .hessian) }
    let single = try SmallObjective.make(as: Float.self)
    #expect(throws: InputError.self) {
      try single.requireCondition(of: OperatorSetting(.gaussNewton), isDivided: false)
    }
    var request = SpectrumRequest()
    request.condition = .automatic
    let measured = try small.measureSpectrum(of: .gaussNewton, request)
    #expect(measured.condition?.number.value != nil && ReportedSpectrum(measured).condition?.rank == 10)
  }

}
