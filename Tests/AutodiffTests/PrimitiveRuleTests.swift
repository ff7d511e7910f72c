import Autodiff
import Foundation
import Tensors
import TestSupport
import Testing

/// Tangent and transpose rules of every primitive, in double precision through the naive interpreter.
@Suite struct PrimitiveRuleTests {
  /// A function of real inputs with what is known of the points it may be evaluated at.
  struct Example: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var shapes: [[Int]]
    /// Moves numbers of (−1, 1) to where the function is smooth on a neighbourhood wider than the finite difference.
    var point: @Sendable (Int, Double) -> Double = { _, x in x }
    var build: @Sendable (inout Graph, [Value]) throws -> Value
  }

  static let examples: [Example] =
    ElementwiseUnary.allCases.map { function in
      Example(
        testDescription: function.name, shapes: [[2, 3]],
        point: { _, x in
          switch function {
          case .log, .sqrt, .rsqrt: 1.5 + x
          case .logPlusOne: 0.5 + x
          case .absolute, .sign: x + (x < 0 ? -0.1 : 0.1)
          default: 2 * x
          }
        }
      ) { graph, x in try graph.apply(function, x[0]) }
    }
    + ElementwiseBinary.allCases.map { operation in
      Example(
        testDescription: operation.name, shapes: [[4], [4]],
        // The second operand stays away from zero and from the first.
        point: { operand, x in operand == 0 ? x : (x < 0 ? -2 : 2) + x }
      ) { graph, x in try graph.append(operation, x) }
    } + [
      Example(testDescription: "multiply by itself", shapes: [[3]]) { graph, x in try graph.multiply(x[0], x[0]) },
      Example(testDescription: "divide by itself plus two", shapes: [[3]]) { graph, x in
        try graph.divide(x[0], graph.add(x[0], 2))
      },
      Example(testDescription: "select", shapes: [[2, 2], [2, 2]]) { graph, x in
        let condition = try graph.compare(graph.stopGradient(x[0]), .greater, graph.constant(10, [2, 2]))
        return try graph.select(condition, x[0], graph.multiply(x[1], x[0]))
      },
      Example(testDescription: "reduce sum", shapes: [[2, 3, 4]]) { graph, x in
        try graph.reduce(.sum, x[0], over: [0, 2])
      },
      Example(testDescription: "reduce maximum", shapes: [[2, 3, 4]], point: { _, x in 3 * x }) { graph, x in
        // Distinct numbers, further apart than the step of the finite difference.
        let steps = try graph.broadcast(graph.append(Iota(count: 4), []), to: [2, 3, 4], dimensions: [2])
        let even = try graph.compare(steps, .lessEqual, graph.constant(1, [2, 3, 4], .int32))
        let apart = try graph.select(even, x[0], graph.multiply(x[0], 0.5))
        return try graph.reduce(.maximum, apart, over: [1, 2])
      },
      Example(testDescription: "broadcast_in_dim", shapes: [[2, 1]]) { graph, x in
        try graph.broadcast(x[0], to: [3, 2, 4, 1], dimensions: [1, 3])
      },
      Example(testDescription: "reshape", shapes: [[2, 6]]) { graph, x in try graph.reshape(x[0], to: [3, 1, 4]) },
      Example(testDescription: "transpose", shapes: [[2, 3, 4]]) { graph, x in
        try graph.transpose(x[0], permutation: [2, 0, 1])
      },
      Example(testDescription: "patches", shapes: [[2, 2, 5, 4]]) { graph, x in
        let rows = ConvolutionGeometry.Axis(
          input: 5, filter: 3, stride: 2, dilation: 1, paddingLow: 1, paddingHigh: 1)
        let columns = ConvolutionGeometry.Axis(
          input: 4, filter: 2, stride: 1, dilation: 2, paddingLow: 0, paddingHigh: 1)
        return try graph.patches(x[0], of: Convolution(rows: rows, columns: columns))
      },
      Example(testDescription: "stop_gradient", shapes: [[3]], point: { _, x in x }) { graph, x in
        try graph.add(x[0], graph.multiply(graph.stopGradient(graph.constant(3, [3])), x[0]))
      },
    ]
    + [0, 1].flatMap { batch in
      [(false, false), (false, true), (true, false), (true, true)].flatMap { left, right in
        [0, 1, 2].map { contracted in
          let head = batch == 1 ? [2] : []
          let group = Array([3, 2].prefix(contracted))
          func shape(_ first: Bool, _ free: [Int]) -> [Int] { head + (first ? group + free : free + group) }
          return Example(
            testDescription: "dot_general batch \(batch) contracted \(contracted) \(left) \(right)",
            shapes: [shape(left, [4]), shape(right, [2, 1])]
          ) { graph, x in
            try graph.append(
              DotGeneral(batch: batch, contracted: contracted, leftContractsFirst: left, rightContractsFirst: right), x)
          }
        }
      }
    }
    + ConvolutionExamples.all

  /// Numbers for the inputs of an example and directions of the same shapes.
  private struct Sample {
    var graph = Graph()
    var inputs: [Value] = []
    var directions: [Value] = []
    var output: Value
    var sources: [Source: [Double]] = [:]

    init(_ example: Example, seed: UInt64 = 1) throws {
      var stream = RandomStream(seed: seed, purpose: example.testDescription)
      for (i, shape) in example.shapes.enumerated() {
        inputs.append(graph.source(.parameter(i), type: TensorType(shape)))
        directions.append(graph.source(.vector(i), type: TensorType(shape)))
        let count = shape.reduce(1, *)
        sources[.parameter(i)] = (0..<count).map { _ in
          example.point(i, Double.random(in: -0.95...0.95, using: &stream))
        }
        sources[.vector(i)] = (0..<count).map { _ in Double.random(in: -1...1, using: &stream) }
      }
      output = try example.build(&graph, inputs)
    }

    func evaluate(_ values: [Value], moved step: Double = 0) throws -> [[Double]] {
      var sources = sources
      for i in inputs.indices {
        let (x, v) = (sources[.parameter(i)] ?? [], sources[.vector(i)] ?? [])
        sources[.parameter(i)] = zip(x, v).map { $0 + step * $1 }
      }
      return try NaiveInterpreter(graph, sources: sources).evaluate(values)
    }
  }

  /// Central differences at h and h/2, extrapolated: the truncation error is h⁴ f⁽⁵⁾/480, here at most 1e-9 for h = 2⁻⁹ with
  /// fifth derivatives up to 3e4 (1/√x at x = 0.55), and the rounding error about 4 ulp(f)/h < 1e-11.
  @Test(arguments: examples) func tangentIsTheDerivative(_ example: Example) throws {
    var sample = try Sample(example)
    let tangent = try sample.graph.linearize([sample.output], at: sample.inputs, along: sample.directions)[0]
    let h = 0x1p-9
    func difference(_ h: Double) throws -> [Double] {
      let plus = try sample.evaluate([sample.output], moved: h)[0]
      let minus = try sample.evaluate([sample.output], moved: -h)[0]
      return zip(plus, minus).map { ($0 - $1) / (2 * h) }
    }
    let (coarse, fine) = (try difference(h), try difference(h / 2))
    let expected = zip(coarse, fine).map { (4 * $1 - $0) / 3 }
    let actual = try tangent.map { try sample.evaluate([$0])[0] } ?? expected.map { _ in 0 }
    #expect(actual.count == expected.count)
    for (a, e) in zip(actual, expected) { #expect(abs(a - e) <= 2e-9 * max(1, abs(e)), "\(a) for \(e)") }
  }

  /// ⟨J u, w⟩ = ⟨u, Jᵀ w⟩ to rounding.
  @Test(arguments: examples) func transposeIsTheAdjoint(_ example: Example) throws {
    var sample = try Sample(example, seed: 2)
    guard let tangent = try sample.graph.linearize([sample.output], at: sample.inputs, along: sample.directions)[0]
    else {
      #expect(example.testDescription == "sign")
      return
    }
    let cotangent = sample.graph.source(.literal(0), type: sample.graph.type(of: sample.output))
    var stream = RandomStream(seed: 3, purpose: example.testDescription)
    sample.sources[.literal(0)] = (0..<sample.graph.type(of: cotangent).count).map { _ in
      Double.random(in: -1...1, using: &stream)
    }
    let pulled = try sample.graph.pullBack([sample.output], cotangents: [cotangent], at: sample.inputs)
    for (value, input) in zip(pulled, sample.inputs) {
      #expect(sample.graph.type(of: value) == sample.graph.type(of: input))
    }
    let values = try sample.evaluate([tangent, cotangent] + sample.directions + pulled)
    func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
    let count = sample.inputs.count
    let left = dot(values[0], values[1])
    let right = (0..<count).reduce(0.0) { $0 + dot(values[2 + $1], values[2 + count + $1]) }
    let scale = zip(values[0], values[1]).reduce(1) { $0 + abs($1.0 * $1.1) }
    #expect(abs(left - right) <= 1e-12 * scale)
  }

  /// ⟨u, H w⟩ = ⟨w, H u⟩ and H u is the derivative of the gradient, for a scalar made of the example.
  @Test(arguments: examples) func secondDerivativeIsSymmetric(_ example: Example) throws {
    var sample = try Sample(example, seed: 4)
    let curved = try sample.graph.apply(.tanh, sample.graph.multiply(sample.output, 0.3))
    let scalar = try sample.graph.reduce(
      .sum, sample.graph.multiply(curved, curved), over: Array(sample.graph.shape(of: curved).indices))
    let gradient = try sample.graph.gradient(of: scalar, at: sample.inputs)
    let others = sample.inputs.enumerated().map { i, input in
      sample.graph.source(.literal(i), type: sample.graph.type(of: input))
    }
    var stream = RandomStream(seed: 5, purpose: example.testDescription)
    for (i, other) in others.enumerated() {
      sample.sources[.literal(i)] = (0..<sample.graph.type(of: other).count).map { _ in
        Double.random(in: -1...1, using: &stream)
      }
    }
    func product(_ along: [Value]) throws -> [Value] {
      let tangents = try sample.graph.linearize(gradient, at: sample.inputs, along: along)
      var result: [Value] = []
      for (tangent, input) in zip(tangents, sample.inputs) {
        result.append(try tangent ?? sample.graph.constant(0, sample.graph.shape(of: input)))
      }
      return result
    }
    let (first, second) = (try product(sample.directions), try product(others))
    let values = try sample.evaluate(sample.directions + others + first + second)
    let n = sample.inputs.count
    func dot(_ x: Int, _ y: Int) -> (sum: Double, scale: Double) {
      var result = (sum: 0.0, scale: 1.0)
      for i in 0..<n {
        for (a, b) in zip(values[x * n + i], values[y * n + i]) {
          result.sum += a * b
          result.scale += abs(a * b)
        }
      }
      return result
    }
    let (left, right) = (dot(1, 2), dot(0, 3))
    #expect(abs(left.sum - right.sum) <= 1e-12 * (left.scale + right.scale))
    // Directional second difference of the gradient, with the error budget of the first derivative.
    let h = 0x1p-10
    func slope(_ h: Double) throws -> [Double] {
      let plus = try sample.evaluate(gradient, moved: h).joined()
      let minus = try sample.evaluate(gradient, moved: -h).joined()
      return zip(plus, minus).map { ($0 - $1) / (2 * h) }
    }
    let expected = zip(try slope(h), try slope(h / 2)).map { (4 * $1 - $0) / 3 }
    for (a, e) in zip(values[2 * n..<3 * n].joined(), expected) {
      #expect(abs(a - e) <= 1e-7 * max(1, abs(e)), "\(a) for \(e)")
    }
  }

  @Test func kinks() throws {
    var graph = Graph()
    let x = graph.source(.parameter(0), type: TensorType([3]))
    let rectified = try graph.reduce(.sum, graph.maximum(x, 0), over: [0])
    let absolute = try graph.reduce(.sum, graph.apply(.absolute, x), over: [0])
    let largest = try graph.reduce(.maximum, x, over: [0])
    var gradients: [Value] = []
    for output in [rectified, absolute, largest] { gradients += try graph.gradient(of: output, at: [x]) }
    let at: (_ x: [Double]) throws -> [[Double]] = {
      try NaiveInterpreter(graph, sources: [.parameter(0): $0]).evaluate(gradients)
    }
    #expect(try at([-1, 0, 2]) == [[0, 0, 1], [-1, 0, 1], [0, 0, 1]])
    // A maximum attained twice shares its derivative.
    #expect(try at([1, 1, 0])[2] == [0.5, 0.5, 0])
  }

  @Test func shapeErrorsNameWhatDoesNotFit() throws {
    let (a, b) = (TensorType([2, 3]), TensorType([3, 2]))
    func text(_ primitive: any Primitive, _ operands: [TensorType]) -> String {
      do {
        let type = try primitive.resultType(of: operands)
        return "accepted as \(type)"
      } catch { return "\(error)" }
    }
    #expect(
      text(ElementwiseBinary.add, [a, b]) == "add takes two real operands of one shape, got [real[2×3], real[3×2]]")
    #expect(text(ElementwiseUnary.tanh, [TensorType([2], .bool)]) == "tanh takes one real operand, got [bool[2]]")
    #expect(text(DotGeneral(), [a, a]) == "matrices do not fit: real[2×3] times real[2×3]")
    #expect(
      text(DotGeneral(batch: 1), [TensorType([2]), a])
        == "dot_general takes two real operands of rank 2 or more, got [real[2], real[2×3]]")
    #expect(text(Compare.less, [a, b]) == "compare[less] takes two operands of one shape, got [real[2×3], real[3×2]]")
    #expect(
      text(Select(), [a, a, a])
        == "select takes a condition and two operands of one shape, got [real[2×3], real[2×3], real[2×3]]")
    #expect(text(Source.vector(0), []) == "a source has no operands")
    #expect(text(StopGradient(), []) == "stop_gradient takes one operand, got []")
    var graph = Graph()
    let x = graph.source(.parameter(0), type: a)
    func text(_ body: (inout Graph) throws -> Value) -> String {
      do {
        return "accepted as \(graph.type(of: try body(&graph)))"
      } catch { return "\(error)" }
    }
    #expect(
      text { try $0.reduce(.sum, x, over: [1, 0]) } == "reduce[sum] over dimensions [1, 0] does not fit [real[2×3]]")
    #expect(text { try $0.reduce(.sum, x, over: [2]) } == "reduce[sum] over dimensions [2] does not fit [real[2×3]]")
    #expect(
      text { try $0.reduce(.maximum, $0.constant(0, [0, 2]), over: [0]) }
        == "the maximum over no elements is not defined: [real[0×2]]")
    #expect(
      text { try $0.broadcast(x, to: [2, 4], dimensions: [0, 1]) }
        == "[real[2×3]] cannot be repeated to [2, 4] along dimensions [0, 1]")
    #expect(text { try $0.broadcast(x, to: [3, 3]) } == "a value of shape [2, 3] cannot be broadcast to [3, 3]")
    #expect(
      text { try $0.reshape(x, to: [4]) } == "[real[2×3]] cannot be reshaped to [4]: the number of elements differs")
    #expect(
      text { try $0.transpose(x, permutation: [1, 1]) }
        == "[1, 1] is not a permutation of the dimensions of [real[2×3]]")
    #expect(
      text { try $0.broadcastTogether(x, $0.constant(0, [2, 2])).0 } == "shapes [2, 3] and [2, 2] do not fit together")
  }
}
