import Autodiff
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

struct LossTests {
  struct Evaluation {
    let losses: [Double]
    let gradient: [Double]
    /// ∂²Σℓ/∂z², dense.
    let hessian: [[Double]]
  }

  static func evaluate(
    _ loss: Loss, _ outputs: [Double], _ shape: [Int], targets: [Double], _ type: TensorType
  ) throws -> Evaluation {
    var graph = Graph()
    let z = graph.source(.parameter(0), type: TensorType(shape))
    let y = graph.source(.data(.targets), type: type)
    let losses = try loss.perSample(z, targets: y, in: &graph)
    let gradient = try graph.gradient(of: graph.reduce(.sum, losses, over: [0]), at: [z])[0]
    let direction = graph.source(.vector(0), type: TensorType(shape))
    let product = try graph.linearize([gradient], at: [z], along: [direction])[0]
    var sources: [Source: [Double]] = [.parameter(0): outputs, .data(.targets): targets]
    let values = try NaiveInterpreter(graph, sources: sources).evaluate([losses, gradient])
    var hessian: [[Double]] = []
    for i in outputs.indices {
      sources[.vector(0)] = outputs.indices.map { $0 == i ? 1 : 0 }
      hessian.append(
        try product.map { try NaiveInterpreter(graph, sources: sources).evaluate([$0])[0] } ?? outputs.map { _ in 0 })
    }
    return Evaluation(losses: values[0], gradient: values[1], hessian: hessian)
  }

  static func softmax(_ z: [Double]) -> [Double] {
    let exponentials = z.map { exp($0 - (z.max() ?? 0)) }
    return exponentials.map { $0 / exponentials.reduce(0, +) }
  }

  @Test func crossEntropyOfLabels() throws {
    let z = [0.3, -1.2, 2.0, 0.5, 0.1, -0.7]
    let result = try Self.evaluate(.crossEntropy, z, [2, 3], targets: [2, 0], TensorType([2], .int32))
    for (row, label) in [2, 0].enumerated() {
      let p = Self.softmax(Array(z[row * 3..<row * 3 + 3]))
      #expect(abs(result.losses[row] + log(p[label])) < 1e-15)
      for c in 0..<3 {
        let hot: Double = c == label ? 1 : 0
        #expect(abs(result.gradient[row * 3 + c] - (p[c] - hot)) < 1e-15)
        for d in 0..<3 {
          let diagonal: Double = c == d ? p[c] : 0
          let expected = diagonal - p[c] * p[d]
          #expect(abs(result.hessian[row * 3 + c][row * 3 + d] - expected) < 1e-15)
          #expect(result.hessian[row * 3 + c][(1 - row) * 3 + d] == 0)
        }
      }
    }
  }

  /// ln(1 + eᶻ) − z would be rounding where the answer is sure: loss and derivatives keep their digits.
  @Test func binaryCrossEntropyOfSureAnswers() throws {
    let z = [40.0, -40, 40, -40, 0]
    let y = [1.0, 0, 0, 1, 1]
    let result = try Self.evaluate(.binaryCrossEntropy, z, [1, 5], targets: y, TensorType([1, 5]))
    let small = exp(-40.0)
    let slopes = [-small / (1 + small), small / (1 + small), 1 / (1 + small), -1 / (1 + small), -0.5]
    for (index, slope) in slopes.enumerated() {
      #expect(abs(result.gradient[index] / slope - 1) < 1e-14, "\(index)")
      let expected = index == 4 ? 0.25 : small / ((1 + small) * (1 + small))
      #expect(abs(result.hessian[index][index] / expected - 1) < 1e-14, "\(index)")
    }
    #expect(abs(result.losses[0] - (80 + log(2.0) + 4 * small)) < 1e-13)
    let sure = try Self.evaluate(.binaryCrossEntropy, [40, -40], [1, 2], targets: [1, 0], TensorType([1, 2]))
    #expect(abs(sure.losses[0] / (2 * small) - 1) < 1e-14)
  }

  /// Where the answer is sure, p_y − 1 and ln(1 + p) would be rounding: loss and derivatives keep their digits.
  @Test func crossEntropyOfSureAnswers() throws {
    let z = [-41.0, 0, -40]
    let result = try Self.evaluate(.crossEntropy, z, [1, 3], targets: [1], TensorType([1], .int32))
    let others = exp(-41) + exp(-40.0)
    #expect(abs(result.losses[0] / others - 1) < 1e-14)
    let p = [exp(-41), 1, exp(-40)].map { $0 / (1 + others) }
    for (c, expected) in [p[0], -(p[0] + p[2]), p[2]].enumerated() {
      #expect(abs(result.gradient[c] / expected - 1) < 1e-14)
    }
    let expected = [[p[0], -p[0], -p[0] * p[2]], [-p[0], p[0] + p[2], -p[2]], [-p[0] * p[2], -p[2], p[2]]]
    for (row, values) in expected.enumerated() {
      for (column, value) in values.enumerated() {
        #expect(abs(result.hessian[row][column] / value - 1) < 1e-14, "\(row), \(column)")
      }
    }
    // And where it is surely wrong: ℓ = 40 + ln(1 + e^(−40) + e^(−41)).
    let wrong = try Self.evaluate(.crossEntropy, z, [1, 3], targets: [2], TensorType([1], .int32))
    #expect(
      abs(wrong.losses[0] - 40) < 1e-14 && abs(wrong.gradient[2] + 1) < 1e-15 && abs(wrong.gradient[1] - 1) < 1e-15)
  }

  /// Rows with the ignored label have no loss and no derivatives, whatever their outputs.
  @Test func ignoredLabels() throws {
    let result = try Self.evaluate(.crossEntropy, [1, 2, 3, 4], [2, 2], targets: [-100, 1], TensorType([2], .int32))
    #expect(result.losses[0] == 0 && result.losses[1] > 0)
    #expect(Array(result.gradient[..<2]) == [0, 0])
    #expect(result.hessian[0] == [0, 0, 0, 0] && result.hessian[1] == [0, 0, 0, 0])
  }

  @Test func crossEntropyOfLargeOutputs() throws {
    let z = [1e4, -1e4, 0, -1e300, 1e300, 0]
    let result = try Self.evaluate(.crossEntropy, z, [2, 3], targets: [1, 1], TensorType([2], .int32))
    #expect(result.losses == [2e4, 0])
    #expect(result.gradient == [1, -1, 0, 0, 0, 0])
    #expect(result.hessian.joined().allSatisfy { $0 == 0 })
  }

  /// Class axis last: a sample is a position, and labels may come in either shape.
  @Test(arguments: [[4], [2, 2]]) func sequences(_ targets: [Int]) throws {
    let z = (0..<12).map { sin(Double($0)) }
    let labels: [Double] = [0, 2, -100, 1]
    let flat = try Self.evaluate(.crossEntropy, z, [4, 3], targets: labels, TensorType([4], .int32))
    let sequence = try Self.evaluate(.crossEntropy, z, [2, 2, 3], targets: labels, TensorType(targets, .int32))
    #expect(flat.losses == sequence.losses && flat.gradient == sequence.gradient)
    #expect(try Loss.crossEntropy.rows(ofOutputs: [2, 2, 3]) == 4)
  }

  @Test func softTargets() throws {
    let (z, y) = ([0.3, -1.2, 2.0], [0.2, 0.5, 0.3])
    let p = Self.softmax(z)
    let result = try Self.evaluate(.crossEntropy, z, [1, 3], targets: y, TensorType([1, 3]))
    var loss = 0.0
    for c in 0..<3 { loss -= y[c] * log(p[c]) }
    #expect(abs(result.losses[0] - loss) < 1e-15)
    for c in 0..<3 {
      #expect(abs(result.gradient[c] - (p[c] - y[c])) < 1e-15)
      for d in 0..<3 {
        let diagonal: Double = c == d ? p[c] : 0
        #expect(abs(result.hessian[c][d] - (diagonal - p[c] * p[d])) < 1e-15)
      }
    }
  }

  @Test(arguments: [(Loss.squaredError, 0.5), (.meanSquaredError, 1.0 / 3)])
  func squares(_ loss: Loss, _ factor: Double) throws {
    let (z, y) = ([1.0, 2, 3, 4, 5, 6], [0.0, 1, 5, 4, 4, 4])
    let result = try Self.evaluate(loss, z, [2, 3], targets: y, TensorType([2, 3]))
    #expect(abs(result.losses[0] - factor * 6) < 1e-15 && abs(result.losses[1] - factor * 5) < 1e-15)
    for c in 0..<6 {
      #expect(abs(result.gradient[c] - 2 * factor * (z[c] - y[c])) < 1e-15)
      for d in 0..<6 {
        let expected: Double = c == d ? 2 * factor : 0
        #expect(abs(result.hessian[c][d] - expected) < 1e-15)
      }
    }
  }

  @Test func binaryCrossEntropy() throws {
    let (z, y) = ([0, 1.5, -2, 1000, -1000, 1e300], [0.0, 1, 0.3, 1, 1, 0])
    let result = try Self.evaluate(.binaryCrossEntropy, z, [3, 2], targets: y, TensorType([3, 2]))
    let expected = zip(z, y).map { max($0, 0) + log1p(exp(-abs($0))) - $0 * $1 }
    for row in 0..<3 {
      let sum = expected[2 * row] + expected[2 * row + 1]
      #expect(abs(result.losses[row] - sum) <= 1e-15 * (1 + abs(sum)))
    }
    for (c, (z, y)) in zip(z, y).enumerated() {
      let s = 1 / (1 + exp(-z))
      #expect(abs(result.gradient[c] - (s - y)) < 1e-15)
      #expect(abs(result.hessian[c][c] - s * (1 - s)) < 1e-15)
    }
  }

  @Test func ownLosses() throws {
    var graph = Graph()
    let z = graph.source(.parameter(0), type: TensorType([5, 1]))
    let losses = try Loss.output.perSample(z, targets: nil, in: &graph)
    #expect(graph.shape(of: losses) == [5])
    let wide = graph.source(.parameter(1), type: TensorType([5, 2]))
    #expect(throws: InputError.self) { try Loss.output.perSample(wide, targets: nil, in: &graph) }
    #expect(throws: InputError.self) { try Loss.squaredError.perSample(z, targets: nil, in: &graph) }
  }

  /// Targets of the right number of elements in the wrong order of dimensions are refused.
  @Test func wrongShapes() throws {
    let cases: [(Loss, [Int], TensorType)] = [
      (.crossEntropy, [2, 3], TensorType([3], .int32)), (.crossEntropy, [2, 3], TensorType([3, 2])),
      (.crossEntropy, [6], TensorType([6], .int32)), (.squaredError, [2, 3], TensorType([3, 2])),
      (.squaredError, [2, 3], TensorType([6])), (.squaredError, [2, 3], TensorType([2, 3], .int32)),
      (.binaryCrossEntropy, [1, 1, 2, 3], TensorType([1, 1, 2, 3])), (.crossEntropy, [], TensorType([1], .int32)),
    ]
    for (loss, shape, type) in cases {
      var graph = Graph()
      let z = graph.source(.parameter(0), type: TensorType(shape))
      let y = graph.source(.data(.targets), type: type)
      #expect(throws: InputError.self, "\(loss) \(shape) \(type)") { try loss.perSample(z, targets: y, in: &graph) }
    }
  }

  @Test func names() throws {
    for loss in Loss.allCases {
      #expect(try Loss(named: loss.rawValue) == loss)
      #expect(loss.convention.hasPrefix(loss.rawValue + ": "))
      #expect(loss.remark(on: .linear) == nil)
    }
    #expect(throws: InputError.self) { try Loss(named: "hinge") }
    #expect(Loss.crossEntropy.remark(on: .softmax)?.contains("ends in softmax") == true)
    #expect(Loss.crossEntropy.remark(on: .logSoftmax)?.contains("ends in log-softmax") == true)
  }
}
