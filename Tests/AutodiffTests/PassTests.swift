import Autodiff
import Tensors
import TestSupport
import Testing

/// Passes keep what a function means, and each does what its name says.
@Suite struct PassTests {
  @Test(arguments: UInt64(0)..<150) func passesKeepTheMeaning(_ seed: UInt64) throws {
    var random = RandomGraph(seed: seed, microbatch: 3, largestCount: 200)
    try random.grow(steps: 30)
    let chosen = (0..<4).map { _ in random.term() }
    let function = Function(graph: random.graph, outputs: chosen.map(\.value))
    var stream = RandomStream(seed: seed, purpose: "sources")
    var sources: [Source: [Double]] = [:]
    for node in random.graph.nodes {
      guard let source = node.primitive as? Source else { continue }
      sources[source] = (0..<node.type.count).map { _ in Double(Float.random(in: -1...1, using: &stream)) }
    }
    let expected = try NaiveInterpreter(function.graph, sources: sources).evaluate(function.outputs)
    let passes: [(String, (Function) throws -> Function)] = [
      ("constants", { try $0.foldingConstants() }), ("subexpressions", { try $0.eliminatingCommonSubexpressions() }),
      ("dead code", { try $0.eliminatingDeadCode() }), ("all", { try $0.optimized() }),
    ]
    for (name, pass) in passes {
      let result = try pass(function)
      #expect(result.graph.nodes.count <= function.graph.nodes.count + 12, "\(name) of seed \(seed)")
      let actual = try NaiveInterpreter(result.graph, sources: sources).evaluate(result.outputs)
      for (index, term) in chosen.enumerated() {
        #expect(result.graph.type(of: result.outputs[index]) == function.graph.type(of: term.value))
        let tolerance = 4 * term.error * Double.ulpOfOne
        for (a, e) in zip(actual[index], expected[index]) {
          #expect(abs(a - e) <= tolerance, "\(name) of seed \(seed): \(a) for \(e)")
        }
      }
    }
  }

  private func count(_ function: Function) -> Int { function.graph.nodes.count }

  @Test func deadCodeGoes() throws {
    var graph = Graph()
    let x = graph.source(.parameter(0), type: TensorType([2]))
    _ = try graph.apply(.tanh, x)
    let output = try graph.negate(x)
    _ = try graph.multiply(output, output)
    #expect(count(try Function(graph: graph, outputs: [output]).eliminatingDeadCode()) == 2)
    #expect(count(try Function(graph: graph, outputs: [x]).eliminatingDeadCode()) == 1)
  }

  @Test func commonSubexpressionsMerge() throws {
    var graph = Graph()
    let x = graph.source(.parameter(0), type: TensorType([2]))
    let again = graph.source(.parameter(0), type: TensorType([2]))
    let first = try graph.apply(.tanh, graph.multiply(x, 2))
    let second = try graph.apply(.tanh, graph.multiply(again, 2))
    let other = try graph.apply(.tanh, graph.multiply(again, 3))
    let result = try Function(graph: graph, outputs: [first, second, other]).eliminatingCommonSubexpressions()
    #expect(result.outputs[0] == result.outputs[1] && result.outputs[0] != result.outputs[2])
    #expect(count(result) == 7)  // x, two numbers, two products, two tanh
    let nan = try (0..<2).map { _ in try graph.constant(.nan, [2]) }
    let merged = try Function(graph: graph, outputs: nan).eliminatingCommonSubexpressions()
    #expect(count(merged) == 1)
  }

  @Test func orderOfCommutingOperandsDoesNotMatter() throws {
    var graph = Graph()
    let x = graph.source(.parameter(0), type: TensorType([2]))
    let y = graph.source(.parameter(1), type: TensorType([2]))
    let outputs = try [
      graph.multiply(x, y), graph.multiply(y, x), graph.add(x, y), graph.add(y, x), graph.subtract(x, y),
      graph.subtract(y, x),
    ]
    let merged = try Function(graph: graph, outputs: outputs).eliminatingCommonSubexpressions()
    #expect(merged.outputs[0] == merged.outputs[1] && merged.outputs[2] == merged.outputs[3])
    #expect(Set(merged.outputs).count == 4)
  }

  @Test func neutralElementsGo() throws {
    var graph = Graph()
    let x = graph.source(.parameter(0), type: TensorType([2, 3]))
    let zero = try graph.constant(0, [2, 3])
    let one = try graph.broadcast(graph.constant(1, [3]), to: [2, 3], dimensions: [1])
    let same = try [
      graph.add(x, zero), graph.add(zero, x), graph.subtract(x, zero), graph.multiply(x, one), graph.multiply(one, x),
      graph.divide(x, one), graph.negate(graph.negate(x)), graph.stopGradient(x),
      graph.select(graph.constant(1, [2, 3], .bool), x, zero),
      graph.select(graph.constant(0, [2, 3], .bool), zero, x),
    ]
    let result = try Function(graph: graph, outputs: same).foldingConstants().eliminatingDeadCode()
    #expect(count(result) == 1)
    #expect(Set(result.outputs).count == 1)
  }

  @Test func constantsFold() throws {
    var graph = Graph()
    let x = graph.source(.parameter(0), type: TensorType([2, 3]))
    let four = try graph.constant(4, [2, 3])
    let folded: [(Value, Double)] = try [
      (graph.apply(.sqrt, four), 2), (graph.divide(graph.constant(1, [2, 3]), four), 0.25),
      (graph.multiply(x, 0), 0), (graph.subtract(x, x), 0), (graph.subtract(x, graph.stopGradient(x)), 0),
      (graph.allReduce(four, slices: 3), 12), (graph.reduce(.sum, four, over: [1]), 12),
      (graph.reduce(.maximum, four, over: [0]), 4),
      (graph.reshape(four, to: [6]), 4), (graph.dense(x, weight: graph.constant(0, [5, 3])), 0),
      (graph.select(graph.compare(x, .less, four), four, graph.constant(4, [2, 3])), 4),
    ]
    let result = try Function(graph: graph, outputs: folded.map(\.0)).foldingConstants()
    for (output, (value, number)) in zip(result.outputs, folded) {
      #expect(result.graph[output].primitive is Constant)
      #expect(result.graph.splat(output) == number)
      #expect(result.graph.type(of: output) == graph.type(of: value))
    }
  }

  /// A value repeated twice is repeated once, one reshaped twice is reshaped once or not at all.
  /// relu before overlapping maximum pooling: forwards and backwards only pooled pixels are masked, with the same result.
  @Test func masksMoveToPooledPixels() throws {
    var graph = Graph()
    let shape = [2, 3, 7, 6]
    let x = graph.source(.parameter(0), type: TensorType(shape))
    let windows = PoolingWindows(
      rows: .sliding(over: 7, size: 3, stride: 2), columns: .sliding(over: 6, size: 2, stride: 1))
    let pooled = try graph.maximumPool(graph.maximum(x, graph.constant(0, shape)), windows)
    let loss = try graph.reduce(.sum, graph.multiply(pooled, graph.apply(.tanh, pooled)), over: [0, 1, 2, 3])
    let gradient = try graph.gradient(of: loss, at: [x])
    let function = Function(graph: graph, outputs: gradient)
    let masked = try function.foldingConstants().fusingMasks()
    let result = try masked.poolingBeforeMasks().eliminatingDeadCode()
    func masks(_ function: Function) -> [[Int]] {
      function.graph.nodes.filter { $0.primitive.name == "mask_positive" }.map(\.type.shape)
    }
    #expect(masks(masked) == [shape])
    #expect(masks(result) == [graph.shape(of: pooled)])
    var stream = RandomStream(seed: 4, purpose: "pixels")
    let sources = [Source.parameter(0): (0..<252).map { _ in Double.random(in: -1...1, using: &stream) }]
    let expected = try NaiveInterpreter(function.graph, sources: sources).evaluate(function.outputs)
    let actual = try NaiveInterpreter(result.graph, sources: sources).evaluate(result.outputs)
    #expect(actual == expected)
    #expect(expected[0].contains { $0 != 0 })
  }

  @Test func chainsOfShapesJoin() throws {
    var graph = Graph()
    let x = graph.source(.parameter(0), type: TensorType([3]))
    let twice = try graph.broadcast(
      graph.broadcast(x, to: [2, 3], dimensions: [1]), to: [2, 4, 3], dimensions: [0, 2])
    let back = try graph.reshape(graph.reshape(x, to: [1, 3]), to: [3])
    let result = try Function(graph: graph, outputs: [twice, back]).foldingConstants().eliminatingDeadCode()
    #expect(count(result) == 2)
    let broadcast = result.graph[result.outputs[0]].primitive as? BroadcastInDim
    #expect(broadcast?.dimensions == [2] && broadcast?.shape == [2, 4, 3])
    #expect(result.graph[result.outputs[1]].primitive is Source)
  }
}
