import Autodiff
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// What an export says and the importer must carry over: operators, layouts, ties, literals.
struct ExportedProgramTests {
  static func load(_ fixture: ExportFixture) throws -> Network {
    try Network(exportedProgram: fixture.bytes(), file: "model.pt2")
  }

  static func outputs(_ network: Network, batch: Int, _ x: [Double]) throws -> [Double] {
    var graph = Graph()
    let instance = try network.instantiate(batch: batch, in: &graph)
    var sources = parameterSources(network)
    sources[.data(.inputs)] = x
    return try NaiveInterpreter(graph, sources: sources).evaluate([instance.outputs])[0]
  }

  static let x: [Double] = [-2, 0, 0.5, 3, 25, -0.25]

  @Test func network() throws {
    let network = try Self.load(.network)
    #expect(network.parameters.map(\.name) == ["0.weight", "0.bias", "2.weight"])
    #expect(network.input == Network.Input(sampleShape: [3]) && network.batch == .dynamic)
    #expect(network.source == "PyTorch export (torch 2.15.0)")
    let same = try Network(input: [3], seed: 0) {
      Dense(3, 4)
      ReLU()
      Dense(4, 2, bias: false)
    }.withParameters(network.parameterVector(as: Double.self))
    #expect(try Self.outputs(network, batch: 2, Self.x) == Self.outputs(same, batch: 2, Self.x))
  }

  struct Operation: Sendable, CustomTestStringConvertible {
    let target: String
    let arguments: [(String, String)]
    var parameter = [3]
    var result = ["N", "3"]
    /// The result for x [2, 3] and w = 0.25, 0.5, …
    let expected: @Sendable (_ x: [Double], _ w: [Double]) -> [Double]
    var testDescription: String { target }
  }

  static func each(
    _ target: String, _ arguments: [(String, String)] = [], _ function: @escaping @Sendable (Double) -> Double
  ) -> Operation {
    Operation(target: target, arguments: [("self", t("x"))] + arguments) { x, _ in x.map(function) }
  }

  static func pair(
    _ target: String, _ arguments: [(String, String)], _ function: @escaping @Sendable (Double, Double) -> Double
  ) -> Operation {
    Operation(target: target, arguments: arguments) { x, w in x.indices.map { function(x[$0], w[$0 % 3]) } }
  }

  static func number(_ name: String, _ value: Double) -> [(String, String)] {
    [(name, #"{"as_float": \#(value)}"#)]
  }

  static func softplus(_ x: Double) -> Double { x > 20 ? x : log1p(exp(x)) }
  static func sharpSoftplus(_ x: Double) -> Double {
    let scaled: Double = 2 * x
    return scaled > 1 ? x : log1p(exp(scaled)) / 2
  }
  static func gelu(_ x: Double) -> Double {
    let distribution: Double = (1 + erf(x / 2.0.squareRoot())) / 2
    return x * distribution
  }
  static func approximateGELU(_ x: Double) -> Double {
    let cubic: Double = x + 0.044715 * x * x * x
    let factor: Double = (2 / Double.pi).squareRoot()
    return x / 2 * (1 + tanh(factor * cubic))
  }
  static func selu(_ x: Double) -> Double {
    let below: Double = 1.6732632423543772 * expm1(x)
    return 1.0507009873554805 * (x > 0 ? x : below)
  }
  static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  static let functions: [Operation] = [
    each("aten.relu.default") { x in max(x, 0) },
    each("aten.relu_.default") { x in max(x, 0) },
    each("aten.tanh.default") { x in tanh(x) },
    each("aten.sigmoid.default", [], logistic),
    each("aten.silu.default") { x in x * logistic(x) },
    each("aten.neg.default") { x in -x },
    each("aten.exp.default") { x in exp(x) },
    each("aten.abs.default") { x in abs(x) },
    each("aten.square.default") { x in x * x },
    each("aten.erf.default") { x in erf(x) },
    each("aten.log_sigmoid.default") { x in -log1p(exp(-x)) },
    each("aten.selu.default", [], selu),
    each("aten.celu.default", number("alpha", 2)) { x in x > 0 ? x : 2 * expm1(x / 2) },
    each("aten.leaky_relu.default") { x in x > 0 ? x : 0.01 * x },
    each("aten.leaky_relu.default", number("negative_slope", 0.3)) { x in x > 0 ? x : 0.3 * x },
    each("aten.elu.default", number("alpha", 0.5)) { x in x > 0 ? x : 0.5 * expm1(x) },
    each("aten.gelu.default", [], gelu),
    each("aten.gelu.default", [("approximate", #"{"as_string": "tanh"}"#)], approximateGELU),
    each("aten.softplus.default", [], softplus),
    each("aten.softplus.default", [("beta", #"{"as_int": 2}"#)] + number("threshold", 1), sharpSoftplus),
    each("aten.clone.default", [("memory_format", #"{"as_memory_format": 1}"#)]) { x in x },
    each("aten.detach.default") { x in x },
    each("aten.alias.default") { x in x },
  ]

  static let arithmetic: [Operation] = [
    each("aten.add.Tensor", [("other", #"{"as_int": 3}"#)] + number("alpha", 0.5)) { x in x + 1.5 },
    each("aten.sub.Scalar", number("other", 3)) { x in x - 3 },
    each("aten.mul.Scalar", number("other", 3)) { x in x * 3 },
    each("aten.div.Tensor", number("other", 3)) { x in x / 3 },
    each("aten.rsub.Scalar", number("other", 3) + number("alpha", 2)) { x in 3 - 2 * x },
    pair("aten.add.Tensor", [("self", t("x")), ("other", t("p_w"))] + number("alpha", 2)) { x, w in x + 2 * w },
    pair("aten.add_.Tensor", [("self", t("x")), ("other", t("p_w"))]) { x, w in x + w },
    pair("aten.sub.Tensor", [("self", t("p_w")), ("other", t("x"))]) { x, w in w - x },
    pair("aten.mul.Tensor", [("self", t("x")), ("other", t("p_w"))]) { x, w in x * w },
    pair("aten.div.Tensor", [("self", t("x")), ("other", t("p_w"))]) { x, w in x / w },
    pair("aten.rsub.Tensor", [("self", t("x")), ("other", t("p_w"))]) { x, w in w - x },
  ]

  static let matrixProducts: [Operation] = [
    Operation(
      target: "aten.mm.default", arguments: [("self", t("x")), ("mat2", t("p_w"))], parameter: [3, 2],
      result: ["N", "2"], expected: { x, w in product(x, w, columns: 2) }),
    Operation(
      target: "aten.matmul.default", arguments: [("self", t("x")), ("other", t("p_w"))], parameter: [3, 2],
      result: ["N", "2"], expected: { x, w in product(x, w, columns: 2) }),
    Operation(
      target: "aten.addmm.default",
      arguments: [("self", t("x")), ("mat1", t("x")), ("mat2", t("p_w")), ("beta", #"{"as_int": 2}"#)],
      parameter: [3, 3], expected: { x, w in zip(product(x, w, columns: 3), x).map { sum, x in sum + 2 * x } }),
  ]

  static let shapes: [Operation] = [
    Operation(
      target: "aten.dropout.default",
      arguments: [("input", t("x"))] + number("p", 0.5) + [("train", #"{"as_bool": false}"#)]
    ) { x, _ in x },
    Operation(
      target: "aten.t.default", arguments: [("self", t("x"))], result: ["3", "N"],
      expected: { x, _ in [x[0], x[3], x[1], x[4], x[2], x[5]] }),
    Operation(
      target: "aten.flatten.using_ints", arguments: [("self", t("x")), ("start_dim", #"{"as_int": 1}"#)],
      expected: { x, _ in x }),
    Operation(
      target: "aten.view.default", arguments: [("self", t("x")), ("size", #"{"as_ints": [-1, 3, 1]}"#)],
      result: ["N", "3", "1"], expected: { x, _ in x }),
    Operation(
      target: "aten.unsqueeze.default", arguments: [("self", t("x")), ("dim", #"{"as_int": -1}"#)],
      result: ["N", "3", "1"], expected: { x, _ in x }),
    Operation(
      target: "aten.softmax.int", arguments: [("self", t("x")), ("dim", #"{"as_int": -1}"#)],
      expected: { x, _ in softmaxRows(x) }),
    Operation(
      target: "aten.log_softmax.int",
      arguments: [("self", t("x")), ("dim", #"{"as_int": 1}"#), ("dtype", #"{"as_none": true}"#)],
      expected: { x, _ in softmaxRows(x).map { log($0) } }),
  ]

  static let operations: [Operation] = functions + arithmetic + matrixProducts + shapes

  static func softmaxRows(_ x: [Double]) -> [Double] {
    LossTests.softmax(Array(x[..<3])) + LossTests.softmax(Array(x[3...]))
  }

  /// x [2, 3] times w [3, columns].
  static func product(_ x: [Double], _ w: [Double], columns: Int) -> [Double] {
    var result: [Double] = []
    for row in 0..<2 {
      for column in 0..<columns {
        var sum = 0.0
        for k in 0..<3 { sum += x[row * 3 + k] * w[k * columns + column] }
        result.append(sum)
      }
    }
    return result
  }

  @Test(arguments: operations) func operators(_ operation: Operation) throws {
    var fixture = ExportFixture()
    let count = operation.parameter.reduce(1, *)
    let w = (0..<count).map { 0.25 * Double($0 + 1) }
    fixture.add("w", operation.parameter, w)
    fixture.node("y", operation.target, operation.arguments)
    fixture.shapes["y"] = operation.result
    let network = try Self.load(fixture)
    let expected = operation.expected(Self.x, w)
    let outputs = try Self.outputs(network, batch: 2, Self.x)
    #expect(relativeError(outputs, expected) < 1e-14)
  }

  /// A size read from the input, arithmetic with it, and a reshape to the result; also at a batch of one.
  @Test func symbolicSizes() throws {
    var fixture = ExportFixture.network
    fixture.node(
      "n", "aten.sym_size.int", [("self", t("x")), ("dim", #"{"as_int": 0}"#)],
      output: #"{"as_sym_int": {"as_name": "n"}}"#)
    fixture.node(
      "m", "_operator.mul", [("a", #"{"as_sym_int": {"as_name": "n"}}"#), ("b", #"{"as_sym_int": {"as_int": 2}}"#)],
      output: #"{"as_sym_int": {"as_name": "m"}}"#)
    fixture.node(
      "z", "aten.view.default",
      [("self", t("y")), ("size", #"{"as_sym_ints": [{"as_name": "m"}, {"as_int": 1}]}"#)])
    fixture.shapes["z"] = ["10", "1"]
    fixture.outputs = ["z"]
    let network = try Self.load(fixture)
    let plain = try Self.load(.network)
    #expect(try Self.outputs(network, batch: 2, Self.x) == Self.outputs(plain, batch: 2, Self.x))
    #expect(try Self.outputs(network, batch: 1, [1, 2, 3]) == Self.outputs(plain, batch: 1, [1, 2, 3]))
  }

  @Test func fixedBatch() throws {
    var fixture = ExportFixture.network
    fixture.shapes = fixture.shapes.mapValues { $0.map { $0 == "N" ? "5" : $0 } }
    #expect(try Self.load(fixture).batch == .fixed(5))
  }

  /// What is read after an operator in place is its result; what it changed behind another name is refused.
  @Test func operatorsInPlace() throws {
    var fixture = ExportFixture.operation(
      "aten.mul.Tensor", [("self", t("x")), ("other", t("p_w"))], result: ["N", "3"])
    fixture.node("r", "aten.relu_.default", [("self", t("y"))])
    fixture.node("s", "aten.add.Tensor", [("self", t("y")), ("other", t("r"))])
    fixture.shapes.merge(["r": ["N", "3"], "s": ["N", "3"]]) { $1 }
    fixture.outputs = ["s"]
    var expected: [Double] = []
    for (i, x) in Self.x.enumerated() {
      let product: Double = x * 0.25 * Double(i % 3 + 1)
      expected.append(2 * max(0, product))
    }
    let values = try Self.outputs(Self.load(fixture), batch: 2, Self.x)
    #expect(values == expected)

    var views = ExportFixture.operation(
      "aten.mul.Tensor", [("self", t("x")), ("other", t("p_w"))], result: ["N", "3"])
    views.node("v", "aten.alias.default", [("self", t("y"))])
    views.node("r", "aten.relu_.default", [("self", t("v"))])
    views.node("s", "aten.neg.default", [("self", t("y"))])
    views.shapes.merge(["v": ["N", "3"], "r": ["N", "3"], "s": ["N", "3"]]) { $1 }
    views.outputs = ["s"]
    let error = #expect(throws: InputError.self) { try Self.load(views) }
    #expect(error?.remedy?.contains("inplace=False") == true)
  }

  @Test func tiedWeights() throws {
    var fixture = ExportFixture.operation(
      "aten.linear.default", [("input", t("x")), ("weight", t("p_w"))], result: ["N", "3"], parameter: [3, 3])
    var second = fixture.arrays[0]
    second.name = "head.weight"
    second.value = "p_head"
    fixture.arrays.append(second)
    fixture.node("z", "aten.linear.default", [("input", t("y")), ("weight", t("p_head"))])
    fixture.shapes["z"] = ["N", "3"]
    fixture.outputs = ["z"]
    let network = try Self.load(fixture)
    #expect(network.parameters.map(\.name) == ["w"] && network.parameters[0].aliases == ["head.weight"])

    fixture.arrays[1].shape = [2, 3]
    let error = #expect(throws: InputError.self) { try Self.load(fixture) }
    #expect(error?.problem.contains("shares a part of its memory") == true)
  }

  /// Frozen weights and buffers are literals where the graph reads them, and absent where it does not.
  @Test func literals() throws {
    var fixture = ExportFixture.network
    fixture.arrays[1].requiresGradient = false
    fixture.add("unused", [2], [.nan, 1])
    fixture.arrays[3].kind = "buffer"
    fixture.arrays[2].kind = "buffer"
    let network = try Self.load(fixture)
    #expect(network.parameters.map(\.name) == ["0.weight"])
    #expect(network.literals.map(\.name) == ["0.bias", "2.weight"])
    #expect(try Self.outputs(network, batch: 2, Self.x) == Self.outputs(Self.load(.network), batch: 2, Self.x))
  }

  /// A transposed weight with an offset, in both byte orders.
  @Test func stridesAndByteOrder() throws {
    var fixture = ExportFixture.network
    let plain = try Self.load(fixture)
    let w = plain.parameters[0].values.values(as: Double.self)
    var storage = [Double](repeating: 99, count: 15)
    for row in 0..<4 { for column in 0..<3 { storage[2 + column * 4 + row] = w[row * 3 + column] } }
    fixture.arrays[0].strides = [1, 4]
    fixture.arrays[0].offset = 2
    let name = fixture.arrays[0].storage
    fixture.storages[name] = storage.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { [UInt8]($0) } }
    #expect(try Self.load(fixture).parameters[0].values == plain.parameters[0].values)
    fixture.byteOrder = "big"
    for (name, bytes) in fixture.storages {
      fixture.storages[name] = stride(from: 0, to: bytes.count, by: 8).flatMap { bytes[$0..<$0 + 8].reversed() }
    }
    #expect(try Self.load(fixture).parameters[0].values == plain.parameters[0].values)
  }

  /// Half precisions are widened exactly: 1, −2, the least subnormal, the largest number, one third.
  @Test func halfPrecisions() throws {
    func values(_ type: Int, _ bits: [UInt16]) throws -> StoredValues {
      var fixture = ExportFixture.operation(
        "aten.add.Tensor", [("self", t("x")), ("other", t("p_w"))], result: ["N", "5"], parameter: [5])
      fixture.shapes["x"] = ["N", "5"]
      fixture.arrays[0].elementType = type
      fixture.storages[fixture.arrays[0].storage] = bits.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      return try Self.load(fixture).parameters[0].values
    }
    #expect(
      try values(6, [0x3c00, 0xc000, 1, 0x7bff, 0x3555])
        == .single([1, -2, 0x1p-24, 65504, 0.333251953125]))
    #expect(
      try values(13, [0x3f80, 0xc000, 1, 0x7f7f, 0x3eab])
        == .single([1, -2, 0x1p-133, 0x1.fep127, 0.333984375]))
  }

  @Test func endings() throws {
    func ending(_ target: String) throws -> OutputEnding {
      var fixture = ExportFixture.network
      let dimension = target.contains("softmax") ? [("dim", #"{"as_int": 1}"#)] : []
      fixture.node("s", target, [("self", t("y"))] + dimension)
      fixture.node("v", "aten.view.default", [("self", t("s")), ("size", #"{"as_ints": [-1, 2]}"#)])
      fixture.shapes.merge(["s": ["N", "2"], "v": ["N", "2"]]) { $1 }
      fixture.outputs = ["v"]
      return try Self.load(fixture).ending
    }
    #expect(try ending("aten.softmax.int") == .softmax)
    #expect(try ending("aten.log_softmax.int") == .logSoftmax)
    #expect(try ending("aten.sigmoid.default") == .sigmoid)
    #expect(try ending("aten.relu.default") == .linear)
  }
}
