import Archives
import Foundation
import TestSupport

/// An archive as `torch.export.save` writes it, put together from its parts so that each can be wrong.
struct ExportFixture {
  /// An array of the archive and the value of the graph that stands for it.
  struct Array {
    var kind = "parameter"
    var value: String
    var name: String
    var storage: String
    var shape: [Int]
    var strides: [Int]
    var offset = 0
    var elementType = 8
    var requiresGradient = true
    var usesPickle = false
  }

  var arrays: [Array] = []
  var storages: [String: [UInt8]] = [:]
  /// Sizes of every other value; `N` is the batch symbol.
  var shapes: [String: [String]] = ["x": ["N", "3"]]
  var inputs = ["x"]
  var outputs = ["y"]
  var inputElementType = 8
  var hint = 5
  var nodes: [String] = []
  var schemaVersion = #"{"major": 8, "minor": 20}"#
  var root = "anything/"
  var format = "pt2"
  var byteOrder = "little"
  /// Replacements in the text of the program, made last.
  var replacements: [(String, String)] = []
  var omitted: Set<String> = []

  /// ReLU(x W₀ᵀ + b₀) W₂ᵀ with N × 3 inputs, 4 hidden units and 2 outputs.
  static var network: ExportFixture {
    var fixture = ExportFixture()
    fixture.add("0.weight", [4, 3], (0..<12).map { Double($0) / 8 - 0.6 })
    fixture.add("0.bias", [4], [0.1, -0.2, 0.3, 0])
    fixture.add("2.weight", [2, 4], (0..<8).map { 0.5 - Double($0) / 4 })
    fixture.node(
      "linear", "aten.linear.default", [("input", t("x")), ("weight", t("p_0_weight")), ("bias", t("p_0_bias"))])
    fixture.node("relu", "aten.relu.default", [("self", t("linear"))])
    fixture.node("y", "aten.linear.default", [("input", t("relu")), ("weight", t("p_2_weight"))])
    fixture.shapes.merge(["linear": ["N", "4"], "relu": ["N", "4"], "y": ["N", "2"]]) { $1 }
    return fixture
  }

  /// A program of one operator y = target(…) of x [N, 3] and a parameter w.
  static func operation(
    _ target: String, _ arguments: [(String, String)], result: [String], parameter: [Int] = [3]
  ) -> ExportFixture {
    var fixture = ExportFixture()
    fixture.add("w", parameter, (0..<parameter.reduce(1, *)).map { 0.25 * Double($0 + 1) })
    fixture.node("y", target, arguments)
    fixture.shapes["y"] = result
    return fixture
  }

  mutating func add(_ name: String, _ shape: [Int], _ values: [Double]) {
    var strides = [Int](repeating: 1, count: shape.count)
    for i in shape.indices.dropLast().reversed() { strides[i] = strides[i + 1] * shape[i + 1] }
    let storage = "weight_\(storages.count)"
    storages[storage] = values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { [UInt8]($0) } }
    let value = "p_" + name.replacing(".", with: "_")
    arrays.append(Array(value: value, name: name, storage: storage, shape: shape, strides: strides))
  }

  mutating func node(_ name: String, _ target: String, _ arguments: [(String, String)], output: String? = nil) {
    let inputs = arguments.map { #"{"name": "\#($0)", "arg": \#($1), "kind": 1}"# }.joined(separator: ", ")
    nodes.append(
      #"{"target": "\#(target.hasPrefix("aten") ? "torch.ops." : "")\#(target)", "inputs": [\#(inputs)], "#
        + #""outputs": [\#(output ?? t(name))], "metadata": {}, "name": "\#(name)"}"#)
  }

  private func size(_ text: String) -> String {
    Int(text) != nil
      ? #"{"as_int": \#(text)}"# : #"{"as_expr": {"expr_str": "Symbol('s0')", "hint": {"as_int": \#(hint)}}}"#
  }

  private func description(_ sizes: [String], _ strides: [Int], offset: Int, type: Int, gradient: Bool) -> String {
    let strides = strides.map { #"{"as_int": \#($0)}"# }.joined(separator: ", ")
    return
      #"{"dtype": \#(type), "sizes": [\#(sizes.map(size).joined(separator: ", "))], "requires_grad": \#(gradient), "#
      + #""strides": [\#(strides)], "storage_offset": {"as_int": \#(offset)}, "layout": 7}"#
  }

  private func description(_ array: Array) -> String {
    description(
      array.shape.map(String.init), array.strides, offset: array.offset, type: array.elementType,
      gradient: array.requiresGradient)
  }

  var program: String {
    var values = arrays.map { #""\#($0.value)": \#(description($0))"# }
    for (name, sizes) in shapes {
      let type = inputs.contains(name) ? inputElementType : 8
      values.append(
        #""\#(name)": \#(description(sizes, sizes.map { _ in 1 }, offset: 0, type: type, gradient: false))"#)
    }
    let specifications =
      arrays.map { #"{"\#($0.kind)": {"arg": {"name": "\#($0.value)"}, "\#($0.kind)_name": "\#($0.name)"}}"# }
      + inputs.map { #"{"user_input": {"arg": \#(t($0))}}"# }
    let results = outputs.map { #"{"user_output": {"arg": \#(t($0))}}"# }
    var text =
      #"{"graph_module": {"graph": {"nodes": [\#(nodes.joined(separator: ", "))], "#
      + #""tensor_values": {\#(values.joined(separator: ", "))}}, "#
      + #""signature": {"input_specs": [\#(specifications.joined(separator: ", "))], "#
      + #""output_specs": [\#(results.joined(separator: ", "))]}}, "#
      + #""schema_version": \#(schemaVersion), "torch_version": "2.15.0"}"#
    for (old, new) in replacements { text = text.replacing(old, with: new) }
    return text
  }

  private var configuration: String {
    let entries = arrays.map {
      #""\#($0.name)": {"path_name": "\#($0.storage)", "is_param": true, "use_pickle": \#($0.usesPickle), "#
        + #""tensor_meta": \#(description($0))}"#
    }
    return #"{"config": {\#(entries.joined(separator: ", "))}}"#
  }

  /// The archive's bytes.
  func bytes() throws -> [UInt8] {
    let directory = try TemporaryDirectory()
    let path = directory.path("model.pt2")
    let writer = try ZipWriter(path)
    var members: [(String, [UInt8])] = [
      ("archive_format", Swift.Array(format.utf8)), ("archive_version", [48]),
      ("byteorder", Swift.Array(byteOrder.utf8)),
      ("models/model.json", Swift.Array(program.utf8)),
      ("data/weights/model_weights_config.json", Swift.Array(configuration.utf8)),
    ]
    members += storages.sorted { $0.key < $1.key }.map { ("data/weights/" + $0.key, $0.value) }
    for (name, bytes) in members where !omitted.contains(name) { try writer.add(root + name, bytes) }
    try writer.finish()
    return try FileBytes(contentsOf: path).bytes
  }
}

/// A tensor argument.
func t(_ name: String) -> String { #"{"as_tensor": {"name": "\#(name)"}}"# }
