import Foundation

/// A small `.pt2` file as `torch.export.save` lays it out: two linear layers with shape arithmetic and activations between them.
enum ExportedSeed {
  static func archive() throws -> PackedArchive {
    let parameters = [("0.weight", [6, 4]), ("0.bias", [6]), ("1.weight", [3, 6])]
    var weights: [String: Any] = [:]
    var archive = PackedArchive()
    archive.add("m/archive_format", Array("pt2".utf8))
    archive.add("m/archive_version", Array("0".utf8))
    archive.add("m/byteorder", Array("little".utf8))
    for (index, (name, shape)) in parameters.enumerated() {
      weights[name] = [
        "path_name": "weight_\(index)", "is_param": true, "use_pickle": false, "tensor_meta": tensor(shape, true),
      ]
      let values = (0..<shape.reduce(1, *)).map { Float($0 % 5) / 4 - 0.5 }
      archive.add("m/data/weights/weight_\(index)", values.withUnsafeBytes { Array($0) })
    }
    archive.add("m/data/weights/model_weights_config.json", try json(["config": weights]))
    archive.add("m/data/constants/model_constants_config.json", try json(["config": [String: Any]()]))
    archive.add("m/models/model.json", try json(program(parameters)))
    return archive
  }

  private static func program(_ parameters: [(String, [Int])]) -> [String: Any] {
    var tensors: [String: Any] = ["x": tensor([nil, 4])]
    var nodes: [[String: Any]] = []
    func call(_ name: String, _ target: String, _ arguments: KeyValuePairs<String, [String: Any]>, _ shape: [Int?]?) {
      let inputs = arguments.map { ["name": $0, "arg": $1, "kind": 1] as [String: Any] }
      let output: [String: Any] = shape == nil ? ["as_sym_int": ["as_name": name]] : value(name)
      nodes.append([
        "target": "torch.ops.aten." + target, "inputs": inputs, "outputs": [output], "name": name,
        "metadata": [String: String](),
      ])
      if let shape { tensors[name] = tensor(shape) }
    }
    func value(_ name: String) -> [String: Any] { ["as_tensor": ["name": name]] }
    func sizes(_ sizes: Int...) -> [String: Any] {
      ["as_sym_ints": [["as_name": "batch"]] + sizes.map { ["as_int": $0] as [String: Any] }]
    }

    call("batch", "sym_size.int", ["self": value("x"), "dim": ["as_int": 0]], nil)
    call("a", "linear.default", ["input": value("x"), "weight": value("p0"), "bias": value("p1")], [nil, 6])
    call("b", "relu.default", ["self": value("a")], [nil, 6])
    call("c", "reshape.default", ["self": value("b"), "shape": sizes(2, 3)], [nil, 2, 3])
    call("d", "transpose.int", ["self": value("c"), "dim0": ["as_int": 1], "dim1": ["as_int": 2]], [nil, 3, 2])
    call("e", "softmax.int", ["self": value("d"), "dim": ["as_int": -1]], [nil, 3, 2])
    call("f", "matmul.default", ["self": value("e"), "other": value("c")], [nil, 3, 3])
    call("g", "matmul.default", ["self": value("c"), "other": value("f")], [nil, 2, 3])
    call("h", "div.Tensor", ["self": value("g"), "other": ["as_float": 2.5]], [nil, 2, 3])
    call(
      "i", "flatten.using_ints", ["self": value("h"), "start_dim": ["as_int": 1], "end_dim": ["as_int": -1]], [nil, 6])
    call("j", "add.Tensor", ["self": value("a"), "other": value("i")], [nil, 6])
    call("k", "gelu.default", ["self": value("j"), "approximate": ["as_string": "tanh"]], [nil, 6])
    call("l", "unsqueeze.default", ["self": value("k"), "dim": ["as_int": 1]], [nil, 1, 6])
    call("m", "squeeze.dim", ["self": value("l"), "dim": ["as_int": 1]], [nil, 6])
    call("n", "linear.default", ["input": value("m"), "weight": value("p2")], [nil, 3])

    var specifications: [[String: Any]] = []
    for (index, (name, shape)) in parameters.enumerated() {
      tensors["p\(index)"] = tensor(shape, true)
      specifications.append(["parameter": ["arg": ["name": "p\(index)"], "parameter_name": name]])
    }
    specifications.append(["user_input": ["arg": value("x")]])
    let graph: [String: Any] = [
      "inputs": ["p0", "p1", "p2", "x"].map(value), "outputs": [value("n")], "nodes": nodes, "tensor_values": tensors,
      "is_single_tensor_return": false,
    ]
    return [
      "graph_module": [
        "graph": graph,
        "signature": ["input_specs": specifications, "output_specs": [["user_output": ["arg": value("n")]]]],
      ],
      "schema_version": ["major": 8, "minor": 20], "torch_version": "2.15.0",
    ]
  }

  /// The description of a tensor; nil is the dynamic batch.
  private static func tensor(_ shape: [Int?], _ isParameter: Bool = false) -> [String: Any] {
    let lengths: [[String: Any]] = shape.map { length in
      if let length { return ["as_int": length] }
      return ["as_expr": ["expr_str": "Symbol('s0', positive=True, integer=True)", "hint": ["as_int": 5]]]
    }
    var strides: [[String: Any]] = []
    for axis in shape.indices { strides.append(["as_int": shape[(axis + 1)...].reduce(1) { $0 * ($1 ?? 1) }]) }
    return [
      "dtype": 7, "sizes": lengths, "requires_grad": isParameter, "device": ["type": "cpu", "index": NSNull()],
      "strides": strides, "storage_offset": ["as_int": 0], "layout": 7,
    ]
  }

  private static func json(_ value: [String: Any]) throws -> [UInt8] {
    Array(try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys]))
  }
}
