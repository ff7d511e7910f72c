import Autodiff
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Values and both derivatives of every activation against closed forms, at kinks, in tails and far beyond them.
struct ActivationTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let activation: any Activation
    /// f, f′, f″
    let closedForm: @Sendable (Double) -> (Double, Double, Double)
  }

  static func logistic(_ x: Double) -> Double { x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)) }

  static let cases = [
    Case(testDescription: "relu", activation: ReLU()) { x in (max(x, 0), x > 0 ? 1 : 0, 0) },
    Case(testDescription: "leaky relu", activation: LeakyReLU(slope: 0.2)) { x in
      x > 0 ? (x, 1, 0) : (0.2 * x, 0.2, 0)
    },
    Case(testDescription: "elu", activation: ELU()) { x in x > 0 ? (x, 1, 0) : (expm1(x), exp(x), exp(x)) },
    Case(testDescription: "elu 0.3", activation: ELU(alpha: 0.3)) { x in
      x > 0 ? (x, 1, 0) : (0.3 * expm1(x), 0.3 * exp(x), 0.3 * exp(x))
    },
    Case(testDescription: "gelu", activation: GELU()) { x in
      guard abs(x) < 40 else { return (max(x, 0), x > 0 ? 1 : 0, 0) }
      let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
      let distribution = erfc(-x * 0.5.squareRoot()) / 2
      return (x * distribution, distribution + x * density, (2 - x * x) * density)
    },
    Case(testDescription: "gelu tanh", activation: GELU(.tanh)) { x in
      guard abs(x) < 40 else { return (max(x, 0), x > 0 ? 1 : 0, 0) }
      let (c, a) = ((2 / Double.pi).squareRoot(), 0.044715)
      let (u, du, ddu) = (c * (x + a * x * x * x), c * (1 + 3 * a * x * x), 6 * c * a * x)
      let (r, slope) = (tanh(u), 1 / (cosh(u) * cosh(u)))
      return (
        x / 2 * (1 + r), (1 + r) / 2 + x / 2 * slope * du,
        slope * du + x / 2 * (slope * ddu - 2 * r * slope * du * du)
      )
    },
    Case(testDescription: "silu", activation: SiLU()) { x in
      let s = logistic(x)
      let slope = s * logistic(-x)
      return (x * s, s + x * slope, 2 * slope + x * slope * (1 - 2 * s))
    },
    Case(testDescription: "tanh", activation: Tanh()) { x in
      let r = tanh(x)
      return (r, 1 - r * r, -2 * r * (1 - r * r))
    },
    Case(testDescription: "sigmoid", activation: Sigmoid()) { x in
      let s = logistic(x)
      return (s, s * logistic(-x), s * logistic(-x) * (1 - 2 * s))
    },
    Case(testDescription: "softplus", activation: Softplus()) { x in
      x > 20 ? (x, 1, 0) : (x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)), logistic(x), logistic(x) * logistic(-x))
    },
    Case(testDescription: "softplus 3", activation: Softplus(beta: 3, threshold: 2)) { x in
      3 * x > 2 ? (x, 1, 0) : (log1p(exp(3 * x)) / 3, logistic(3 * x), 3 * logistic(3 * x) * logistic(-3 * x))
    },
    Case(testDescription: "softplus -1", activation: Softplus(beta: -1)) { x in
      -x > 20 ? (x, 1, 0) : (-(x < 0 ? -x + log1p(exp(x)) : log1p(exp(-x))), logistic(-x), -logistic(x) * logistic(-x))
    },
    Case(testDescription: "identity", activation: Identity()) { x in (x, 1, 0) },
  ]

  static let points: [Double] = {
    let magnitudes = [
      1e-300, 1e-12, 1e-3, 0.1, 0.5, 1, 1.4142135, 2, 3, 5, 8, 9.99, 10, 12, 19.9, 20.1, 30, 88, 100, 700, 750, 1e4,
      1e10,
      1e20, 1e100, 1e160, 1e300,
    ]
    return [0, -0.0] + magnitudes + magnitudes.map { -$0 }
  }()

  @Test(arguments: cases) func derivatives(_ example: Case) throws {
    var graph = Graph()
    let x = graph.source(.parameter(0), type: TensorType([Self.points.count]))
    let y = try example.activation.lower(x, in: &graph)
    let first = try graph.gradient(of: graph.reduce(.sum, y, over: [0]), at: [x])[0]
    let second = try graph.gradient(of: graph.reduce(.sum, first, over: [0]), at: [x])[0]
    let values = try NaiveInterpreter(graph, sources: [.parameter(0): Self.points]).evaluate([y, first, second])
    for (i, point) in Self.points.enumerated() {
      let (f, df, ddf) = example.closedForm(point)
      for (value, expected) in zip(values.map { $0[i] }, [f, df, ddf]) {
        #expect(abs(value - expected) <= 1e-14 * (1 + abs(expected)), "\(value) instead of \(expected) at \(point)")
      }
    }
  }

  /// The forward rules agree with the reverse ones.
  @Test(arguments: cases) func tangents(_ example: Case) throws {
    var graph = Graph()
    let type = TensorType([Self.points.count])
    let (x, direction) = (graph.source(.parameter(0), type: type), graph.source(.vector(0), type: type))
    let y = try example.activation.lower(x, in: &graph)
    let tangents = try graph.linearize([y], at: [x], along: [direction])
    let tangent = try #require(tangents[0])
    let ones = [Double](repeating: 1, count: Self.points.count)
    let values = try NaiveInterpreter(graph, sources: [.parameter(0): Self.points, .vector(0): ones]).evaluate([tangent]
    )
    for (value, point) in zip(values[0], Self.points) {
      let slope = example.closedForm(point).1
      #expect(abs(value - slope) <= 1e-14 * (1 + abs(slope)))
    }
  }

  /// Softmax and its logarithm: sums of one, shifts without effect, no overflow; derivatives of Σ u log softmax.
  @Test func softmax() throws {
    var graph = Graph()
    let x = graph.source(.parameter(0), type: TensorType([3, 4]))
    let probabilities = try Softmax().lower(x, in: &graph)
    let logarithms = try LogSoftmax().lower(x, in: &graph)
    let gradient = try graph.gradient(of: graph.reduce(.sum, logarithms, over: [0, 1]), at: [x])[0]
    let rows: [Double] = [0, 1, 2, 3, 1e4, -1e4, 1e4, 0, -1e300, -1e300, -1e300, -1e300]
    let values = try NaiveInterpreter(graph, sources: [.parameter(0): rows]).evaluate([
      probabilities, logarithms, gradient,
    ])
    let total = (0..<4).reduce(0.0) { $0 + exp(Double($1)) }
    for c in 0..<4 {
      #expect(abs(values[0][c] - exp(Double(c)) / total) < 1e-15)
      #expect(abs(values[1][c] - (Double(c) - log(total))) < 1e-15)
      #expect(abs(values[2][c] - (1 - 4 * exp(Double(c)) / total)) < 1e-14)
    }
    #expect(Array(values[0][4..<8]) == [0.5, 0, 0.5, 0])
    #expect(Array(values[0][8...]) == [0.25, 0.25, 0.25, 0.25])
    #expect(values.joined().allSatisfy { $0.isFinite })
  }
}
