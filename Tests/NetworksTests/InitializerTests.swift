import Foundation
import Networks
import Tensors
import Testing

struct InitializerTests {
  static let (inputs, outputs) = (300, 200)

  static func weights(_ initializer: Initializer, seed: UInt64 = 1) throws -> [Double] {
    try Network(input: [inputs], seed: seed) { Dense(inputs, outputs, initializer: initializer) }
      .parameters[0].values.values(as: Double.self)
  }

  static let distributions: [(Initializer, Double, Bool)] = [
    (.torch, 1 / 900, true),
    (.kaimingUniform(), 2 / 300, true),
    (.kaimingNormal(), 2 / 300, false),
    (.kaimingNormal(.leakyReLU(slope: 3)), 0.2 / 300, false),
    (.xavierUniform(), 2 / 500, true),
    (.xavierNormal(.tanh), 1 / 90, false),
    (.kaimingUniform(.factor(0.5)), 0.25 / 300, true),
  ]

  /// Mean, variance, fourth moment and range of each distribution; 60,000 draws, five standard errors.
  @Test(arguments: distributions)
  func moments(_ initializer: Initializer, variance: Double, isUniform: Bool) throws {
    let values = try Self.weights(initializer).map { $0 / variance.squareRoot() }
    let count = Double(values.count)
    let kurtosis = isUniform ? 1.8 : 3
    #expect(abs(values.reduce(0, +) / count) < 5 / count.squareRoot())
    let second = values.reduce(0) { $0 + $1 * $1 } / count
    #expect(abs(second - 1) < 5 * ((kurtosis - 1) / count).squareRoot())
    let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / count
    #expect(abs(fourth - kurtosis) < 5 * (100 / count).squareRoot())
    if isUniform {
      let largest = values.map(abs).max() ?? 0
      #expect(largest <= 3.0.squareRoot() && largest > 0.99 * 3.0.squareRoot())
    }
  }

  /// W Wᵀ = gain² I for a wide matrix, Wᵀ W = gain² I for a tall one.
  @Test(arguments: [(30, 50), (50, 30), (40, 40), (1, 7), (7, 1)])
  func orthogonality(rows: Int, columns: Int) throws {
    let w = try Network(input: [columns], seed: 4) {
      Dense(columns, rows, bias: false, initializer: .orthogonal(.relu))
    }.parameters[0].values.values(as: Double.self)
    for i in 0..<min(rows, columns) {
      for j in 0..<min(rows, columns) {
        var product = 0.0
        for k in 0..<max(rows, columns) {
          product += rows <= columns ? w[i * columns + k] * w[j * columns + k] : w[k * columns + i] * w[k * columns + j]
        }
        let expected: Double = i == j ? 2 : 0
        #expect(abs(product - expected) < 1e-14)
      }
    }
  }

  /// The distribution is Haar: entries of an orthogonal matrix have mean 0 and variance 1/n, also in the first vectors.
  @Test func orthogonalMatricesAreUniform() throws {
    var (sum, squares) = (0.0, 0.0)
    let draws = 2000
    for seed in 0..<draws {
      let w = try Network(input: [3], seed: UInt64(seed)) { Dense(3, 3, bias: false, initializer: .orthogonal()) }
        .parameters[0].values.values(as: Double.self)
      sum += w[0]
      squares += w[0] * w[0]
    }
    let count = Double(draws)
    let (mean, variance): (Double, Double) = (sum / count, squares / count)
    #expect(abs(mean) < 5 * (1 / (3 * count)).squareRoot())
    #expect(abs(variance - 1 / 3) < 5 * (4 / (45 * count)).squareRoot())
  }

  @Test func biases() throws {
    let torch = try Network(input: [100], seed: 1) { Dense(100, 500) }.parameters[1].values.values(as: Double.self)
    #expect(torch.allSatisfy { abs($0) < 0.1 } && (torch.map(abs).max() ?? 0) > 0.09)
    let zeros = try Network(input: [100], seed: 1) { Dense(100, 5, initializer: .xavierNormal()) }.parameters[1]
    #expect(zeros.values == .double([0, 0, 0, 0, 0]))
  }

  /// Values depend on the seed and the parameter's name, and on nothing around it.
  @Test func streams() throws {
    #expect(try Self.weights(.torch) == Self.weights(.torch))
    #expect(try Self.weights(.torch) != Self.weights(.torch, seed: 2))
    let short = try Network(named: "mlp:5-4-3", seed: 9)
    let long = try Network(named: "mlp:5-4-3-2", seed: 9)
    #expect(short.parameters[2].values == long.parameters[2].values)
    #expect(short.parameters[0].values != short.parameters[2].values)
  }
}
