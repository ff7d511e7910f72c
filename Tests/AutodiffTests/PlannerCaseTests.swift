import Autodiff
import Tensors
import Testing

/// Cases that the planner has to tell apart, each against the naive interpreter in both precisions.
@Suite struct PlannerCaseTests {
  private func check(
    microbatch: Int = 4, samples: Int? = nil, _ build: (inout Graph, Inputs) throws -> [(Value, isLinear: Bool)],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let schedule = Schedule(samples: samples ?? 2 * microbatch, microbatch: microbatch, tasks: 2)
    let testCase = try ExecutionCase(seed: 1, schedule: schedule) { size in
      let random = RandomGraph(seed: 1, microbatch: size)
      var graph = random.graph
      let values = random.terms.map(\.value)
      let inputs = Inputs(
        size: size, inputs: values[0], targets: values[1], weights: values[2], parameters: Array(values[3..<9]),
        literals: Array(values[9..<12]), vectors: Array(values[12...]))
      // Sums of at most a thousand terms of magnitude below ten.
      let outputs = try build(&graph, inputs).map { output in
        (RandomGraph.Term(value: output.0, bound: 1e3, error: 1e5), output.isLinear)
      }
      return ExecutionCase.Program(
        graph, primal: outputs.filter { !$0.1 }.map(\.0), linear: outputs.filter(\.1).map(\.0))
    }
    let primal = try testCase.expected(vector: nil)
    for residualBytes in [0, 1 << 20] {
      let double = try testCase.run(Double.self, workers: 2, residualBytes: residualBytes)
      let single = try testCase.run(Float.self, workers: 2, residualBytes: residualBytes)
      #expect(testCase.mismatch(double.primal, primal) == nil, sourceLocation: sourceLocation)
      #expect(testCase.mismatch(single.primal, primal) == nil, sourceLocation: sourceLocation)
      for index in double.linear.indices {
        let linear = try testCase.expected(vector: index)
        #expect(testCase.mismatch(double.linear[index], linear) == nil, sourceLocation: sourceLocation)
        #expect(testCase.mismatch(single.linear[index], linear) == nil, sourceLocation: sourceLocation)
      }
    }
  }

  /// Inputs [n, 3, 4], targets [n, 5], weights [n]; parameters [3, 4], [5], [1], [4], [5, 1, 2], []; literals [4], [2, 3],
  /// [1, 3, 1]; vectors [3, 4], [5], [], [2, 3].
  struct Inputs {
    var size: Int
    var inputs: Value
    var targets: Value
    var weights: Value
    var parameters: [Value]
    var literals: [Value]
    var vectors: [Value]
  }

  /// A row repeated to [n, 4] and seen as [n, 2, 2] is not a repeated row there.
  @Test func repeatedRowUnderAnotherShape() throws {
    try check { graph, x in
      let rows = try graph.broadcast(x.parameters[3], to: [x.size, 4], dimensions: [1])
      let seen = try graph.reshape(rows, to: [x.size, 2, 2])
      let other = try graph.reshape(graph.reduce(.sum, x.inputs, over: [1]), to: [x.size, 2, 2])
      let product = try graph.apply(.tanh, graph.multiply(seen, other))
      return [(product, false), (rows, false), (try graph.multiply(product, graph.stopGradient(seen)), true)]
    }
  }

  @Test func repeatedColumnUnderAnotherShape() throws {
    try check { graph, x in
      let columns = try graph.broadcast(x.weights, to: [x.size, 6], dimensions: [0])
      let seen = try graph.reshape(columns, to: [x.size, 3, 2])
      let flat = try graph.reshape(columns, to: [x.size * 6])
      return try [
        (graph.apply(.exponential, seen), false), (graph.multiply(flat, flat), false),
        (graph.apply(.exponential, columns), true),
      ]
    }
  }

  /// A scalar repeated to a row, and the row to rows; with a reshape between, the repetitions cannot be joined.
  @Test func repeatedTwice() throws {
    try check { graph, x in
      let scalar = try graph.reduce(.sum, x.inputs, over: [0, 1, 2])
      let row = try graph.broadcast(scalar, to: [5], dimensions: [])
      let wide = try graph.broadcast(graph.reshape(row, to: [5, 1]), to: [x.size, 5, 1], dimensions: [1, 2])
      let column = try graph.reshape(graph.broadcast(x.weights, to: [x.size, 3], dimensions: [0]), to: [x.size * 3])
      let deep = try graph.broadcast(column, to: [x.size * 3, 2], dimensions: [0])
      return try [
        (graph.multiply(graph.reshape(wide, to: [x.size, 5]), x.targets), false), (graph.apply(.tanh, deep), true),
        (wide, true),
      ]
    }
  }

  /// Outputs that nothing computes: sources, numbers, repeated values of every stage, the same one twice.
  @Test func outputsThatAreNotComputed() throws {
    try check { graph, x in
      let fixedRow = try graph.broadcast(graph.apply(.tanh, x.parameters[3]), to: [2, 4], dimensions: [1])
      let directionRow = try graph.broadcast(graph.negate(x.vectors[1]), to: [3, 5], dimensions: [1])
      let dataRow = try graph.broadcast(graph.reduce(.sum, x.targets, over: [0]), to: [3, 5], dimensions: [1])
      let seven = try graph.constant(7, [2, 2])
      return try [
        (x.inputs, false), (x.literals[1], false), (fixedRow, false), (dataRow, false), (seven, false),
        (graph.constant(0, [3]), false), (x.weights, true), (x.vectors[0], true), (x.vectors[0], true),
        (fixedRow, true), (directionRow, true), (dataRow, true), (seven, true), (graph.constant(0, []), true),
        (graph.reshape(x.vectors[3], to: [6]), true), (x.parameters[5], true),
      ]
    }
  }

  /// Terms of sums: products accumulate in place, shared terms and doubled ones do not.
  @Test func sumsOfTerms() throws {
    try check(microbatch: 5, samples: 13) { graph, x in
      let flat = try graph.reshape(x.inputs, to: [x.size, 12])
      let first = try graph.append(DotGeneral(leftContractsFirst: true), [flat, x.targets])
      let second = try graph.append(DotGeneral(leftContractsFirst: true), [graph.apply(.tanh, flat), x.targets])
      let columns = try graph.reduce(.sum, x.targets, over: [0])
      let row = try graph.broadcast(columns, to: [12, 5], dimensions: [1])
      let sum = try graph.add(graph.add(first, second), row)
      let all = try graph.reduce(.sum, x.inputs, over: [0, 1, 2])
      let twice = try graph.add(all, all)
      return try [
        (sum, false), (graph.add(sum, second), false), (graph.add(columns, x.vectors[1]), true),
        (graph.add(graph.add(twice, graph.multiply(all, x.vectors[2])), graph.constant(1, [])), true), (first, true),
      ]
    }
  }

  /// One row, one column, rank 3 with dimensions of size 1.
  @Test(arguments: [1, 2]) func thinShapes(_ microbatch: Int) throws {
    try check(microbatch: microbatch) { graph, x in
      let one = try graph.reshape(x.weights, to: [x.size, 1])
      let outer = try graph.append(DotGeneral(rightContractsFirst: false), [one, one])
      let middle = try graph.broadcast(x.weights, to: [x.size, 1, 5], dimensions: [0])
      let last = try graph.broadcast(x.weights, to: [1, x.size, 1], dimensions: [1])
      let softened = try graph.subtract(
        graph.reshape(middle, to: [x.size, 5]),
        graph.broadcast(graph.reduce(.maximum, x.targets, over: [1]), to: [x.size, 5], dimensions: [0]))
      return try [
        (graph.reduce(.sum, outer, over: [0]), false), (graph.reduce(.maximum, last, over: [0, 2]), false),
        (graph.reduce(.maximum, outer, over: [0]), true), (graph.reduce(.sum, middle, over: [1]), false),
        (graph.reduce(.sum, softened, over: [0]), true), (graph.reduce(.sum, graph.negate(one), over: [1]), true),
      ]
    }
  }

  /// 0 and −0 stay two numbers in a group: 1/(x ⊙ 0 + −0) tells them apart.
  @Test func negativeZero() throws {
    try check { graph, x in
      let shape = graph.shape(of: x.targets)
      let positive = try graph.maximum(graph.apply(.absolute, x.targets), 0)
      let signed = try graph.divide(graph.add(positive, 1), graph.stopGradient(graph.constant(-0.0, shape)))
      let isNegative = try graph.compare(signed, .less, graph.constant(0, shape))
      return [(try graph.select(isNegative, positive, x.targets), false)]
    }
  }

  @Test func noVectorsGiveNoProducts() throws {
    let testCase = try ExecutionCase(seed: 1, schedule: Schedule(samples: 3, microbatch: 2, tasks: 2), vectors: 0) {
      size in
      let random = RandomGraph(seed: 1, microbatch: size)
      return ExecutionCase.Program(random.graph, primal: [], linear: [random.terms[12]])
    }
    #expect(try testCase.run(Float.self).linear.isEmpty)
    #expect(try testCase.run(Float.self).primal.count == 0)
  }
}
