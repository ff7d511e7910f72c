import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import Testing

/// Linear layers found in graphs, and their factors, against sums written out by hand.
@Suite struct LayerFactorTests {
  /// One dense layer without an activation: z = W x + b, so U = I and M = diag p − ppᵀ.
  @Test func denseLayer() throws {
    let network = try Network(input: [6], seed: 1) { Dense(6, 4) }
    let inputs = SmallProblem.numbers([30, 6], seed: 5)
    let data = try Dataset(inputs: inputs, targets: SmallProblem.labels(30, classes: 4))
    let objective: Objective<Double> = try SmallProblem.objective(
      network, data, .crossEntropy, options: ExecutionOptions(microbatch: 7))
    let layers = try objective.linearLayers()
    let layer = try #require(layers.first)
    #expect(layers.count == 1 && layer.name == "0" && layer.weight == 0 && layer.bias == 1)
    #expect(layer.outputs == 4 && layer.inputs == 6 && layer.positions == 1 && !layer.isTransposed)
    #expect(layer.weightRange == 0..<24 && layer.biasRange == 24..<28)
    let factors = try #require(try objective.layerFactors().first)
    let x = try inputs.doubles()
    let z = try objective.outputs().elements
    var (first, second) = (DenseMatrix(zeros: 7, 7), DenseMatrix(zeros: 4, 4))
    var dense = DenseMatrix(zeros: 28, 28)
    for sample in 0..<30 {
      let row = Array(x[sample * 6..<(sample + 1) * 6]) + [1]
      let p = SoftmaxRow(Array(z[sample * 4..<(sample + 1) * 4])).probabilities
      var (outer, middle) = (DenseMatrix(zeros: 7, 7), DenseMatrix(zeros: 4, 4))
      for i in 0..<7 { for j in 0..<7 { outer[i, j] = row[i] * row[j] / 30 } }
      for i in 0..<4 { for j in 0..<4 { middle[i, j] = ((i == j ? p[i] : 0) - p[i] * p[j]) } }
      first = first + outer
      second = second + middle.scaled(by: 1.0 / 30)
      dense.addKronecker(middle, outer)
    }
    #expect(difference(factors.inputMoment, first) <= 1e-14)
    #expect(difference(factors.outputMoment, second) <= 1e-14)
    #expect(factors.inputMean.count == 7 && factors.inputMean[6] == 1)
    #expect(
      difference(
        factors.withoutBias.inputMoment,
        DenseMatrix(rows: 6, columns: 6, elements: (0..<36).map { first[$0 / 6, $0 % 6] })) <= 1e-14)
    // E[M ⊗ xxᵀ] is the Gauss-Newton matrix, its rows in the order [W b].
    let exact = try ExactSpectrum.symmetricMatrix(objective.gaussNewton()).matrix
    let place = (0..<28).map { $0 % 7 == 6 ? 24 + $0 / 7 : $0 / 7 * 6 + $0 % 7 }
    for i in 0..<28 {
      for j in 0..<28 { #expect(abs(dense[i, j] - exact[place[i] * 28 + place[j]]) <= 1e-14) }
    }
  }
}

/// softmax of a row of scores.
struct SoftmaxRow {
  let probabilities: [Double]

  init(_ scores: [Double]) {
    let highest = scores.max() ?? 0
    let powers = scores.map { Self.exponential($0 - highest) }
    let sum = powers.reduce(0, +)
    probabilities = powers.map { $0 / sum }
  }

  /// Halving and squaring keeps the series short.
  private static func exponential(_ x: Double) -> Double {
    var (term, sum) = (1.0, 1.0)
    for k in 1...24 {
      term *= x / 64 / Double(k)
      sum += term
    }
    for _ in 0..<6 { sum *= sum }
    return sum
  }
}

/// The largest |aᵢⱼ − bᵢⱼ|.
func difference(_ a: DenseMatrix, _ b: DenseMatrix) -> Double {
  guard a.rows == b.rows, a.columns == b.columns else { return .infinity }
  return zip(a.elements, b.elements).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
