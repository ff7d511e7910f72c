import Archives
import Autodiff
import Datasets
import Krylov
import Networks
import Tensors
import TestSupport
import Testing

@testable import Curvature

/// Networks whose parameters take every way into the rows of a weighted Jacobian.
enum ConditioningProblem: String, CaseIterable, CustomTestStringConvertible {
  /// Dense layers and a residual block.
  case dense
  /// Convolutions, and normalisations with fixed statistics.
  case convolution
  /// Normalisation by statistics of all samples.
  case coupled
  /// Normalisation by statistics of groups.
  case groups
  /// Three positions a sample, some labels ignored.
  case positions
  /// Soft targets of mass 2.
  case soft
  /// More rows than parameters.
  case tall

  var testDescription: String { rawValue }

  func objective(_ loss: Loss = .crossEntropy, workers: Int = 2) throws -> Objective<Double> {
    switch self {
    case .dense, .soft:
      let network = try SmallProblem.network()
      let x = SmallProblem.numbers([20, 6], seed: 1)
      let soft = NumpyArray(
        try SmallProblem.numbers([20, 4], seed: 5).doubles().map { 0.5 + $0 * $0 }, shape: [20, 4])
      let data =
        self == .soft
        ? try Dataset(inputs: x, targets: soft) : try Self.data(x, samples: 20, outputs: 4, loss)
      return try SmallProblem.objective(network, data, loss, workers: workers)
    case .tall:
      let network = try Network(input: [3], seed: 3) {
        Dense(3, 4)
        Tanh()
        Dense(4, 3)
      }
      return try SmallProblem.objective(
        network, Self.data(SmallProblem.numbers([60, 3], seed: 4), samples: 60, outputs: 3, loss), loss,
        workers: workers)
    case .convolution, .coupled, .groups:
      let mode: BatchNormalizationMode = self == .convolution ? .running : .batch
      let x = SmallProblem.numbers([24, 2, 5, 5], seed: 1)
      var options = ExecutionOptions()
      if self == .groups { options.batchNormGroup = 6 }
      return try SmallProblem.objective(
        BatchNormalizationTests.network(mode), Self.data(x, samples: 24, outputs: 3, loss), loss, options: options,
        workers: workers)
    case .positions:
      let network = try Network(input: [3, 6], seed: 3) {
        Dense(6, 5)
        Tanh()
        Dense(5, 4)
      }
      let x = SmallProblem.numbers([10, 3, 6], seed: 3)
      guard loss == .crossEntropy else {
        return try SmallProblem.objective(
          network, Dataset(inputs: x, targets: SmallProblem.probabilities([30, 4], seed: 8)), loss, workers: workers)
      }
      var labels = try SmallProblem.labels(30, classes: 4).integers().map { Int64($0) }
      labels[4] = -100
      return try SmallProblem.objective(
        network, Dataset(inputs: x, targets: NumpyArray(labels)), loss, workers: workers)
    }
  }

  private static func data(_ x: NumpyArray, samples: Int, outputs: Int, _ loss: Loss) throws -> Dataset {
    if loss == .crossEntropy { return try Dataset(inputs: x, targets: SmallProblem.labels(samples, classes: outputs)) }
    return try Dataset(inputs: x, targets: SmallProblem.probabilities([samples, outputs], seed: 7))
  }
}

/// The largest difference of two spectra, relative to the largest eigenvalue; zeros are added to the shorter one.
func spectrumError(_ first: [Double], _ second: [Double]) -> Double {
  let count = max(first.count, second.count)
  func filled(_ values: [Double]) -> [Double] {
    (values + [Double](repeating: 0, count: count - values.count)).sorted(by: >)
  }
  let (a, b) = (filled(first), filled(second))
  let largest = max(abs(a.first ?? 0), abs(b.first ?? 0))
  return (zip(a, b).map { abs($0 - $1) }.max() ?? 0) / largest
}

/// The weighted Jacobian, its singular values and its dual against the dense matrix of the operator's products.
struct WeightedJacobianTests {
  static let kinds: [OperatorKind] = [.gaussNewton, .fisher, .tangentKernel]

  @Test(arguments: ConditioningProblem.allCases, kinds)
  func spectra(problem: ConditioningProblem, kind: OperatorKind) throws {
    let objective = try problem.objective()
    let exact = try ExactSpectrum.compute(objective.curvature(kind)).eigen.values
    let singular = try objective.weightedSingularValues(of: kind).map { $0 * $0 }
    #expect(spectrumError(singular, exact) < 1e-13)
    let dual = try objective.dualMatrix(of: kind)
    #expect(dual.order == objective.dualOrder(of: kind))
    #expect(spectrumError(try dual.eigenvalues(), exact) < 1e-13)
  }

  @Test(arguments: [Loss.squaredError, .meanSquaredError, .binaryCrossEntropy], ConditioningProblem.allCases)
  func spectraOfLosses(loss: Loss, problem: ConditioningProblem) throws {
    guard problem != .soft else { return }
    let objective = try problem.objective(loss)
    let exact = try ExactSpectrum.compute(objective.gaussNewton()).eigen.values
    let singular = try objective.weightedSingularValues(of: .gaussNewton).map { $0 * $0 }
    #expect(spectrumError(singular, exact) < 1e-13)
    #expect(spectrumError(try objective.dualMatrix(of: .gaussNewton).eigenvalues(), exact) < 1e-13)
  }

  /// Every element of the dual against products with A and Aᵀ, and of AᵀA against the operator.
  @Test(arguments: ConditioningProblem.allCases)
  func elements(problem: ConditioningProblem) throws {
    let objective = try problem.objective()
    let jacobian = try objective.weightedJacobian(of: .gaussNewton)
    let (products, _) = try ExactSpectrum.symmetricMatrix(GramOperator(jacobian.transposed))
    let dual = try objective.dualMatrix(of: .gaussNewton)
    let scale = products.reduce(0) { max($0, abs($1)) }
    var error = 0.0
    for row in 0..<dual.order {
      for column in 0..<dual.order { error = max(error, abs(dual[row, column] - products[row * dual.order + column])) }
    }
    #expect(error < 1e-14 * scale)
    let v = randomVector(objective.dimension, seed: 9, as: Double.self)
    let squared = try GramOperator(jacobian).apply([v])[0]
    #expect(relativeError(squared, try objective.gaussNewton().apply(v)) < 1e-13)
  }

  /// The same bits for any number of workers.
  @Test(arguments: [ConditioningProblem.dense, .convolution, .tall])
  func workers(problem: ConditioningProblem) throws {
    let (one, three) = (try problem.objective(workers: 1), try problem.objective(workers: 3))
    #expect(
      try one.weightedSingularValues(of: .gaussNewton) == three.weightedSingularValues(of: .gaussNewton))
    #expect(
      try one.dualMatrix(of: .gaussNewton).eigenvalues() == three.dualMatrix(of: .gaussNewton).eigenvalues())
  }

  /// Which parameters are products of rows, and which are formed.
  @Test func waysOfParameters() throws {
    let dense = try #require(try sampleJacobian(.dense))
    // The residual block's two layers and those around it, each weight with its bias.
    #expect(dense.plan.layers.map(\.parameters) == [[0, 1], [2, 3], [4, 5], [6, 7]])
    #expect(dense.plan.explicit.isEmpty && dense.plan.layers.allSatisfy { $0.units == 1 })
    let convolution = try #require(try sampleJacobian(.convolution))
    #expect(convolution.plan.explicit.filter { !$0.hasRows }.map(\.parameter).starts(with: [0]))
    #expect(try sampleJacobian(.coupled) == nil)
  }

  private func sampleJacobian(_ problem: ConditioningProblem) throws -> SampleJacobian? {
    let objective = try problem.objective()
    return try objective.sampleJacobian(objective.outputFactor(of: .gaussNewton))
  }

  /// Selected parameters only.
  @Test func selection() throws {
    let objective: Objective<Double> = try SmallProblem.standard(select: { try .matching("0|3", of: $0) })
    let exact = try ExactSpectrum.compute(objective.gaussNewton()).eigen.values
    #expect(spectrumError(try objective.weightedSingularValues(of: .gaussNewton).map { $0 * $0 }, exact) < 1e-13)
    #expect(spectrumError(try objective.dualMatrix(of: .gaussNewton).eigenvalues(), exact) < 1e-13)
  }

  /// Models exported at a fixed batch size, filled up with samples of weight zero, and with a dynamic one.
  @Test(.enabled(if: Reference.isAvailable, "needs the reference cases"), arguments: [false, true])
  func exportedModels(isStatic: Bool) throws {
    for name in ["mlp-tanh-ce", "mlp-relu-mse"] {
      let reference = try ReferenceCase.load(name)
      let objective: Objective<Double> = try ReferenceObjective.make(reference, static: isStatic)
      let expected = try reference.doubles("ggn_eigenvalues")
      #expect(spectrumError(try objective.weightedSingularValues(of: .gaussNewton).map { $0 * $0 }, expected) < 1e-10)
      #expect(spectrumError(try objective.dualMatrix(of: .gaussNewton).eigenvalues(), expected) < 1e-10)
    }
  }

  @Test func otherOperators() throws {
    let objective = try ConditioningProblem.dense.objective()
    #expect(throws: InputError.self) { try objective.weightedSingularValues(of: .hessian) }
    #expect(throws: InputError.self) { _ = try objective.dualMatrix(of: .gradientSecondMoment) }
  }
}
