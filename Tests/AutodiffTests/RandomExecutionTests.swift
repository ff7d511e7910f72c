import Autodiff
import Tensors
import Testing

/// Planner and executor against the naive interpreter on random graphs.
@Suite struct RandomExecutionTests {
  /// Any value is an output, sources, constants and repeated values among them; all microbatches have the same size.
  @Test(arguments: UInt64(0)..<400) func anyValueCanBeAnOutput(_ seed: UInt64) throws {
    let microbatch = [1, 2, 3, 7][Int(seed % 4)]
    let schedule = Schedule(samples: 3 * microbatch, microbatch: microbatch, tasks: 2)
    let randomCase = try ExecutionCase(seed: seed, schedule: schedule) { size in
      var random = RandomGraph(seed: seed, microbatch: size)
      try random.grow(steps: 12 + Int(seed % 30))
      let primal = (0..<3).map { _ in random.term(readsVector: false) }
      let linear = (0..<4).map { _ in random.term(readsVector: random.chance(60) ? true : nil) }
      return ExecutionCase.Program(random.graph, primal: primal, linear: linear + [linear[0]])
    }
    try check(randomCase, "seed \(seed)")
  }

  /// Outputs are sums of products and reductions; the last microbatch is smaller and runs another graph.
  @Test(arguments: UInt64(0)..<300) func sumsOverRaggedMicrobatches(_ seed: UInt64) throws {
    let microbatch = [1, 2, 4, 5][Int(seed % 4)]
    let schedule = Schedule(samples: 3 * microbatch + Int(seed % 3), microbatch: microbatch, tasks: 1 + Int(seed % 5))
    let randomCase = try ExecutionCase(seed: seed, schedule: schedule) { size in
      var random = RandomGraph(seed: seed, microbatch: size)
      try random.grow(steps: 8 + Int(seed % 24))
      let primal = try [[], [3], [2, 3]].map { try random.sum(of: $0, readsVector: false) }
      let linear = try [[1], [3, 4], [2, 1, 3]].map { try random.sum(of: $0, readsVector: nil) }
      return ExecutionCase.Program(random.graph, primal: primal, linear: linear)
    }
    try check(randomCase, "seed \(seed)")
  }

  /// Rows and columns around and above the size of a tile.
  @Test(arguments: UInt64(0)..<24) func largeShapes(_ seed: UInt64) throws {
    var sources = RandomGraph.Sources()
    sources.inputs = [[2500], [3, 1100], [2048], [1, 1]][Int(seed % 4)]
    let samples = [3, 2, 5, 2300][Int(seed % 4)]
    let randomCase = try ExecutionCase(
      seed: seed, schedule: Schedule(samples: samples, microbatch: samples, tasks: 1), sources: sources, vectors: 1
    ) { size in
      var random = RandomGraph(seed: seed, microbatch: size, sources: sources, largestCount: 15_000)
      try random.grow(steps: 14)
      let terms = random.terms.suffix(5)
      return ExecutionCase.Program(
        random.graph, primal: terms.filter { !$0.readsVector }, linear: Array(terms))
    }
    try check(randomCase, "seed \(seed)")
  }

  /// An executor that nobody has asked for products holds no residuals, and neither does its twin at other parameters.
  @Test func residualsTakeMemoryFromTheFirstProductOn() throws {
    var held = 0
    for seed in UInt64(0)..<40 {
      let randomCase = try ExecutionCase(seed: seed, schedule: Schedule(samples: 6, microbatch: 2, tasks: 2)) { size in
        var random = RandomGraph(seed: seed, microbatch: size)
        try random.grow(steps: 40)
        let primal = [random.term(readsVector: false)]
        let linear = (0..<4).map { _ in random.term(readsVector: true) }
        return ExecutionCase.Program(random.graph, primal: primal, linear: linear)
      }
      let executor = try randomCase.executor(Double.self, workers: 2, residualBytes: 1 << 16)
      _ = executor.evaluate()
      #expect(executor.heldResidualBytes == 0)
      let products = executor.apply(randomCase.vectors(Double.self))
      let bytes = executor.heldResidualBytes
      #expect(bytes <= 1 << 16)
      held += bytes
      #expect(executor.apply(randomCase.vectors(Double.self)) == products)
      #expect(executor.heldResidualBytes == bytes)
      let parameters = randomCase.sources.parameters.map { $0.reduce(1, *) }.reduce(0, +)
      #expect(executor.at(Vector(zeros: parameters)).heldResidualBytes == 0)
    }
    #expect(held > 0)
  }

  private func check(_ randomCase: ExecutionCase, _ label: Comment) throws {
    let kept = try randomCase.run(Double.self)
    let single = try randomCase.run(Float.self)
    let primal = try randomCase.expected(vector: nil)
    #expect(randomCase.mismatch(kept.primal, primal) == nil, label)
    #expect(randomCase.mismatch(single.primal, primal) == nil, label)
    for index in kept.linear.indices {
      let linear = try randomCase.expected(vector: index)
      #expect(randomCase.mismatch(kept.linear[index], linear) == nil, label)
      #expect(randomCase.mismatch(single.linear[index], linear) == nil, label)
    }
    for workers in [1, 2, 4] {
      #expect(try randomCase.run(Double.self, workers: workers, residualBytes: 0) == kept, label)
      #expect(try randomCase.run(Double.self, workers: workers, residualBytes: 700) == kept, label)
    }
    let executor = try randomCase.executor(Float.self, workers: 2, residualBytes: 1 << 20)
    let vectors = randomCase.vectors(Float.self)
    #expect(executor.apply(vectors) == single.linear, label)
    #expect(executor.apply(vectors) == single.linear, "\(label), second call")
    #expect(executor.apply([vectors[vectors.count - 1]]) == [single.linear[vectors.count - 1]], "\(label), alone")
    #expect(executor.evaluate() == single.primal, label)
  }
}
