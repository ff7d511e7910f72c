import Autodiff
import Networks
import Tensors
import TestSupport
import Testing

// Arguments as the format writes them.
private func ints(_ numbers: Int...) -> String { #"{"as_ints": \#(numbers)}"# }
private func int(_ number: Int) -> String { #"{"as_int": \#(number)}"# }
private func float(_ number: Double) -> String { #"{"as_float": \#(number)}"# }
private func flag(_ value: Bool) -> String { #"{"as_bool": \#(value)}"# }
private func text(_ value: String) -> String { #"{"as_string": "\#(value)"}"# }
private let none = #"{"as_none": true}"#

/// Operators of convolutional networks in exports, against layers of ours, which their own tests hold against definitions.
struct ConvolutionExportTests {
  struct Operation: Sendable, CustomTestStringConvertible {
    let target: String
    let arguments: [(String, String)]
    /// One sample of x.
    var input = [4, 6, 7]
    /// The shape of w.
    var parameter = [1]
    /// One sample of the result.
    let result: [Int]
    /// Names of the results, where there are several.
    var results: [String]?
    let layer: any Layer
    var testDescription: String { "\(target) \(arguments.map { $0.0 + $0.1 }.joined())" }

    var fixture: ExportFixture {
      var fixture = ExportFixture()
      fixture.add("w", parameter, ConvolutionLayerTests.numbers(parameter.reduce(1, *), seed: 2))
      let output = results.map { $0.map(t).joined(separator: ", ") }
      fixture.node("y", target, arguments, output: output)
      fixture.shapes["x"] = ["N"] + input.map(String.init)
      fixture.shapes["y"] = ["N"] + result.map(String.init)
      return fixture
    }
  }

  private static let x = ("self", t("x"))
  private static let operands = [("input", t("x")), ("weight", t("p_w"))]

  static let operations = [
    Operation(
      target: "aten.conv2d.default",
      arguments: operands + [
        ("bias", none), ("stride", ints(2, 1)), ("padding", ints(1, 2)), ("dilation", ints(1, 2)),
      ],
      parameter: [6, 4, 3, 3], result: [6, 3, 7],
      layer: Convolution2D(4, 6, filter: 3, stride: [2, 1], padding: [1, 2], dilation: [1, 2], bias: false)),
    Operation(
      target: "aten.conv2d.padding", arguments: operands + [("bias", none), ("padding", text("same"))],
      parameter: [6, 2, 3, 4], result: [6, 6, 7],
      layer: Convolution2D(4, 6, filter: [3, 4], padding: .same, groups: 2, bias: false)
    ).adding(("groups", int(2))),
    Operation(
      target: "aten.conv2d.padding", arguments: operands + [("padding", text("valid"))], parameter: [6, 4, 3, 3],
      result: [6, 4, 5], layer: Convolution2D(4, 6, filter: 3, bias: false)),
    Operation(
      target: "aten.conv1d.default", arguments: operands + [("stride", ints(2))], input: [4, 9], parameter: [6, 4, 3],
      result: [6, 4], layer: Convolution1D(4, 6, filter: 3, stride: 2, bias: false)),
    Operation(
      target: "aten.conv1d.padding", arguments: operands + [("padding", text("same"))], input: [4, 9],
      parameter: [6, 4, 3], result: [6, 9], layer: Convolution1D(4, 6, filter: 3, padding: .same, bias: false)),
    Operation(
      target: "aten.conv_transpose2d.input",
      arguments: operands + [("stride", ints(2, 2)), ("output_padding", ints(1, 0)), ("groups", int(2))],
      parameter: [4, 3, 3, 3], result: [6, 14, 15],
      layer: TransposedConvolution2D(4, 6, filter: 3, stride: 2, outputPadding: [1, 0], groups: 2, bias: false)),
    Operation(
      target: "aten.conv_transpose1d.default", arguments: operands + [("stride", ints(3))], input: [4, 5],
      parameter: [4, 6, 2], result: [6, 14], layer: TransposedConvolution1D(4, 6, filter: 2, stride: 3, bias: false)),
    Operation(
      target: "aten.convolution.default",
      arguments: operands + [
        ("bias", none), ("stride", ints(1, 1)), ("padding", ints(1, 1)), ("dilation", ints(1, 1)),
        ("transposed", flag(false)), ("output_padding", ints(0, 0)), ("groups", int(4)),
      ], parameter: [4, 1, 3, 3], result: [4, 6, 7],
      layer: Convolution2D(4, 4, filter: 3, padding: 1, groups: 4, bias: false)),
    Operation(
      target: "aten.convolution.default",
      arguments: operands + [
        ("bias", none), ("stride", ints(2, 2)), ("padding", ints(1, 1)), ("dilation", ints(1, 1)),
        ("transposed", flag(true)), ("output_padding", ints(1, 1)), ("groups", int(1)),
      ], parameter: [4, 5, 3, 3], result: [5, 12, 14],
      layer: TransposedConvolution2D(4, 5, filter: 3, stride: 2, padding: 1, outputPadding: 1, bias: false)),
    Operation(
      target: "aten.max_pool2d.default",
      arguments: [x, ("kernel_size", ints(3, 3)), ("stride", ints(2, 2)), ("padding", ints(1, 1))], result: [4, 3, 4],
      layer: MaxPooling2D(3, stride: 2, padding: 1)),
    Operation(
      target: "aten.max_pool2d_with_indices.default",
      arguments: [x, ("kernel_size", ints(2, 2)), ("ceil_mode", flag(true))],
      result: [4, 3, 4], results: ["y", "indices"], layer: MaxPooling2D(2, roundsUp: true)),
    Operation(
      target: "aten.max_pool1d.default", arguments: [x, ("kernel_size", ints(2)), ("stride", ints())], input: [4, 9],
      result: [4, 4], layer: MaxPooling1D(2)),
    Operation(
      target: "aten.avg_pool2d.default",
      arguments: [
        x, ("kernel_size", ints(3)), ("stride", ints(2)), ("padding", ints(1)), ("count_include_pad", flag(false)),
      ],
      result: [4, 3, 4], layer: AveragePooling2D(3, stride: 2, padding: 1, countsPadding: false)),
    Operation(
      target: "aten.avg_pool1d.default", arguments: [x, ("kernel_size", ints(2))], input: [4, 9], result: [4, 4],
      layer: AveragePooling1D(2)),
    Operation(
      target: "aten.adaptive_avg_pool2d.default", arguments: [x, ("output_size", ints(1, 1))], result: [4, 1, 1],
      layer: AdaptiveAveragePooling2D(1)),
    Operation(
      target: "aten.adaptive_avg_pool2d.default", arguments: [x, ("output_size", ints(2, 3))], result: [4, 2, 3],
      layer: AdaptiveAveragePooling2D([2, 3])),
    Operation(
      target: "aten.adaptive_avg_pool1d.default", arguments: [x, ("output_size", ints(2))], input: [4, 9],
      result: [4, 2], layer: AdaptiveAveragePooling1D(2)),
    Operation(
      target: "aten.adaptive_max_pool2d.default", arguments: [x, ("output_size", ints(2, 2))], result: [4, 2, 2],
      results: ["y", "indices"], layer: AdaptiveMaxPooling2D(2)),
    Operation(
      target: "aten.adaptive_max_pool1d.default", arguments: [x, ("output_size", ints(3))], input: [4, 9],
      result: [4, 3], results: ["y", "indices"], layer: AdaptiveMaxPooling1D(3)),
    Operation(
      target: "aten.mean.dim", arguments: [x, ("dim", ints(-1, 2))], result: [4],
      layer: Sequential {
        AdaptiveAveragePooling2D(1)
        Flatten()
      }),
    Operation(
      target: "aten.mean.dim", arguments: [x, ("dim", ints(2, 3)), ("keepdim", flag(true))], result: [4, 1, 1],
      layer: AdaptiveAveragePooling2D(1)),
    Operation(
      target: "aten.group_norm.default", arguments: [("input", t("x")), ("num_groups", int(2)), ("eps", float(0.1))],
      result: [4, 6, 7], layer: GroupNormalization(groups: 2, channels: 4, epsilon: 0.1, affine: false)),
    Operation(
      target: "aten.native_group_norm.default",
      arguments: [
        ("input", t("x")), ("weight", none), ("bias", none), ("N", int(5)), ("C", int(4)), ("HxW", int(42)),
        ("group", int(4)), ("eps", float(0.1)),
      ], result: [4, 6, 7], results: ["y", "mean", "rstd"], layer: InstanceNormalization(4, epsilon: 0.1)),
    Operation(
      target: "aten.instance_norm.default",
      arguments: [("input", t("x")), ("use_input_stats", flag(true)), ("momentum", float(0.1)), ("eps", float(0.1))],
      result: [4, 6, 7], layer: InstanceNormalization(4, epsilon: 0.1)),
    Operation(
      target: "aten.layer_norm.default", arguments: [("input", t("x")), ("normalized_shape", ints(6, 7))],
      result: [4, 6, 7], layer: LayerNormalization(6, 7, affine: false)),
    Operation(
      target: "aten.native_layer_norm.default",
      arguments: [("input", t("x")), ("normalized_shape", ints(7)), ("weight", t("p_w")), ("eps", float(1e-5))],
      parameter: [7], result: [4, 6, 7], results: ["y", "mean", "rstd"],
      layer: Sequential {
        LayerNormalization(7, affine: false)
        Scale(count: 7)
      }),
    Operation(
      target: "aten.hardtanh.default", arguments: [x, ("min_val", float(-0.25)), ("max_val", float(0.5))],
      result: [4, 6, 7], layer: Clip(from: -0.25, to: 0.5)),
    Operation(target: "aten.relu6.default", arguments: [x], result: [4, 6, 7], layer: ReLU6()),
    Operation(target: "aten.hardswish.default", arguments: [x], result: [4, 6, 7], layer: Hardswish()),
    Operation(target: "aten.hardsigmoid.default", arguments: [x], result: [4, 6, 7], layer: Hardsigmoid()),
    Operation(target: "aten.clamp.default", arguments: [x, ("min", int(0))], result: [4, 6, 7], layer: Clip(from: 0)),
    Operation(
      target: "aten.clamp.default", arguments: [x, ("min", none), ("max", float(0.5))], result: [4, 6, 7],
      layer: Clip(to: 0.5)),
    Operation(target: "aten.clamp_min.default", arguments: [x, ("min", int(0))], result: [4, 6, 7], layer: ReLU()),
    Operation(
      target: "aten.clamp_max.default", arguments: [x, ("max", float(0.1))], result: [4, 6, 7], layer: Clip(to: 0.1)),
    Operation(
      target: "aten.dropout.default", arguments: [("input", t("x")), ("p", float(0.5)), ("train", flag(false))],
      result: [4, 6, 7], layer: Dropout()),
  ]

  /// x · w on the last dimension.
  struct Scale: Layer {
    let count: Int
    func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
      LayerDeclaration(
        parameters: [
          ParameterDeclaration(name: "weight", shape: [count], fanIn: 1, fanOut: 1, initializer: .zeros)
        ], output: input)
    }
    func lower(_ x: Value, parameters: inout ParameterReader, in graph: inout Graph) throws(InputError) -> Value {
      try graph.multiply(x, graph.broadcast(parameters.next(), to: graph.shape(of: x)))
    }
  }

  @Test(arguments: operations) func operatorsAreLayers(_ operation: Operation) throws {
    let imported = try Network(exportedProgram: operation.fixture.bytes(), file: "model.pt2")
    var network = try Network(input: operation.input, seed: 0, layers: Sequential([operation.layer]))
    if network.parameterCount > 0 { network = try network.withParameters([imported.parameters[0].values]) }
    let x = ConvolutionLayerTests.numbers(2 * operation.input.reduce(1, *), seed: 4).map { 4 * $0 }
    func outputs(_ network: Network) throws -> [Double] { try ExportedProgramTests.outputs(network, batch: 2, x) }
    let expected = try outputs(network)
    #expect(try outputs(imported) == expected)
    #expect(expected.count == 2 * operation.result.reduce(1, *))
  }

  /// Arguments that are no sizes of any layer: one line that names the node.
  @Test func impossibleArguments() throws {
    struct Bad {
      let target: String
      let name: String
      let values: [String]
      init(_ target: String, _ name: String, _ values: [String]) {
        self.target = "aten." + target
        self.name = name
        self.values = values
      }
    }
    let bad = [
      Bad("conv2d.default", "stride", [ints(0, 1), ints(-1), ints(.max), ints(1, 1, 1), ints(.min, .min)]),
      Bad("conv2d.default", "padding", [ints(-1, 0), ints(.max), ints(.min), text("other"), ints(1 << 20)]),
      Bad("conv2d.default", "dilation", [ints(0), ints(-3), ints(.max), ints(100)]),
      Bad("conv2d.default", "groups", [int(0), int(-1), int(3), int(.max), int(.min)]),
      Bad("conv2d.default", "bias", [t("x")]),
      Bad("conv2d.padding", "stride", [ints(2, 2)]),
      Bad("conv_transpose2d.input", "stride", [ints(0), ints(.max), ints(1 << 20)]),
      Bad("conv_transpose2d.input", "output_padding", [ints(2, 2), ints(-1), ints(.max)]),
      Bad("conv_transpose2d.input", "padding", [ints(50), ints(.max), ints(.min)]),
      Bad("max_pool2d.default", "kernel_size", [ints(0), ints(-2), ints(8, 8), ints(.max), ints(2, 2, 2)]),
      Bad("max_pool2d.default", "stride", [ints(0), ints(-1), ints(.max)]),
      Bad("max_pool2d.default", "padding", [ints(2), ints(-1), ints(.max)]),
      Bad("max_pool2d_with_indices.default", "dilation", [ints(0), ints(.max), ints(100)]),
      Bad("avg_pool2d.default", "divisor_override", [int(0)]),
      Bad("avg_pool2d.default", "padding", [ints(.max), ints(.min)]),
      Bad("adaptive_avg_pool2d.default", "output_size", [ints(0), ints(-1), ints(.max), ints(1, 2, 3), ints(1 << 20)]),
      Bad("adaptive_max_pool2d.default", "output_size", [ints(0), ints(.min), ints(1 << 20)]),
      Bad("mean.dim", "dim", [ints(4), ints(-5), ints(1, 1), ints(.max)]),
      Bad("group_norm.default", "num_groups", [int(0), int(3), int(-4), int(.max)]),
      Bad("group_norm.default", "eps", [float(-1)]),
      Bad("layer_norm.default", "normalized_shape", [ints(), ints(6), ints(1, 1, 1, 1, 1, 1, 1)]),
      Bad("hardtanh.default", "min_val", [float(9)]),
      Bad("dropout.default", "train", [flag(true)]),
    ]
    for bad in bad {
      let (target, name, values) = (bad.target, bad.name, bad.values)
      let operation = try #require(Self.operations.first { $0.target == target })
      for value in values {
        var changed = operation.fixture
        changed.nodes = []
        let arguments = operation.arguments.filter { $0.0 != name } + [(name, value)]
        changed.node("y", target, arguments, output: operation.results.map { $0.map(t).joined(separator: ", ") })
        let error = #expect(throws: InputError.self, "\(target) \(name) \(value)") {
          _ = try Network(exportedProgram: changed.bytes(), file: "model.pt2")
        }
        #expect(error?.description.contains("node 'y' (\(target))") == true, "\(error?.description ?? "")")
      }
    }
  }

  /// Inputs so large that a list of their windows would not fit anywhere.
  @Test(arguments: ["aten.max_pool2d.default", "aten.adaptive_avg_pool2d.default", "aten.conv2d.default"])
  func hugeInputs(target: String) throws {
    let operation = try #require(Self.operations.first { $0.target == target })
    var fixture = operation.fixture
    fixture.shapes["x"] = ["N", "4", "1", "\(1 << 40)"]
    let error = #expect(throws: InputError.self) {
      _ = try Network(exportedProgram: fixture.bytes(), file: "model.pt2")
    }
    #expect(error?.description.contains("no size a network has") == true)
  }

  /// A further result of an operator may be named, and not read.
  @Test func furtherResults() throws {
    let operation = try #require(Self.operations.first { $0.target == "aten.max_pool2d_with_indices.default" })
    var fixture = operation.fixture
    fixture.node("z", "aten.relu.default", [("self", t("indices"))])
    fixture.outputs = ["z"]
    let error = #expect(throws: InputError.self) {
      _ = try Network(exportedProgram: fixture.bytes(), file: "model.pt2")
    }
    #expect(error?.description.contains("'indices', a further result of its operator, is not supported") == true)
  }

  private static func batchNormalization(
    _ target: String, training: Bool?, statistics: Bool = true, results: [String]? = nil, names: [String] = []
  ) -> ExportFixture {
    var fixture = ExportFixture()
    fixture.add("w", [3], [0.5, 2, -1])
    var arguments = [("input", t("x")), ("weight", t("p_w")), ("bias", none)]
    if statistics {
      for (name, values) in [("running_mean", [0.1, 0.2, 0.3]), ("running_var", [1.0, 4, 0.25])] {
        fixture.add(name, [3], values)
        fixture.arrays[fixture.arrays.count - 1].kind = "buffer"
        fixture.arrays[fixture.arrays.count - 1].requiresGradient = false
        arguments.append((name, t("p_" + name)))
      }
    }
    if let training { arguments.append(("training", flag(training))) }
    arguments += [("momentum", float(0.1)), ("eps", float(1e-3))]
    fixture.node("y", target, arguments, output: results.map { $0.map(t).joined(separator: ", ") })
    fixture.shapes["y"] = ["N", "3"]
    return fixture
  }

  /// Every form of batch normalisation, in evaluation and in training.
  @Test func batchNormalizations() throws {
    let x: [Double] = [1, 2, 3, -1, 0.5, 2, 4, 4, 1]
    let five = ["y", "a", "b", "c", "d"]
    let network = try Network(input: [3], seed: 0) { BatchNormalization(3, epsilon: 1e-3) }
      .withParameters(Vector([0.5, 2, -1, 0, 0, 0])).withLiterals([0: [0.1, 0.2, 0.3], 1: [1, 4, 0.25]])
    func outputs(_ network: Network) throws -> [Double] { try ExportedProgramTests.outputs(network, batch: 3, x) }
    let running = try outputs(network)
    let batch = try outputs(network.withBatchNormalization(.batch))
    let forms: [(ExportFixture, BatchNormalizationMode)] = [
      (Self.batchNormalization("aten.batch_norm.default", training: false), .running),
      (Self.batchNormalization("aten.batch_norm.default", training: true), .batch),
      (Self.batchNormalization("aten.batch_norm.default", training: true, statistics: false), .batch),
      (
        Self.batchNormalization(
          "aten._native_batch_norm_legit_no_training.default", training: nil, results: Array(five.prefix(3))), .running
      ),
      (
        Self.batchNormalization("aten._native_batch_norm_legit_functional.default", training: true, results: five),
        .batch
      ),
      (
        Self.batchNormalization(
          "aten._native_batch_norm_legit.no_stats", training: true, statistics: false, results: Array(five.prefix(3))),
        .batch
      ),
    ]
    for (fixture, mode) in forms {
      let imported = try Network(exportedProgram: fixture.bytes(), file: "model.pt2")
      #expect(imported.batchNormalization == mode)
      #expect(relativeError(try outputs(imported), mode == .running ? running : batch) < 1e-14)
      #expect(relativeError(try outputs(imported.withBatchNormalization(.batch)), batch) < 1e-14)
      guard imported.literals.count == 2 else {
        #expect(throws: InputError.self) { try outputs(imported.withBatchNormalization(.running)) }
        continue
      }
      #expect(relativeError(try outputs(imported.withBatchNormalization(.running)), running) < 1e-14)
    }
  }

  /// New values of buffers are left out, counters of batches as well, where nothing else reads them.
  @Test func countersOfBatches() throws {
    func fixture(readsCounter: Bool, isInPlace: Bool) -> ExportFixture {
      var fixture = Self.batchNormalization("aten.batch_norm.default", training: true)
      fixture.add("count", [1], [0])
      let last = fixture.arrays.count - 1
      fixture.arrays[last].kind = "buffer"
      fixture.arrays[last].requiresGradient = false
      fixture.arrays[last].elementType = 5
      fixture.node(
        "counted", isInPlace ? "aten.add_.Tensor" : "aten.add.Tensor", [("self", t("p_count")), ("other", int(1))])
      fixture.shapes["counted"] = ["1"]
      if !isInPlace {
        fixture.replacements.append(
          (
            #""output_specs": ["#,
            #""output_specs": [{"buffer_mutation": {"arg": {"name": "counted"}, "buffer_name": "count"}}, "#
          ))
      }
      if readsCounter {
        fixture.node("z", "aten.relu.default", [("self", t(isInPlace ? "p_count" : "counted"))])
        fixture.shapes["z"] = ["1"]
      }
      return fixture
    }
    for isInPlace in [false, true] {
      let network = try Network(
        exportedProgram: fixture(readsCounter: false, isInPlace: isInPlace).bytes(), file: "model.pt2")
      #expect(network.literals.map(\.name) == ["running_mean", "running_var"])
      #expect(throws: InputError.self) {
        try Network(exportedProgram: fixture(readsCounter: true, isInPlace: isInPlace).bytes(), file: "model.pt2")
      }
    }
  }
}

extension ConvolutionExportTests.Operation {
  func adding(_ argument: (String, String)) -> ConvolutionExportTests.Operation {
    ConvolutionExportTests.Operation(
      target: target, arguments: arguments + [argument], input: input, parameter: parameter, result: result,
      results: results, layer: layer)
  }
}
