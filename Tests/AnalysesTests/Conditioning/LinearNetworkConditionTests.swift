import Analyses
import Archives
import Curvature
import Foundation
import Krylov
import Networks
import Tensors
import Testing

/// The engine on deep linear networks against closed forms: matrices, ranks and condition numbers.
struct LinearNetworkConditionTests {
  static let shapes: [(widths: [Int], rank: Int)] = [
    ([5, 7, 4], 5), ([6, 3, 5], 6), ([6, 5, 5, 4], 6), ([4, 8, 6, 5, 3], 4), ([7, 6, 2, 5], 7), ([6, 5, 4], 3),
    ([5, 3], 5),
    ([4, 2, 3, 6, 5], 4),
  ]

  private func moment(_ objective: Objective<Double>, _ x: [Double], _ n: Int) throws -> InputMoment {
    let d = x.count / n
    guard objective.loss == .crossEntropy else {
      return try InputMoment(inputs: DenseMatrix(rows: n, columns: d, elements: x))
    }
    // B of each sample from its probabilities: (I − p 1ᵀ) diag √p.
    let z = try objective.outputs()
    let k = z.count / n
    let factors = (0..<n).map { sample -> DenseMatrix in
      let scores = (0..<k).map { z[sample * k + $0] }
      let exponentials = scores.map { exp($0 - (scores.max() ?? 0)) }
      let p = exponentials.map { $0 / exponentials.reduce(0, +) }
      var factor = DenseMatrix(zeros: k, k)
      for row in 0..<k {
        for column in 0..<k { factor[row, column] = ((row == column ? 1 : 0) - p[row]) * p[column].squareRoot() }
      }
      return factor
    }
    return try InputMoment(inputs: DenseMatrix(rows: n, columns: d, elements: x), outputFactors: factors)
  }

  private func effective(_ objective: Objective<Double>, skip: Double) -> [DenseMatrix] {
    ConditionProblem.matrices(objective).map { weight in
      guard weight.rows == weight.columns else { return weight }
      return weight + DenseMatrix.identity(weight.rows).scaled(by: skip)
    }
  }

  /// G of the engine, column by column, is U K Uᵀ.
  @Test(arguments: shapes, [Loss.squaredError, .crossEntropy])
  func explicitMatrix(shape: (widths: [Int], rank: Int), loss: Loss) throws {
    for skip in [0, 0.7] {
      let objective = try ConditionProblem.linear(shape.widths, loss, rank: shape.rank, skip: skip)
      let x = try ConditionProblem.inputs(40, shape.widths[0], rank: shape.rank, seed: 11).doubles()
      let closed = try DeepLinearConditioning(
        weights: effective(objective, skip: skip), moment: moment(objective, x, 40))
      let expected = try closed.gaussNewton()
      let (found, _) = try ExactSpectrum.symmetricMatrix(objective.gaussNewton())
      let error = zip(found, expected.elements).map { abs($0 - $1) }.max() ?? 1
      #expect(error <= 1e-12 * expected.largestMagnitude)
    }
  }

  /// q (r + k − q) against counted singular values and eigenvalues of the dense matrix; κ against the closed form.
  @Test(arguments: shapes, [Loss.squaredError, .crossEntropy])
  func ranksAndConditionNumbers(shape: (widths: [Int], rank: Int), loss: Loss) throws {
    let objective = try ConditionProblem.linear(shape.widths, loss, rank: shape.rank)
    let x = try ConditionProblem.inputs(40, shape.widths[0], rank: shape.rank, seed: 11).doubles()
    let closed = try DeepLinearConditioning(weights: effective(objective, skip: 0), moment: moment(objective, x, 40))
    for kind in [OperatorKind.gaussNewton, .tangentKernel] {
      let analytic = try #require(try objective.analyticRank(of: kind))
      let values = try objective.weightedSingularValues(of: kind)
      let order = max(objective.dimension, objective.dualOrder(of: kind))
      #expect(analytic.rank == ConditionNumber.resolvedRank(singularValues: values, order: order))
    }
    let measured = try objective.conditionNumber(of: .gaussNewton, route: .singularValues)
    #expect(measured.number.rankSource == .analytic && !measured.number.isLowerBound)
    let singular = try closed.singularValues()
    let expected = singular[0] / singular[measured.number.rank - 1]
    let found = try #require(measured.number.value)
    #expect(abs(found / (expected * expected) - 1) <= 1e-10)
    let dual = try #require(try objective.conditionNumber(of: .gaussNewton, route: .dual).number.value)
    #expect(abs(dual / found - 1) <= 1e-9 + 1e-14 * found)
  }

  /// The formula for H − G against the dense matrix.
  @Test(arguments: shapes, [Loss.squaredError, .crossEntropy])
  func functionalRanks(shape: (widths: [Int], rank: Int), loss: Loss) throws {
    let objective = try ConditionProblem.linear(shape.widths, loss, rank: shape.rank)
    let rank = try #require(try objective.functionalRank())
    #expect(rank.dense == rank.rank, "\(rank.reason)")
  }

  /// Skips lead κ(G) to κ(Σ).
  @Test func strongSkips() throws {
    let objective = try ConditionProblem.linear([5, 5, 5, 5], .squaredError, skip: 1e4)
    let x = DenseMatrix(
      rows: 40, columns: 5, elements: try ConditionProblem.inputs(40, 5, rank: 5, seed: 11).doubles())
    let sigma = try x.singularValues()
    let limit = (sigma[0] / sigma[4]) * (sigma[0] / sigma[4])
    let value = try #require(try objective.conditionNumber(of: .gaussNewton).number.value)
    #expect((1...1.01).contains(value / limit))
  }

  /// What eigenvalues of a squared matrix lose, singular values keep; the first then gives a lower bound.
  @Test func unresolved() throws {
    let objective = try ConditionProblem.linear(
      [8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8], .squaredError, samples: 30, seed: 2)
    let (whole, squared) = (
      try objective.conditionNumber(of: .gaussNewton, route: .singularValues).number,
      try objective.conditionNumber(of: .gaussNewton, route: .dual)
    )
    let (kappa, bound) = (try #require(whole.value), try #require(squared.number.value))
    #expect(whole.unresolved == 0 && kappa > 1e15)
    #expect(squared.number.unresolved > 0 && squared.number.isLowerBound && bound < kappa)
    #expect(squared.warnings.contains { $0.contains("lower bound") })
    #expect(squared.number.neighbours.map(\.rank) == [63, 64, 65])
  }

  /// What is deep and linear, and what only looks like it.
  @Test func recognition() throws {
    let rectifier = try Network(input: [4], seed: 1) {
      Dense(4, 3, bias: false)
      ReLU()
      Dense(3, 2, bias: false)
    }
    #expect(try LinearNetwork(rectifier) == nil)
    let biased = try Network(input: [4], seed: 1) { Dense(4, 3) }
    #expect(try LinearNetwork(biased) == nil)
    let skipping = try Network(input: [4], seed: 1) {
      Dense(4, 4, bias: false, skip: 0.5)
      Residual { Dense(4, 4, bias: false) }
      Dense(4, 2, bias: false)
    }
    let layers = try #require(try LinearNetwork(skipping)).layers
    #expect(layers.map(\.parameter) == [0, 1, 2] && layers.map(\.skip) == [0.5, 1, 0])
  }
}
