import Foundation

/// A small `.pt2` file as `torch.export.save` lays it out, built call by call.
struct ExportedSeed {
  /// Stored arrays: parameters p0, p1, …, then buffers b0, b1, ….
  private let parameters: [(name: String, shape: [Int])]
  private let buffers: [(name: String, shape: [Int])]
  private var tensors: [String: Any]
  private var nodes: [[String: Any]] = []

  /// - Parameter input: the shape of the input x; nil is the dynamic batch.
  init(input: [Int?], parameters: [(name: String, shape: [Int])], buffers: [(name: String, shape: [Int])] = []) {
    self.parameters = parameters
    self.buffers = buffers
    tensors = ["x": Self.tensor(input)]
    for (index, stored) in parameters.enumerated() { tensors["p\(index)"] = Self.tensor(stored.shape, true) }
    for (index, stored) in buffers.enumerated() { tensors["b\(index)"] = Self.tensor(stored.shape) }
  }

  /// Appends a call whose result `name` has a shape, or is a number where `shape` is nil.
  mutating func call(
    _ name: String, _ target: String, _ arguments: KeyValuePairs<String, [String: Any]>, _ shape: [Int?]?
  ) {
    let inputs = arguments.map { ["name": $0, "arg": $1, "kind": 1] as [String: Any] }
    let output: [String: Any] = shape == nil ? ["as_sym_int": ["as_name": name]] : Self.value(name)
    nodes.append([
      "target": "torch.ops.aten." + target, "inputs": inputs, "outputs": [output], "name": name,
      "metadata": [String: String](),
    ])
    if let shape { tensors[name] = Self.tensor(shape) }
  }

  static func value(_ name: String) -> [String: Any] { ["as_tensor": ["name": name]] }
  static func integers(_ numbers: Int...) -> [String: Any] { ["as_ints": numbers] }
  static func integer(_ number: Int) -> [String: Any] { ["as_int": number] }

  /// The sizes of a shape that begins with the number `batch`.
  static func sizes(_ sizes: Int...) -> [String: Any] {
    ["as_sym_ints": [["as_name": "batch"]] + sizes.map { ["as_int": $0] as [String: Any] }]
  }

  /// The file, with the value of one call as output.
  func archive(output: String) throws -> PackedArchive {
    var weights: [String: Any] = [:]
    var archive = PackedArchive()
    archive.add("m/archive_format", Array("pt2".utf8))
    archive.add("m/archive_version", Array("0".utf8))
    archive.add("m/byteorder", Array("little".utf8))
    for (index, (name, shape)) in (parameters + buffers).enumerated() {
      let isParameter = index < parameters.count
      weights[name] = [
        "path_name": "weight_\(index)", "is_param": isParameter, "use_pickle": false,
        "tensor_meta": Self.tensor(shape, isParameter),
      ]
      // Buffers hold variances: positive numbers.
      let values = (0..<shape.reduce(1, *)).map { Float($0 % 5) / 4 + (isParameter ? -0.5 : 0.5) }
      archive.add("m/data/weights/weight_\(index)", values.withUnsafeBytes { Array($0) })
    }
    archive.add("m/data/weights/model_weights_config.json", try json(["config": weights]))
    archive.add("m/data/constants/model_constants_config.json", try json(["config": [String: Any]()]))
    archive.add("m/models/model.json", try json(program(output)))
    return archive
  }

  private func program(_ output: String) -> [String: Any] {
    var specifications: [[String: Any]] = []
    for (index, stored) in parameters.enumerated() {
      specifications.append(["parameter": ["arg": ["name": "p\(index)"], "parameter_name": stored.name]])
    }
    for (index, stored) in buffers.enumerated() {
      specifications.append([
        "buffer": ["arg": ["name": "b\(index)"], "buffer_name": stored.name, "persistent": true]
      ])
    }
    specifications.append(["user_input": ["arg": Self.value("x")]])
    let names = parameters.indices.map { "p\($0)" } + buffers.indices.map { "b\($0)" } + ["x"]
    let graph: [String: Any] = [
      "inputs": names.map(Self.value), "outputs": [Self.value(output)], "nodes": nodes, "tensor_values": tensors,
      "is_single_tensor_return": false,
    ]
    return [
      "graph_module": [
        "graph": graph,
        "signature": [
          "input_specs": specifications, "output_specs": [["user_output": ["arg": Self.value(output)]]],
        ],
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

  private func json(_ value: [String: Any]) throws -> [UInt8] {
    Array(try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys]))
  }
}
