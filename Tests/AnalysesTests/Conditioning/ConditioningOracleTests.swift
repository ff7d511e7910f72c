import Analyses
import Foundation
import Tensors
import TestSupport
import Testing

/// Experiments calibrated with numpy, repeated draw by draw: every number is one that numpy printed, to the digits it printed.
@Suite struct ConditioningOracleTests {
  /// Whether `value` prints as `expected` with that many decimals.
  private func agrees(_ value: Double?, _ expected: Double, decimals: Int) -> Bool {
    value.map { abs($0 - expected) <= 0.5001 * pow(10, -Double(decimals)) } ?? false
  }

  /// Whether `value` prints as `expected` with that many significant digits.
  private func agrees(_ value: Double?, _ expected: Double, digits: Int) -> Bool {
    value.map { abs($0 - expected) <= 0.5001 * pow(10, floor(log10(expected)) - Double(digits - 1)) } ?? false
  }

  @Test func deepLinearNetworks() throws {
    var random = NumpyRandom(seed: 0)
    let expected: [(widths: [Int], rank: Int, kappa: Double, sum: Double?, maximum: Double?)] = [
      ([5, 7, 3], 15, 126.2178, 250.154, 1165.398), ([5, 7, 8, 3], 15, 512.2236, 1515.259, 3050.201),
      ([6, 4, 5], 28, 813.9765, nil, nil), ([6, 3, 4, 5], 24, 766.6574, nil, nil),
    ]
    for (widths, rank, kappa, sum, maximum) in expected {
      let weights = random.weights(widths, gain: 1)
      let data = random.matrix(widths[0], 40).scalingRows(by: evenlySpaced(0.5, 2, widths[0]))
      let network = try DeepLinearConditioning(weights: weights, moment: InputMoment(covariance: data.secondMoment()))
      #expect(network.analyticRank == rank)
      #expect(agrees(try network.conditionNumber().value, kappa, decimals: 4))
      for (name, value) in [("sum", sum), ("convex combination", sum), ("maximum", maximum)] {
        let bound = try #require(network.bound(name))
        if let value { #expect(agrees(bound.value, value, decimals: 3)) } else { #expect(!bound.isApplicable) }
      }
    }
  }

  @Test(arguments: [(2, 3.237, 5.667, 3.80), (3, 4.480, 9.442, 7.33), (4, 6.297, 16.794, 10.40)])
  func tightnessOfTheBounds(depth: Int, middle: Double, worst: Double, maximumForm: Double) throws {
    var ratios: [Double] = []
    var maximumRatios: [Double] = []
    for seed in 0..<20 {
      var random = NumpyRandom(seed: UInt32(100 + seed))
      let widths = [8] + [Int](repeating: 30, count: depth - 1) + [4]
      let weights = random.weights(widths, gain: 2)
      let data = random.matrix(8, 200).scalingRows(by: evenlySpacedInLogarithm(0.3, 3, 8))
      let network = try DeepLinearConditioning(weights: weights, moment: InputMoment(covariance: data.secondMoment()))
      let kappa = try #require(try network.conditionNumber().value)
      let sum = try #require(network.bound("sum")?.value)
      let convex = try #require(network.bound("convex combination")?.value)
      let maximum = try #require(network.bound("maximum")?.value)
      #expect(kappa <= sum * (1 + 1e-9) && sum <= maximum * (1 + 1e-9) && abs(sum - convex) < 1e-8 * sum)
      ratios.append(sum / kappa)
      maximumRatios.append(maximum / kappa)
    }
    #expect(agrees(median(ratios), middle, decimals: 3))
    #expect(agrees(ratios.max(), worst, decimals: 3))
    #expect(agrees(median(maximumRatios), maximumForm, decimals: 2))
  }

  @Test func whiteDataAttainTheBound() throws {
    for seed in 0..<20 {
      var random = NumpyRandom(seed: UInt32(seed))
      let output = random.matrix(4, 12, scale: 1.0 / 3)
      let hidden = random.matrix(12, 6, scale: 1.0 / 3)
      let network = try DeepLinearConditioning(weights: [hidden, output], moment: .white(dimension: 6))
      let kappa = try #require(try network.conditionNumber(accuracy: 1e-12).value)
      #expect(abs(kappa / (try #require(network.bound("sum")?.value)) - 1) < 1e-10)
    }
  }

  /// κ and its bound over depth and width, means of three draws.
  @Test(arguments: [
    ("32", [7.72, 19.35, 38.23, 131.76, 440.97], [7.72, 24.36, 52.65, 218.21, 835.28]),
    ("128", [3.18, 4.65, 6.60, 11.30, 17.00], [3.18, 5.37, 8.23, 15.94, 26.79]),
    ("512", [1.91, 2.32, 2.75, 3.35, 4.17], [1.91, 2.48, 3.06, 3.95, 5.12]),
    ("16L", [7.72, 13.62, 12.61, 20.13, 17.00], [7.72, 16.00, 17.01, 28.07, 26.79]),
    ("64L", [3.18, 3.50, 3.79, 3.88, 4.17], [3.18, 3.81, 4.41, 4.67, 5.12]),
  ])
  func depthAndWidth(width: String, kappas: [Double], bounds: [Double]) throws {
    for (index, depth) in [2, 3, 4, 6, 8].enumerated() {
      let hidden = Int(width) ?? (width == "16L" ? 16 : 64) * depth
      var found: [Double] = []
      var above: [Double] = []
      for seed in 0..<3 {
        var random = NumpyRandom(seed: UInt32(seed))
        let widths = [16] + [Int](repeating: hidden, count: depth - 1) + [4]
        let network = try DeepLinearConditioning(
          weights: random.weights(widths, gain: 2), moment: .white(dimension: 16))
        found.append(try #require(try network.conditionNumber().value))
        above.append(try #require(network.bound("sum")?.value))
      }
      #expect(agrees(mean(found), kappas[index], decimals: 2))
      #expect(agrees(mean(above), bounds[index], decimals: 2))
    }
  }

  @Test func residualNetworks() throws {
    var random = NumpyRandom(seed: 1)
    _ = random.normals(3 * 25)
    let data = random.matrix(5, 60).scalingRows(by: evenlySpaced(0.5, 2, 5))
    let moment = try InputMoment(covariance: data.secondMoment())
    #expect(agrees(moment.conditionNumber, 17.523, decimals: 3))
    for seed in 0..<20 {
      var random = NumpyRandom(seed: UInt32(seed))
      let weights = (0..<3).map { _ in random.matrix(5, 5, scale: 0.3 / 5.0.squareRoot()) }
      let network = try ResidualLinearConditioning(weights: weights, skip: 1, moment: moment)
      let kappa = try #require(try network.conditionNumber(accuracy: 1e-11).value)
      let sum = try #require(network.linear.bound("sum")?.value)
      #expect(kappa <= sum * (1 + 1e-9))
      if let strength = network.bounds.last?.value { #expect(sum <= strength * (1 + 1e-9)) }
    }
    let skips = [0, 0.1, 0.5, 1, 2, 5, 20, 100, 1e4]
    // At depth 12 and β ≤ 1 numpy printed rounding: κ is beyond 1/ε there, and only what it printed from β = 2 on is a number.
    let expected: [(depth: Int, kappas: [Double?], bounds: [Double?])] = [
      (
        3, [1.24e4, 1.27e4, 3.07e3, 884, 140, 38.6, 21.3, 18.2, 17.5],
        [4.39e4, 3.79e4, 4.75e3, 3.5e3, 568, 65.9, 24.4, 18.7, 17.5]
      ),
      (
        6, [5.2e8, 1.33e8, 8.05e7, 1.17e5, 481, 57.2, 22.7, 18.4, 17.5],
        [1.99e10, 6.64e9, 1.19e9, 9.36e6, 4.59e3, 150, 30.2, 19.5, 17.5]
      ),
      (
        12, [nil, nil, nil, nil, 8.99e4, 327, 32.3, 19.6, 17.5],
        [nil, nil, nil, nil, 4.8e6, 1.17e3, 49.9, 21.6, 17.6]
      ),
    ]
    for (depth, kappas, bounds) in expected {
      var random = NumpyRandom(seed: 5)
      let weights = (0..<depth).map { _ in random.matrix(5, 5, scale: 1 / 5.0.squareRoot()) }
      for (index, skip) in skips.enumerated() {
        let network = try ResidualLinearConditioning(weights: weights, skip: skip, moment: moment)
        let kappa = try network.conditionNumber()
        let sum = network.linear.bound("sum")?.value
        if let expected = kappas[index] { #expect(agrees(kappa.value, expected, digits: 3)) }
        if let expected = bounds[index] { #expect(agrees(sum, expected, digits: 3)) }
        if let value = kappa.value, let sum { #expect(value <= sum * (1 + 1e-9)) }
      }
    }
  }

  @Test(arguments: [
    (1.0, 290.64, 315.14, 315.14), (0.3, 46.18, 101.23, 87.05), (0.1, 40.20, 96.82, 82.86),
    (0.01, 40.10, 96.92, 83.41), (0.0, 40.16, 97.00, 83.55),
  ])
  func leakyRectifiers(slope: Double, kappa: Double, loose: Double, refined: Double) throws {
    var found: [[Double]] = [[], [], []]
    for seed in 0..<20 {
      let network = try Self.rectifier(seed: seed, slope: slope, width: 40)
      let bounds = try network.bounds()
      found[0].append(try #require(try network.conditionNumber().value))
      found[1].append(try #require(bounds[0].value))
      found[2].append(try #require(bounds[1].value))
    }
    for index in 0..<20 {
      #expect(found[0][index] <= found[2][index] * (1 + 1e-9))
      #expect(found[2][index] <= found[1][index] * (1 + 1e-9))
    }
    #expect(agrees(mean(found[0]), kappa, decimals: 2))
    #expect(agrees(mean(found[1]), loose, decimals: 2))
    #expect(agrees(mean(found[2]), refined, decimals: 2))
  }

  @Test(arguments: [
    (15, 72.08, 952.95, 797.79), (20, 45.24, 315.60, 264.51), (50, 33.43, 64.22, 56.40),
  ])
  func rectifierWidths(width: Int, kappa: Double, loose: Double, refined: Double) throws {
    var found: [[Double]] = [[], [], []]
    for seed in 0..<20 {
      let network = try Self.rectifier(seed: seed, slope: 0, width: width)
      let bounds = try network.bounds()
      found[0].append(try #require(try network.conditionNumber().value))
      found[1].append(try #require(bounds[0].value))
      found[2].append(try #require(bounds[1].value))
    }
    #expect(agrees(median(found[0]), kappa, decimals: 2))
    #expect(agrees(median(found[1]), loose, decimals: 2))
    #expect(agrees(median(found[2]), refined, decimals: 2))
  }

  static func rectifier(seed: Int, slope: Double, width: Int) throws -> TwoLayerRectifierConditioning {
    var random = NumpyRandom(seed: UInt32(seed))
    let weights = random.weights([12, width, 3], gain: 2)
    return try TwoLayerRectifierConditioning(
      hidden: weights[0], output: weights[1], inputs: random.matrix(12, 10).transposed, slope: slope)
  }

  @Test func bottlenecks() throws {
    var random = NumpyRandom(seed: 0)
    _ = random.normals(5 * 40)
    for _ in 0..<40 { _ = random.integer(below: 3) }
    _ = random.normals(7 * 5 + 3 * 7)
    let expected = [([6, 3, 5], 16.260016, 24), ([6, 5, 4], 64.968392, 24), ([4, 5, 8], 259.838266, 32)]
    for (widths, kappa, rank) in expected {
      let output = random.matrix(widths[2], widths[1])
      let hidden = random.matrix(widths[1], widths[0])
      let network = try DeepLinearConditioning(weights: [hidden, output], moment: .white(dimension: widths[0]))
      #expect(network.analyticRank == rank)
      #expect(agrees(try network.conditionNumber().value, kappa, decimals: 6))
      #expect(agrees(network.twoLayerWhite.value, kappa, decimals: 6))
    }
  }

  @Test(arguments: [(12, 6.65e5), (16, 3.48e5), (24, 3.5e5), (40, 2.71e5)])
  func uncentredInputs(width: Int, kappa: Double) throws {
    var found: [Double] = []
    for seed in 0..<5 {
      var random = NumpyRandom(seed: UInt32(seed))
      let mixing = random.matrix(10, 10, scale: 1 / 10.0.squareRoot()).scalingEachColumn(
        by: evenlySpacedInLogarithm(1, 0.1, 10))
      var data = try mixing * random.matrix(10, 100)
      for index in data.elements.indices { data.elements[index] += 1 }
      let network = try DeepLinearConditioning(
        weights: random.weights([10, width, 3], gain: 2), moment: InputMoment(inputs: data.transposed))
      found.append(try #require(try network.conditionNumber().value))
    }
    #expect(agrees(mean(found), kappa, digits: 3))
  }

  /// The same with batch normalisation (without scale and shift) of the hidden layer, by forward tangents through the
  /// batch statistics.
  @Test(arguments: [(12, 5.9e4), (16, 4.62e4), (24, 3.95e4), (40, 4e4)])
  func batchNormalization(width: Int, kappa: Double) throws {
    var found: [Double] = []
    for seed in 0..<5 {
      var random = NumpyRandom(seed: UInt32(seed))
      let mixing = random.matrix(10, 10, scale: 1 / 10.0.squareRoot()).scalingEachColumn(
        by: evenlySpacedInLogarithm(1, 0.1, 10))
      var data = try mixing * random.matrix(10, 100)
      for index in data.elements.indices { data.elements[index] += 1 }
      let weights = random.weights([10, width, 3], gain: 2)
      let values = try Self.normalizedJacobian(weights[0], weights[1], data).singularValues()
      let rank = values.count { $0 * $0 > 1e-7 * values[0] * values[0] }
      #expect(rank == 30)
      let condition = ConditionNumber.of(singularValues: values, rank: rank, source: .singularValues, order: 300)
      let normalized = try #require(condition.value)
      found.append(normalized)
      let plain = try DeepLinearConditioning(weights: weights, moment: InputMoment(inputs: data.transposed))
      #expect(normalized < (try #require(try plain.conditionNumber().value)))
    }
    #expect(agrees(mean(found), kappa, digits: 3))
  }

  /// p × kn: the derivative of W (z − mean z)/√(var z + 10⁻⁵), z = V X, by one parameter a row.
  static func normalizedJacobian(_ hidden: DenseMatrix, _ output: DenseMatrix, _ data: DenseMatrix) throws
    -> DenseMatrix
  {
    let (m, d, k, n) = (hidden.rows, data.rows, output.rows, data.columns)
    var normalized = try hidden * data
    var inverse = [Double](repeating: 0, count: m)
    for r in 0..<m {
      let center = mean(Array(normalized.row(r)))
      for i in 0..<n { normalized[r, i] -= center }
      inverse[r] = 1 / (mean(normalized.row(r).map { $0 * $0 }) + 1e-5).squareRoot()
      for i in 0..<n { normalized[r, i] *= inverse[r] }
    }
    var result = DenseMatrix(zeros: m * d + k * m, k * n)
    for r in 0..<m {
      let values = Array(normalized.row(r))
      for j in 0..<d {
        let inputs = Array(data.row(j))
        let center = mean(inputs)
        let overlap = mean(zip(inputs, values).map { ($0 - center) * $1 })
        for i in 0..<n {
          let tangent = inverse[r] * (inputs[i] - center - values[i] * overlap)
          for c in 0..<k { result[r * d + j, c * n + i] = output[c, r] * tangent }
        }
      }
      for c in 0..<k {
        for i in 0..<n { result[m * d + c * m + r, c * n + i] = values[i] }
      }
    }
    return result
  }

  @Test(arguments: [(12, 1.22e4, 10.6), (40, 6.74e3, 4.12)])
  func whitening(width: Int, raw: Double, white: Double) throws {
    var found: [[Double]] = [[], [], []]
    for seed in 0..<5 {
      var random = NumpyRandom(seed: UInt32(seed))
      let data = try random.matrix(10, 10, scale: 1 / 10.0.squareRoot()) * random.matrix(10, 100)
      let weights = random.weights([10, width, 3], gain: 2)
      for (index, samples) in [data, try data.whitened()].enumerated() {
        let network = try DeepLinearConditioning(weights: weights, moment: InputMoment(inputs: samples.transposed))
        found[index].append(try #require(try network.conditionNumber().value))
        if index == 0 { found[2].append(network.moment.conditionNumber) }
      }
    }
    #expect(agrees(mean(found[0]), raw, digits: 3))
    #expect(agrees(mean(found[1]), white, digits: 3))
    #expect(agrees(mean(found[2]), 3.59e3, digits: 3))
    #expect(mean(found[1]) / mean(found[0]) <= 1e-2)
  }

  /// Weights of least magnitude removed from each layer of a ReLU network: medians of five draws.
  @Test func pruning() throws {
    var medians: [Double] = []
    for fraction in [0, 0.2, 0.4, 0.6, 0.8, 0.9] {
      var found: [Double] = []
      for seed in 0..<5 {
        var random = NumpyRandom(seed: UInt32(seed))
        let data = random.matrix(30, 12)
        var weights = random.weights([30, 40, 3], gain: 2)
        for l in 0..<2 where fraction > 0 {
          let sorted = weights[l].elements.map { abs($0) }.sorted()
          let position = fraction * Double(sorted.count - 1)
          let lower = Int(position)
          let limit = sorted[lower] + (position - Double(lower)) * (sorted[lower + 1] - sorted[lower])
          weights[l].elements = weights[l].elements.map { abs($0) > limit ? $0 : 0 }
        }
        let network = try TwoLayerRectifierConditioning(
          hidden: weights[0], output: weights[1], inputs: data.transposed, slope: 0)
        let kept = (weights[0].elements + weights[1].elements).map { $0 != 0 }
        let jacobian = network.scaledJacobian().transposed
        let rows = kept.indices.filter { kept[$0] }.map { jacobian.row($0) }
        let values = try DenseMatrix(
          rows: rows.count, columns: jacobian.columns, elements: rows.flatMap { $0 }
        ).singularValues()
        let rank = values.count { $0 * $0 > 1e-9 * values[0] * values[0] }
        let condition = ConditionNumber.of(singularValues: values, rank: rank, source: .singularValues, order: 36)
        found.append(try #require(condition.value))
      }
      medians.append(median(found))
    }
    for (value, expected) in zip(medians, [17.6, 21.6, 25.1, 28.9, 279, 2.76e4]) {
      #expect(agrees(value, expected, digits: 3))
    }
    #expect(medians == medians.sorted())
  }

  @Test(arguments: [
    (2, [213, 25.6, 10.8, 4.47, 3.14], [28, 30, 30, 30, 30]),
    (3, [677, 622, 22.3, 14.3, 7.54], [26, 30, 30, 30, 30]),
    (5, [145, 2.05e3, 82.4, 20.2, 9.74], [22, 30, 30, 30, 30]),
    (7, [190, 904, 65.6, 14.2, 8.83], [18, 30, 30, 30, 30]),
  ])
  func convolutions(kernel: Int, kappas: [Double], ranks: [Int]) throws {
    for (index, filters) in [1, 2, 4, 8, 16].enumerated() {
      var found: [Double] = []
      for seed in 0..<3 {
        var random = NumpyRandom(seed: UInt32(seed))
        let data = try random.matrix(10, 60).whitened()
        let map = try ToeplitzMap(width: 10, filters: filters, kernelWidth: kernel)
        let weights = random.matrix(filters, kernel, scale: (2 / Double(kernel)).squareRoot())
        let output = random.matrix(3, map.outputs, scale: (2 / Double(map.outputs)).squareRoot())
        let network = try ConvolutionConditioning(
          layers: [.convolution(map, weights: weights.elements), .dense(output)],
          moment: InputMoment(inputs: data.transposed))
        let condition = try network.conditionNumber()
        #expect(condition.rank == ranks[index])
        found.append(try #require(condition.value))
      }
      #expect(agrees(mean(found), kappas[index], digits: 3))
    }
  }

  /// Mean κ of five draws beside the prediction.
  @Test(arguments: [(32, 8.046, 12.996), (128, 3.349, 3.990), (512, 1.934, 2.021), (2048, 1.376, 1.423)])
  func largeWidths(width: Int, kappa: Double, predicted: Double) throws {
    let prediction = LargeWidthPrediction.twoLayerWhite(inputs: 16, width: width, outputs: 4)
    #expect(agrees(prediction.value, predicted, decimals: 3))
    var found: [Double] = []
    for seed in 0..<5 {
      var random = NumpyRandom(seed: UInt32(seed))
      let network = try DeepLinearConditioning(
        weights: random.weights([16, width, 4], gain: 2), moment: .white(dimension: 16))
      found.append(try #require(network.twoLayerWhite.value))
    }
    #expect(agrees(mean(found), kappa, decimals: 3))
  }

  @Test func narrowWidthsHaveNoPrediction() {
    #expect(!LargeWidthPrediction.twoLayerWhite(inputs: 16, width: 16, outputs: 4).isApplicable)
    #expect(!LargeWidthPrediction.twoLayerWhite(inputs: 0, width: 16, outputs: 4).isApplicable)
  }
}

extension DenseMatrix {
  /// A diag(scales)
  func scalingEachColumn(by scales: [Double]) -> DenseMatrix { transposed.scalingRows(by: scales).transposed }
}
