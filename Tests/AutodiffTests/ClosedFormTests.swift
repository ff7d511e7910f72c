import Autodiff
import Foundation
import Tensors
import Testing

/// Derivatives through planner and executor against formulas.
@Suite struct ClosedFormTests {
  /// Data of a small problem and its parameters, one matrix or vector after the other.
  struct Problem {
    var inputs: [[Double]]
    var targets: [[Double]]
    var weights: [Double]
    var parameterShapes: [[Int]]
    var theta: [Double]

    var dimension: Int { theta.count }

    typealias Build = (
      _ graph: inout Graph, _ x: Value, _ y: Value, _ weights: Value, _ parameters: [Value], _ vectors: [Value]
    ) throws -> [(Value, ResultDestination)]

    func executor(microbatch: Int, _ build: Build) throws -> Executor<Double> {
      let schedule = Schedule(samples: inputs.count, microbatch: microbatch, tasks: 3)
      var offsets = [0]
      for shape in parameterShapes { offsets.append((offsets.last ?? 0) + shape.reduce(1, *)) }
      var plans: [Int: Plan] = [:]
      for size in schedule.sizes {
        var graph = Graph()
        let x = graph.source(.data(.inputs), type: TensorType([size, inputs[0].count]))
        let y = graph.source(.data(.targets), type: TensorType([size, targets[0].count]))
        let w = graph.source(.data(.weights), type: TensorType([size]))
        var parameters: [Value] = []
        var vectors: [Value] = []
        for (i, shape) in parameterShapes.enumerated() {
          parameters.append(graph.source(.parameter(i), type: TensorType(shape)))
          vectors.append(graph.source(.vector(i), type: TensorType(shape)))
        }
        let outputs = try build(&graph, x, y, w, parameters, vectors)
        plans[size] = try Plan(
          Function(graph: graph, outputs: outputs.map(\.0)), microbatch: size, destinations: outputs.map(\.1),
          parameterOffsets: offsets, vectorOffsets: offsets, literalOffsets: [])
      }
      func storage(_ numbers: [Double]) -> AlignedStorage<Double> {
        let result = AlignedStorage<Double>(count: numbers.count)
        _ = result.buffer.update(fromContentsOf: numbers)
        return result
      }
      let data = BoundData(
        samples: inputs.count, inputSize: inputs[0].count, targetSize: targets[0].count,
        inputs: storage(Array(inputs.joined())), targets: storage(Array(targets.joined())), weights: storage(weights))
      return try Executor(
        plans: plans, schedule: schedule, parameters: Vector(theta), literals: Vector(zeros: 0), data: data,
        pool: WorkerPool(count: 2), residualBytes: 1 << 20)
    }

    /// The matrix of an executor's products, column by column.
    func matrix(_ executor: Executor<Double>) -> [[Double]] {
      let basis = (0..<dimension).map { j in Vector((0..<dimension).map { $0 == j ? 1.0 : 0 }) }
      return executor.apply(basis).map(\.elements)
    }
  }

  private func expectEqual(
    _ actual: [[Double]], _ expected: [[Double]], tolerance: Double = 1e-13,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(actual.map(\.count) == expected.map(\.count), sourceLocation: sourceLocation)
    for (a, e) in zip(actual.joined(), expected.joined()) {
      #expect(abs(a - e) <= tolerance, sourceLocation: sourceLocation)
    }
  }

  private func numbers(_ count: Int, _ purpose: String) -> [Double] {
    var stream = RandomStream(seed: 11, purpose: purpose)
    return (0..<count).map { _ in Double.random(in: -1...1, using: &stream) }
  }

  private func secondDerivative(
    _ graph: inout Graph, _ loss: Value, _ parameters: [Value], _ vectors: [Value]
  ) throws -> [(Value, ResultDestination)] {
    var outputs: [(Value, ResultDestination)] = [(loss, .primal(offset: 0))]
    let gradient = try graph.gradient(of: loss, at: parameters)
    var offset = 0
    for (value, tangent) in zip(gradient, try graph.linearize(gradient, at: parameters, along: vectors)) {
      outputs.append((value, .primal(offset: 1 + offset)))
      outputs.append((try tangent ?? graph.constant(0, graph.shape(of: value)), .linear(offset: offset)))
      offset += graph.type(of: value).count
    }
    return outputs
  }

  /// Softmax regression z = W x: loss Σ w (ln Σ eᶻ − z·y), gradient Σ w (p − y) xᵀ, Hessian Σ w (diag p − p pᵀ) ⊗ x xᵀ.
  @Test(arguments: [1, 2, 5, 7]) func softmaxRegression(_ microbatch: Int) throws {
    let (samples, features, classes) = (7, 3, 4)
    let (x, theta) = (numbers(samples * features, "x"), numbers(classes * features, "w"))
    let problem = Problem(
      inputs: (0..<samples).map { Array(x[$0 * features..<($0 + 1) * features]) },
      targets: (0..<samples).map { sample in (0..<classes).map { $0 == (sample * 3) % classes ? 1 : 0 } },
      weights: (0..<samples).map { Double($0 + 1) / 28 }, parameterShapes: [[classes, features]], theta: theta)
    let executor = try problem.executor(microbatch: microbatch) { graph, x, y, weights, parameters, vectors in
      let z = try graph.dense(x, weight: parameters[0])
      let shape = graph.shape(of: z)
      let largest = try graph.stopGradient(graph.reduce(.maximum, z, over: [1]))
      let shifted = try graph.subtract(z, graph.broadcast(largest, to: shape, dimensions: [0]))
      let total = try graph.apply(.log, graph.reduce(.sum, graph.apply(.exponential, shifted), over: [1]))
      let each = try graph.subtract(total, graph.reduce(.sum, graph.multiply(shifted, y), over: [1]))
      let loss = try graph.reduce(.sum, graph.multiply(each, weights), over: [0])
      return try secondDerivative(&graph, loss, parameters, vectors)
    }
    var loss = 0.0
    var gradient = [Double](repeating: 0, count: theta.count)
    var expected = [[Double]](repeating: gradient, count: theta.count)
    for (sample, input) in problem.inputs.enumerated() {
      let z = (0..<classes).map { c in (0..<features).reduce(0.0) { $0 + theta[c * features + $1] * input[$1] } }
      let total = z.reduce(0) { $0 + exp($1) }
      let p = z.map { exp($0) / total }
      let (w, y) = (problem.weights[sample], problem.targets[sample])
      loss += w * (log(total) - zip(z, y).reduce(0) { $0 + $1.0 * $1.1 })
      for (i, a) in (0..<theta.count).map({ ($0, ($0 / features, $0 % features)) }) {
        gradient[i] += w * (p[a.0] - y[a.0]) * input[a.1]
        for (j, b) in (0..<theta.count).map({ ($0, ($0 / features, $0 % features)) }) {
          expected[i][j] += w * ((a.0 == b.0 ? p[a.0] : 0) - p[a.0] * p[b.0]) * input[a.1] * input[b.1]
        }
      }
    }
    expectEqual([executor.evaluate().elements], [[loss] + gradient])
    expectEqual(problem.matrix(executor), expected)
  }

  /// Logistic regression with a bias: Hessian Σ w s(1 − s) [x; 1][x; 1]ᵀ.
  @Test func logisticRegression() throws {
    let samples = 6
    let x = numbers(2 * samples, "x")
    let problem = Problem(
      inputs: (0..<samples).map { [x[2 * $0], x[2 * $0 + 1]] }, targets: (0..<samples).map { [$0 % 2 == 0 ? 1 : 0] },
      weights: [Double](repeating: 1 / Double(samples), count: samples), parameterShapes: [[1, 2], [1]],
      theta: [0.7, -1.3, 0.2])
    let executor = try problem.executor(microbatch: 4) { graph, x, y, weights, parameters, vectors in
      let scores = try graph.dense(x, weight: parameters[0])
      let z = try graph.add(scores, graph.broadcast(parameters[1], to: graph.shape(of: scores), dimensions: [1]))
      // ln(1 + eᶻ) − y z
      let terms = try graph.subtract(graph.apply(.logPlusOne, graph.apply(.exponential, z)), graph.multiply(y, z))
      let each = try graph.reduce(.sum, terms, over: [1])
      let loss = try graph.reduce(.sum, graph.multiply(each, weights), over: [0])
      return try secondDerivative(&graph, loss, parameters, vectors)
    }
    var expected = [[Double]](repeating: [0, 0, 0], count: 3)
    for (input, w) in zip(problem.inputs, problem.weights) {
      let row = input + [1]
      let s = 1 / (1 + exp(-zip(row, problem.theta).reduce(0) { $0 + $1.0 * $1.1 }))
      for i in 0..<3 { for j in 0..<3 { expected[i][j] += w * s * (1 - s) * row[i] * row[j] } }
    }
    expectEqual(problem.matrix(executor), expected)
  }

  /// f = v·tanh(U x), loss ½(f − y)², by hand with h = tanh(U x), h′ = 1 − h², h″ = −2 h h′ and r = f − y:
  /// the Gauss-Newton matrix is J Jᵀ, J = (vₐ h′ₐ x_b, hₐ), and the Hessian adds r ∂²f.
  @Test func twoLayersByHand() throws {
    let problem = Problem(
      inputs: [[0.5, -1], [1, 2], [-0.25, 0.75]], targets: [[0.3], [-0.2], [0.9]], weights: [0.5, 0.25, 0.25],
      parameterShapes: [[2, 2], [1, 2]], theta: [0.4, -0.3, 0.2, 0.6, 1.5, -0.7])
    func model(_ graph: inout Graph, _ x: Value, _ parameters: [Value]) throws -> Value {
      try graph.dense(graph.apply(.tanh, graph.dense(x, weight: parameters[0])), weight: parameters[1])
    }
    func loss(_ graph: inout Graph, _ outputs: Value, _ y: Value, _ weights: Value) throws -> Value {
      let difference = try graph.subtract(outputs, y)
      let each = try graph.reduce(.sum, graph.multiply(difference, difference), over: [1])
      return try graph.reduce(.sum, graph.multiply(graph.multiply(each, 0.5), weights), over: [0])
    }
    let hessianExecutor = try problem.executor(microbatch: 2) { graph, x, y, weights, parameters, vectors in
      let outputs = try model(&graph, x, parameters)
      return try secondDerivative(&graph, loss(&graph, outputs, y, weights), parameters, vectors)
    }
    let gaussNewtonExecutor = try problem.executor(microbatch: 2) { graph, x, y, weights, parameters, vectors in
      let outputs = try model(&graph, x, parameters)
      let total = try loss(&graph, outputs, y, weights)
      let direction = try #require(try graph.linearize([outputs], at: parameters, along: vectors)[0])
      let residual = try graph.gradient(of: total, at: [outputs])
      let curved = try #require(try graph.linearize(residual, at: [outputs], along: [direction])[0])
      let products = try graph.pullBack([outputs], cotangents: [curved], at: parameters)
      return [(products[0], .linear(offset: 0)), (products[1], .linear(offset: 4))]
    }
    var gaussNewton = [[Double]](repeating: [Double](repeating: 0, count: 6), count: 6)
    var hessian = gaussNewton
    for (sample, x) in problem.inputs.enumerated() {
      let (t, w) = (problem.theta, problem.weights[sample])
      let h: [Double] = [tanh(t[0] * x[0] + t[1] * x[1]), tanh(t[2] * x[0] + t[3] * x[1])]
      let slope: [Double] = h.map { 1 - $0 * $0 }
      let v: [Double] = [t[4], t[5]]
      let r: Double = v[0] * h[0] + v[1] * h[1] - problem.targets[sample][0]
      var jacobian: [Double] = []
      for a in 0..<2 { for b in 0..<2 { jacobian.append(v[a] * slope[a] * x[b]) } }
      jacobian += h
      for i in 0..<6 {
        for j in 0..<6 {
          gaussNewton[i][j] += w * jacobian[i] * jacobian[j]
          hessian[i][j] += w * jacobian[i] * jacobian[j]
        }
      }
      for a in 0..<2 {
        for b in 0..<2 {
          let mixed: Double = w * r * slope[a] * x[b]
          hessian[2 * a + b][4 + a] += mixed
          hessian[4 + a][2 * a + b] += mixed
          let bend: Double = -2 * v[a] * h[a] * mixed
          for c in 0..<2 { hessian[2 * a + b][2 * a + c] += bend * x[c] }
        }
      }
    }
    expectEqual(problem.matrix(gaussNewtonExecutor), gaussNewton)
    expectEqual(problem.matrix(hessianExecutor), hessian)
  }
}
