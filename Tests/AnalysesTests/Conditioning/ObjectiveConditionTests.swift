import Archives
import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors
import Testing

@testable import Analyses

/// Condition numbers of networks that are not linear: routes against each other, closed forms of one hidden layer, and what papers measured.
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
        #expect(singular.number.rank == objective.dimension - 12)
        #expect(dual.number.rank == objective.dimension && dual.number.unresolved == 12 && dual.number.isLowerBound)
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

  /// Batch normalisation by statistics of all samples lowers κ of a linear network on badly scaled inputs, in 5 of 5 seeds.
  @Test func batchNormalization() throws {
    let (n, d, m, k) = (60, 8, 12, 3)
    for seed in 0..<5 as Range<UInt64> {
      let (mixing, noise) = (
        ConditionProblem.normal(d * d, seed: seed), ConditionProblem.normal(n * d, seed: seed + 50)
      )
      var x = [Double](repeating: 1, count: n * d)
      for i in 0..<n {
        for j in 0..<d {
          for l in 0..<d {
            let scale = pow10(-Double(l) / Double(d - 1)) / Double(d).squareRoot()
            x[i * d + j] += mixing[j * d + l] * scale * noise[i * d + l]
          }
        }
      }
      func kappa(_ normalized: Bool) throws -> Double {
        let layers: [any Layer] =
          [Dense(d, m, bias: false, initializer: .kaimingNormal())] + (normalized ? [BatchNormalization(m)] : [])
          + [Dense(m, k, bias: false, initializer: .kaimingNormal())]
        var network = try Network(input: [d], seed: seed, layers: Sequential(layers))
        if normalized { network = try network.withBatchNormalization(.batch) }
        let y = NumpyArray(ConditionProblem.normal(n * k, seed: 9), shape: [n, k])
        // Scale and shift of the normalisation are held fixed.
        let objective = try Objective<Double>(
          network: network, dataset: Dataset(inputs: NumpyArray(x, shape: [n, d]), targets: y), loss: .squaredError,
          selection: .matching("^(0|\(normalized ? 2 : 1))\\.", of: network), pool: WorkerPool(count: 2))
        return try #require(try objective.conditionNumber(of: .gaussNewton).number.value)
      }
      #expect(try kappa(true) < kappa(false))
    }
  }

  /// Pruning the smallest weights of every layer of a rectifier network before training raises κ over what is left.
  @Test func pruning() throws {
    let (n, d, m, k) = (12, 30, 40, 3)
    var medians: [Double] = []
    for fraction in [0, 0.2, 0.4, 0.6, 0.8, 0.9] {
      var kappas: [Double] = []
      for seed in 0..<5 as Range<UInt64> {
        let network = try Network(input: [d], seed: seed) {
          Dense(d, m, bias: false, initializer: .kaimingNormal())
          ReLU()
          Dense(m, k, bias: false, initializer: .kaimingNormal())
        }
        var (values, mask): ([Double], [Double]) = ([], [])
        for parameter in network.parameters {
          let elements = parameter.values.values(as: Double.self)
          let threshold = fraction > 0 ? elements.map(abs).sorted()[Int(fraction * Double(elements.count)) - 1] : -1
          mask += elements.map { abs($0) > threshold ? 1 : 0 }
          values += elements.map { abs($0) > threshold ? $0 : 0 }
        }
        let objective = try ConditionProblem.objective(
          network.withParameters(Vector(values)), ConditionProblem.inputs(n, d, rank: d, seed: seed + 70), outputs: k,
          .squaredError)
        let measured = try objective.conditionNumber(of: .gaussNewton, scales: Vector(mask))
        #expect(measured.number.rank == n * k)
        kappas.append(try #require(measured.number.value))
      }
      medians.append(kappas.sorted()[2])
    }
    #expect(zip(medians, medians.dropFirst()).allSatisfy { $0 <= 1.05 * $1 } && medians[5] > 5 * medians[0], "\(medians)")
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
    let open = ConditionNumber.ofEnds(largest: (4, 0.01), smallest: (0.5, 0.6), rank: 9, order: 9, isSmallest: true)
    #expect(open.interval == nil && open.isLowerBound && open.value == 8)
    let null = ConditionNumber.ofEnds(largest: (4, 0), smallest: (-1e-18, 0), rank: 9, order: 9, isSmallest: true)
    #expect(null.isLowerBound && null.unresolved == 1 && (null.value ?? 0) > 1e13)
  }

  /// What is refused before memory is spent.
  @Test func refusals() throws {
    let wide = try Network(input: [1], seed: 1) {
      Dense(1, 20_000)
      ReLU()
      Dense(20_000, 1)
    }
    let objective = try Objective<Double>(
      network: wide,
      dataset: Dataset(
        inputs: NumpyArray([Double](repeating: 0.5, count: 50_000), shape: [50_000, 1]),
        targets: NumpyArray([Double](repeating: 0, count: 50_000), shape: [50_000, 1])), loss: .squaredError,
      pool: WorkerPool(count: 2))
    for route in [ConditionRoute.singularValues, .dual] {
      #expect(throws: InputError.self) { _ = try objective.conditionNumber(of: .gaussNewton, route: route) }
    }
    let small = try rectifier(.crossEntropy, samples: 5)
    #expect(throws: InputError.self) { _ = try small.conditionNumber(of: .hessian) }
    let single: Objective<Float> = try SmallObjective.make()
    #expect(throws: InputError.self) { try single.requireCondition(of: OperatorSetting(.gaussNewton), isDivided: false) }
    var request = SpectrumRequest()
    request.condition = .automatic
    let measured = try small.measureSpectrum(of: .gaussNewton, request)
    #expect(measured.condition?.number.value != nil && ReportedSpectrum(measured).condition?.rank == 10)
  }

  private func pow10(_ exponent: Double) -> Double { Foundation.pow(10, exponent) }
}
