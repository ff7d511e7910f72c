import Autodiff
import Networks
import Tensors
import TestSupport
import Testing

/// Normalisation layers against their formulas, values and derivatives.
struct NormalizationLayerTests {
  /// (x − mean) / √(variance + ε) over `members`, the positions normalised together.
  private func normalized(_ x: [Double], groups: [[Int]], epsilon: Double) -> [Double] {
    var y = x
    for members in groups {
      let mean = members.reduce(0) { $0 + x[$1] } / Double(members.count)
      let variance = members.reduce(0) { $0 + (x[$1] - mean) * (x[$1] - mean) } / Double(members.count)
      for i in members { y[i] = (x[i] - mean) / (variance + epsilon).squareRoot() }
    }
    return y
  }

  /// Outputs of a layer on 3 samples [4, 2, 3] with other weights than those it begins with.
  private func run(_ layer: any Layer, _ mode: BatchNormalizationMode? = nil) throws -> (
    x: [Double], y: [Double], weight: [Double], bias: [Double]
  ) {
    var network = try Network(input: [4, 2, 3], seed: 7, layers: Sequential([layer]))
    let theta = ConvolutionLayerTests.numbers(network.parameterCount, seed: 8)
    network = try network.withParameters(Vector(theta))
    if let mode {
      network = try network.withBatchNormalization(mode)
      network = try network.withLiterals([0: [0.1, -0.3, 0.2, 2], 1: [0.5, 2, 1e-3, 0]])
    }
    var graph = Graph()
    let instance = try network.instantiate(batch: 3, in: &graph)
    let x = ConvolutionLayerTests.numbers(72, seed: 9)
    var sources = parameterSources(network)
    sources[.data(.inputs)] = x
    let y = try NaiveInterpreter(graph, sources: sources).evaluate([instance.outputs])[0]
    let half = theta.count / 2
    return (x, y, Array(theta[..<half]), Array(theta[half...]))
  }

  /// Position i of [3, 4, 2, 3] has channel i / 6 % 4 and sample i / 24.
  private static func positions(_ isMember: (Int) -> Int) -> [[Int]] {
    let keys = (0..<72).map(isMember)
    return Set(keys).sorted().map { key in (0..<72).filter { keys[$0] == key } }
  }

  /// x · weight + bias, the entry of both at `key` of a position.
  private func scaled(_ x: [Double], _ weight: [Double], _ bias: [Double], _ key: (Int) -> Int) -> [Double] {
    x.indices.map { i in
      let k = key(i)
      return x[i] * weight[k] + bias[k]
    }
  }

  private static func channel(_ i: Int) -> Int { i / 6 % 4 }

  @Test func batchNormalization() throws {
    let (x, y, weight, bias) = try run(BatchNormalization(4, epsilon: 1e-3), .batch)
    let normal = normalized(x, groups: Self.positions(Self.channel), epsilon: 1e-3)
    #expect(relativeError(y, scaled(normal, weight, bias, Self.channel)) < 1e-14)

    let stored = try run(BatchNormalization(4, epsilon: 1e-3), .running)
    let mean = [0.1, -0.3, 0.2, 2]
    let variance = [0.5, 2, 1e-3, 0]
    let centred = stored.x.enumerated().map { i, value in
      let c = Self.channel(i)
      return (value - mean[c]) / (variance[c] + 1e-3).squareRoot()
    }
    #expect(relativeError(stored.y, scaled(centred, stored.weight, stored.bias, Self.channel)) < 1e-14)
    #expect(try run(BatchNormalization(4, epsilon: 1e-3), .population).y == stored.y)
    #expect(try run(BatchNormalization(4, epsilon: 1e-3), .populationDifferentiated).y == y)
  }

  @Test func withoutScale() throws {
    let (x, y, _, _) = try run(BatchNormalization(4, affine: false), .batch)
    #expect(relativeError(y, normalized(x, groups: Self.positions(Self.channel), epsilon: 1e-5)) < 1e-14)
  }

  @Test func groups() throws {
    for groups in [1, 2, 4] {
      let (x, y, weight, bias) = try run(GroupNormalization(groups: groups, channels: 4))
      let members = Self.positions { i in i / 24 * 4 + Self.channel(i) / (4 / groups) }
      let normal = normalized(x, groups: members, epsilon: 1e-5)
      #expect(relativeError(y, scaled(normal, weight, bias, Self.channel)) < 1e-14)
    }
    let (x, y, _, _) = try run(InstanceNormalization(4))
    #expect(relativeError(y, normalized(x, groups: Self.positions { $0 / 6 }, epsilon: 1e-5)) < 1e-14)
  }

  @Test func layers() throws {
    let (x, y, weight, bias) = try run(LayerNormalization(2, 3, epsilon: 0.1))
    let normal = normalized(x, groups: Self.positions { $0 / 6 }, epsilon: 0.1)
    #expect(relativeError(y, scaled(normal, weight, bias) { $0 % 6 }) < 1e-14)
  }

  /// Literals, their names, and the mode a network of layers begins with.
  @Test func literals() throws {
    let network = try Network(input: [2], seed: 0) {
      Dense(2, 3)
      Residual { BatchNormalization(3) }
      Dropout(0.3)
    }
    #expect(network.literals.map(\.name) == ["1.body.0.running_mean", "1.body.0.running_var"])
    #expect(network.literals.map { $0.values.values(as: Double.self) } == [[0, 0, 0], [1, 1, 1]])
    #expect(network.parameters.map(\.name).suffix(2) == ["1.body.0.weight", "1.body.0.bias"])
    #expect(network.batchNormalization == .running)
    let plain = try Network(input: [2], seed: 0) { Dense(2, 3) }
    #expect(plain.batchNormalization == nil)
    let error = #expect(throws: InputError.self) { try plain.withBatchNormalization(.batch) }
    #expect(error?.description.contains("has no batch normalisation") == true)
  }

  /// Second derivatives through the statistics against differences of the gradient. The layers are analytic:
  /// differences of fourth order with steps h = 3e-4 are right to h⁴ times a fifth derivative and to the rounding of
  /// the gradient over h, both below 1e-9.
  @Test(arguments: [BatchNormalizationMode.batch, .running]) func secondDerivatives(_ mode: BatchNormalizationMode)
    throws
  {
    let network = try Network(input: [2, 3, 3], seed: 4) {
      Convolution2D(2, 3, filter: 2, padding: .same)
      BatchNormalization(3)
      Tanh()
      GroupNormalization(groups: 3, channels: 3)
      AveragePooling2D(2)
      Flatten()
      Dense(3, 2)
      LayerNormalization(2, epsilon: 0.5)
    }.withBatchNormalization(mode)
    var graph = Graph()
    let instance = try network.instantiate(batch: 4, in: &graph)
    let shape = graph.shape(of: instance.outputs)
    let softplus = try graph.softplus(instance.outputs)
    let loss = try graph.reduce(.sum, softplus, over: Array(shape.indices))
    let gradient = try graph.gradient(of: loss, at: instance.parameters)
    let directions = network.parameters.enumerated().map { graph.source(.vector($0), type: TensorType($1.shape)) }
    let tangents = try graph.linearize(gradient, at: instance.parameters, along: directions)
    let products = try zip(tangents, instance.parameters).map { try $0 ?? graph.constant(0, graph.shape(of: $1)) }
    let theta = network.parameterVector(as: Double.self).elements
    let v = ConvolutionLayerTests.numbers(theta.count, seed: 5)
    func evaluate(_ theta: [Double], _ outputs: [Value]) throws -> [Double] {
      var sources = parameterSources(try network.withParameters(Vector(theta)))
      sources[.data(.inputs)] = ConvolutionLayerTests.numbers(72, seed: 6)
      var start = 0
      for (index, parameter) in network.parameters.enumerated() {
        sources[.vector(index)] = Array(v[start..<start + parameter.count])
        start += parameter.count
      }
      return try NaiveInterpreter(graph, sources: sources).evaluate(outputs).flatMap { $0 }
    }
    let step = 3e-4
    var differences = [Double](repeating: 0, count: theta.count)
    for (factor, distance) in [(8.0, 1.0), (-8, -1), (-1, 2), (1, -2)] {
      let moved = try evaluate(zip(theta, v).map { $0 + distance * step * $1 }, gradient)
      for (i, entry) in moved.enumerated() { differences[i] += factor * entry / (12 * step) }
    }
    #expect(relativeError(try evaluate(theta, products), differences) < 1e-8)
  }
}
