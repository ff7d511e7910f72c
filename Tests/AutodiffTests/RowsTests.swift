import Autodiff
import Tensors
import TestSupport
import Testing

/// Results with a row for each sample, and directions with one, over all microbatches, tasks and workers.
@Suite struct RowsTests {
  private static let (samples, inputs, outputs) = (23, 3, 2)

  /// z = tanh(x Wᵀ): rows of z, J v and Σ Jᵀu in one function.
  private func executor<Scalar: Real>(
    _ type: Scalar.Type, microbatch: Int, workers: Int, residualBytes: Int = 1 << 20,
    _ build: (inout Graph, _ z: Value, _ weight: Value) throws -> [(Value, ResultDestination)]
  ) throws -> Executor<Scalar> {
    let schedule = Schedule(samples: Self.samples, microbatch: microbatch, tasks: 4)
    var plans: [Int: Plan] = [:]
    for size in schedule.sizes {
      var graph = Graph()
      let x = graph.source(.data(.inputs), type: TensorType([size, Self.inputs]))
      let weight = graph.source(.parameter(0), type: TensorType([Self.outputs, Self.inputs]))
      let z = try graph.apply(.tanh, graph.dense(x, weight: weight))
      let outputs = try build(&graph, z, weight)
      plans[size] = try Plan(
        Function(graph: graph, outputs: outputs.map(\.0)), microbatch: size, destinations: outputs.map(\.1),
        parameterOffsets: [0], vectorOffsets: [0], literalOffsets: [])
    }
    func storage(_ numbers: [Double]) -> AlignedStorage<Scalar> {
      let result = AlignedStorage<Scalar>(count: numbers.count)
      for (index, number) in numbers.enumerated() { result.pointer[index] = Scalar(number) }
      return result
    }
    let data = BoundData<Scalar>(
      samples: Self.samples, inputSize: Self.inputs, targetSize: 0, inputs: storage(Self.x),
      targets: storage([]), weights: storage([Double](repeating: 1, count: Self.samples)))
    return try Executor(
      plans: plans, schedule: schedule, parameters: Vector(Self.w.map { Scalar($0) }), literals: Vector([]),
      data: data, pool: WorkerPool(count: workers), residualBytes: residualBytes)
  }

  private static func numbers(_ count: Int, _ seed: UInt64) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: "rows")
    return (0..<count).map { _ in Double(Float.random(in: -1...1, using: &stream)) }
  }
  private static let x = numbers(samples * inputs, 1)
  private static let w = numbers(outputs * inputs, 2)
  private static let v = numbers(outputs * inputs, 3)
  private static let u = numbers(samples * outputs, 4)

  /// Row by row in plain arithmetic.
  private static func product(_ sample: Int, _ matrix: [Double], _ output: Int) -> Double {
    (0..<inputs).reduce(0) { $0 + x[sample * inputs + $1] * matrix[output * inputs + $1] }
  }
  private static let expected: (z: [Double], jv: [Double], jtu: [Double]) = {
    var (z, jv) = ([Double](), [Double]())
    var jtu = [Double](repeating: 0, count: w.count)
    for sample in 0..<samples {
      for output in 0..<outputs {
        let value = tanhOf(product(sample, w, output))
        let slope = 1 - value * value
        z.append(value)
        jv.append(slope * product(sample, v, output))
        for input in 0..<inputs {
          jtu[output * inputs + input] += slope * u[sample * outputs + output] * x[sample * inputs + input]
        }
      }
    }
    return (z, jv, jtu)
  }()
  private static func tanhOf(_ x: Double) -> Double {
    var graph = Graph()
    let value = graph.source(.parameter(0), type: TensorType([]))
    guard let result = try? graph.apply(.tanh, value) else { return .nan }
    return (try? NaiveInterpreter(graph, sources: [.parameter(0): [x]]).evaluate([result])[0][0]) ?? .nan
  }

  private func isClose<Scalar: Real>(_ actual: Vector<Scalar>, _ expected: [Double]) -> Bool {
    actual.count == expected.count
      && (0..<actual.count).allSatisfy { abs(Double(actual[$0]) - expected[$0]) <= 40 * Double(Scalar.ulpOfOne) }
  }

  private func check<Scalar: Real>(_ type: Scalar.Type, microbatch: Int, residualBytes: Int) throws {
    func run(_ workers: Int) throws -> [Vector<Scalar>] {
      let forward = try executor(type, microbatch: microbatch, workers: workers, residualBytes: residualBytes) {
        graph, z, weight in
        let direction = graph.source(.vector(0), type: graph.type(of: weight))
        let tangent = try #require(try graph.linearize([z], at: [weight], along: [direction])[0])
        let sum = try graph.reduce(.sum, graph.multiply(z, z), over: [0, 1])
        return [(z, .primalRows), (tangent, .linearRows), (sum, .primal(offset: 0))]
      }
      let backward = try executor(type, microbatch: microbatch, workers: workers, residualBytes: residualBytes) {
        graph, z, weight in
        let rows = graph.source(.vectorRows, type: graph.type(of: z))
        return [(try graph.pullBack([z], cotangents: [rows], at: [weight])[0], .linear(offset: 0))]
      }
      let (v, u) = (Vector(Self.v.map { Scalar($0) }), Vector(Self.u.map { Scalar($0) }))
      return [forward.evaluateRows(), forward.evaluate()] + forward.applyRows([v, v]) + backward.apply([u, u])
    }
    let one = try run(1)
    #expect(isClose(one[0], Self.expected.z))
    #expect(abs(Double(one[1][0]) - Self.expected.z.reduce(0) { $0 + $1 * $1 }) <= 100 * Double(Scalar.ulpOfOne))
    #expect(isClose(one[2], Self.expected.jv) && one[2] == one[3])
    #expect(isClose(one[4], Self.expected.jtu) && one[4] == one[5])
    #expect(try run(2) == one && run(4) == one)
  }

  @Test(arguments: [1, 4, 5, 23, 64], [0, 1 << 20]) func rowsOfAllSamples(microbatch: Int, residualBytes: Int) throws {
    try check(Double.self, microbatch: microbatch, residualBytes: residualBytes)
    try check(Float.self, microbatch: microbatch, residualBytes: residualBytes)
  }

  /// Rows that are zero, constant, or a sum of several terms do not keep what was there.
  @Test func rowsWithoutAndWithSeveralTerms() throws {
    let executor = try executor(Double.self, microbatch: 5, workers: 2) { graph, z, weight in
      let direction = graph.source(.vector(0), type: graph.type(of: weight))
      let zero = try graph.multiply(graph.dense(graph.constant(0, [graph.shape(of: z)[0], 3]), weight: direction), 0)
      return [(try graph.add(graph.add(z, z), zero), .primalRows), (zero, .linearRows)]
    }
    for _ in 0..<2 {
      #expect(isClose(executor.evaluateRows(), Self.expected.z.map { 2 * $0 }))
      #expect(executor.applyRows([Vector(Self.v)])[0].elements.allSatisfy { $0 == 0 })
    }
  }
}
