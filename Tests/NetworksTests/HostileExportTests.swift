import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Damaged, hostile and unsupported files: each ends in one error that names the place, and none in a trap.
struct HostileExportTests {
  struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// A part of the error's line.
    let expected: String
    let change: @Sendable (inout ExportFixture) -> Void

    init(_ name: String, _ expected: String, _ change: @escaping @Sendable (inout ExportFixture) -> Void) {
      testDescription = name
      self.expected = expected
      self.change = change
    }
  }

  static func replacing(_ old: String, _ new: String) -> @Sendable (inout ExportFixture) -> Void {
    { $0.replacements.append((old, new)) }
  }

  static let damages: [Damage] = [
    Damage("other format", "is 'zip', expected 'pt2'") { $0.format = "zip" },
    Damage("no format", "no PyTorch export") { $0.omitted = ["archive_format"] },
    Damage("no program", "holds 0 programs") { $0.omitted = ["models/model.json"] },
    Damage("no weights list", "is missing from the archive") {
      $0.omitted = ["data/weights/model_weights_config.json"]
    },
    Damage("no weight", "'anything/data/weights/weight_1' are missing") { $0.omitted = ["data/weights/weight_1"] },
    Damage("byte order", "is 'middle', expected 'little' or 'big'") { $0.byteOrder = "middle" },
    Damage("schema 9", "has schema version 9.0") { $0.schemaVersion = #"{"major": 9, "minor": 0}"# },
    Damage("schema text", "schema_version.major: expected Int") { $0.schemaVersion = #"{"major": "8", "minor": 0}"# },
    Damage("not JSON", "models/model.json: ", replacing("{\"graph_module\"", "{graph_module")),
    Damage("deep JSON", "nests more than") {
      $0.schemaVersion = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    },
    Damage("huge number", "models/model.json: ", replacing(#""as_int": 5}"#, #""as_int": 1e999}"#)),
    Damage("huge hint", "no usable size") { $0.hint = .max },
    Damage("negative hint", "no usable size") { $0.hint = -3 },
    Damage("no key", "expected an object with one key, got 0", replacing(#"{"as_tensor": {"name": "linear"}}"#, "{}")),
    Damage("pickle", "is a pickle") { $0.arrays[0].usesPickle = true },
    Damage("complex weights", "has element type number 9") { $0.arrays[0].elementType = 9 },
    Damage("wrong type", "reach beyond") {
      $0.arrays[0].elementType = 8; $0.storages["weight_0"]?.removeLast(40)
    },
    Damage("integer weights", "holds integers") { $0.arrays[0].elementType = 5 },
    Damage("short weights", "reach beyond the 11 elements") { $0.storages["weight_0"]?.removeLast() },
    Damage("offset", "reach beyond") { $0.arrays[0].offset = 1 },
    Damage("huge offset", "no numbers from 0") { $0.arrays[0].offset = .max },
    Damage("huge sizes", "reach beyond") { $0.arrays[0].shape = [2_000_000_000, 2_000_000_000] },
    Damage("huge repeated", "reach beyond") {
      $0.arrays[0].shape = [2_000_000_000, 3]
      $0.arrays[0].strides = [0, 1]
    },
    Damage("huge strides", "reach beyond") { $0.arrays[0].strides = [2_000_000_000, 2_000_000_000] },
    Damage("oversized", "no numbers from 1") { $0.arrays[0].shape = [.max, 3] },
    Damage("empty weight", "no numbers from 1") { $0.arrays[0].shape = [0, 3] },
    Damage("negative strides", "no numbers from 0") { $0.arrays[0].strides = [-3, 1] },
    Damage("strides missing", "has 2 sizes and 1 strides") { $0.arrays[0].strides = [1] },
    Damage("high rank", "has 40 dimensions") {
      $0.arrays[0].shape = [Int](repeating: 1, count: 40)
      $0.arrays[0].strides = $0.arrays[0].shape
    },
    Damage("infinite weight", "parameter '0.bias': element 2 is infinite") {
      $0.storages["weight_1"]?.replaceSubrange(16..<24, with: [0, 0, 0, 0, 0, 0, 0xf0, 0x7f])
    },
    Damage("escape in name", "no usable name") { $0.arrays[0].name = "../0.weight" },
    Damage("weight without bytes", "parameter 'other': has no bytes") {
      $0.replacements.append((#""parameter_name": "0.weight""#, #""parameter_name": "other""#))
    },
    Damage("weight of another shape", "'p_0_weight' has shape [4, 3], the file records [3, 4]") {
      $0.replacements.append(
        (
          #""p_0_weight": {"dtype": 8, "sizes": [{"as_int": 4}, {"as_int": 3}]"#,
          #""p_0_weight": {"dtype": 8, "sizes": [{"as_int": 3}, {"as_int": 4}]"#
        ))
    },
    Damage("recorded shape", "node 'relu' (aten.relu.default): 'relu' has shape [5, 4]") {
      $0.shapes["relu"] = ["N", "3"]
    },
    Damage("no recorded shape", "records no shape for 'relu'") { $0.shapes["relu"] = nil },
    Damage("shapes do not fit", "node 'linear' (aten.linear.default): a weight of shape [4, 3]") {
      $0.shapes["x"] = ["N", "2"]
    },
    Damage("unknown input", "records no shape for it") { $0.shapes["x"] = nil },
    Damage("scalar input", "has no batch dimension") { $0.shapes["x"] = [] },
    Damage("dynamic sample", "has a dynamic or empty dimension") { $0.shapes["x"] = ["N", "N"] },
    Damage("huge sample", "no size a network has") { $0.shapes["x"] = ["N", "\(Int.max)", "\(Int.max)"] },
    Damage("huge batch", "no usable size") { $0.shapes["x"] = ["\(Int.max)", "3"] },
    Damage("complex input", "has element type number 9") { $0.inputElementType = 9 },
    Damage("integer input", "node 'linear'") { $0.inputElementType = 5 },
    Damage("two inputs", "the model has 2 inputs (x, x2)") { $0.inputs = ["x", "x2"] },
    Damage("no inputs", "the model has 0 inputs") { $0.inputs = [] },
    Damage("two outputs", "the model has 2 outputs (y, relu)") { $0.outputs = ["y", "relu"] },
    Damage("no outputs", "the model has 0 outputs") { $0.outputs = [] },
    Damage("undefined output", "'nothing' is read before it is computed") { $0.outputs = ["nothing"] },
    Damage("undefined value", "node 'linear' (aten.linear.default): 'ghost' is read before") {
      $0.replacements.append(
        (#""input", "arg": {"as_tensor": {"name": "x"}}"#, #""input", "arg": {"as_tensor": {"name": "ghost"}}"#))
    },
    Damage("cycle", "'relu' is read before it is computed") { $0.nodes.swapAt(1, 2) },
    Damage("self reference", "'linear' is read before") {
      $0.replacements.append(
        (#""input", "arg": {"as_tensor": {"name": "x"}}"#, #""input", "arg": {"as_tensor": {"name": "linear"}}"#))
    },
    Damage("defined twice", "'linear' is computed twice") { $0.nodes.insert($0.nodes[0], at: 1) },
    Damage("no parameters", "no parameters that require a gradient") { fixture in
      for i in fixture.arrays.indices { fixture.arrays[i].requiresGradient = false }
    },
    Damage("argument missing", "the argument 'dim' is missing") {
      $0.node("s", "aten.softmax.int", [("self", t("y"))])
    },
    Damage("argument twice", "the argument 'bias' is given twice", replacing(#""name": "weight""#, #""name": "bias""#)),
    Damage("high rank result", "dimensions, more than") { fixture in
      var last = "y"
      for i in 0..<40 {
        fixture.node("u\(i)", "aten.unsqueeze.default", [("self", t(last)), ("dim", #"{"as_int": 1}"#)])
        fixture.shapes["u\(i)"] = ["N"] + [String](repeating: "1", count: i + 1) + ["2"]
        last = "u\(i)"
      }
    },
    Damage(
      "unknown argument", "the argument 'gain' is not supported", replacing(#""name": "bias""#, #""name": "gain""#)),
    Damage("active dropout", "dropout is active; call model.eval()") {
      $0.node(
        "d", "aten.dropout.default",
        [("input", t("y")), ("p", #"{"as_float": 0.5}"#), ("train", #"{"as_bool": true}"#)])
      $0.shapes["d"] = ["N", "2"]
      $0.outputs = ["d"]
    },
    Damage(
      "unknown operators",
      "unsupported operators: aten.foo.default at node 'f', 'g'; prim.bar at node 'h'; replace these layers"
    ) {
      $0.node("f", "aten.foo.default", [])
      $0.node("g", "aten.foo.default", [])
      $0.node("h", "prim.bar", [])
    },
    Damage("negative size", "no size a network has") { reshape(&$0, "[-2, 5]") },
    Damage("zero size", "cannot be reshaped") { reshape(&$0, "[0, -1]") },
    Damage("huge size", "no size a network has") { reshape(&$0, "[\(Int.max), \(Int.max)]") },
    Damage("wrong size", "cannot be reshaped") { reshape(&$0, "[3, -1]") },
    Damage("bad dimension", "there is no dimension 9") {
      $0.node("s", "aten.softmax.int", [("self", t("y")), ("dim", #"{"as_int": 9}"#)])
    },
    Damage("least dimension", "there is no dimension") {
      $0.node("s", "aten.softmax.int", [("self", t("y")), ("dim", #"{"as_int": \#(Int.min)}"#)])
    },
    Damage("division by zero", "divides by zero") {
      $0.node(
        "q", "_operator.floordiv", [("a", #"{"as_int": 1}"#), ("b", #"{"as_int": 0}"#)],
        output: #"{"as_sym_int": {"as_name": "q"}}"#)
    },
    Damage("size overflow", "overflows") {
      $0.node(
        "q", "_operator.mul", [("a", #"{"as_int": \#(Int.max)}"#), ("b", #"{"as_int": 2}"#)],
        output: #"{"as_sym_int": {"as_name": "q"}}"#)
    },
    Damage("beta zero", "needs a finite beta") {
      $0.node("s", "aten.softplus.default", [("self", t("y")), ("beta", #"{"as_float": 0.0}"#)])
    },
    Damage("tensor for number", "the argument 'dim' is a tensor, expected an integer") {
      $0.node("s", "aten.softmax.int", [("self", t("y")), ("dim", t("y"))])
    },
    Damage("wrong outputs", "outputs are not those of its operator") {
      $0.node("s", "aten.neg.default", [("self", t("y"))], output: #"{"as_tensors": [{"name": "s"}]}"#)
    },
  ]

  static func reshape(_ fixture: inout ExportFixture, _ sizes: String) {
    fixture.node("v", "aten.view.default", [("self", t("y")), ("size", #"{"as_ints": \#(sizes)}"#)])
    fixture.shapes["v"] = ["N", "2"]
    fixture.outputs = ["v"]
  }

  @Test(arguments: damages) func oneLine(_ damage: Damage) throws {
    var fixture = ExportFixture.network
    damage.change(&fixture)
    let bytes = try fixture.bytes()
    let error = #expect(throws: InputError.self) { try Network(exportedProgram: bytes, file: "model.pt2") }
    let text = error?.description ?? ""
    #expect(text.contains(damage.expected), "\(text)")
    #expect(text.hasPrefix("model.pt2: "), "\(text)")
    #expect(!text.contains("\n"))
  }

  /// Broadcasting four long vectors against each other: refused when it would grow past all bounds.
  @Test func growth() throws {
    var fixture = ExportFixture.operation(
      "aten.add.Tensor", [("self", t("x")), ("other", t("p_w"))], result: ["N", "3"])
    var last = "p_w0"
    for i in 0..<5 {
      let shape = [Int](repeating: 1, count: 5).enumerated().map { $0.offset == i ? 4000 : 1 }
      fixture.add("w\(i)", shape, [Double](repeating: 0, count: 4000))
      if i > 0 {
        fixture.node("s\(i)", "aten.add.Tensor", [("self", t(last)), ("other", t("p_w\(i)"))])
        fixture.shapes["s\(i)"] = (0..<5).map { $0 <= i ? "4000" : "1" }
        last = "s\(i)"
      }
    }
    let bytes = try fixture.bytes()
    let error = #expect(throws: InputError.self) { try Network(exportedProgram: bytes, file: "model.pt2") }
    #expect(error?.problem.contains("no size a network has") == true)
  }

  @Test func missingAndForeignFiles() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: InputError.self) { try Network(exportedProgram: directory.path("none.pt2")) }
    #expect(throws: InputError.self) { try Network(exportedProgram: [], file: "model.pt2") }
    #expect(throws: InputError.self) { try Network(exportedProgram: Array("not a zip file".utf8), file: "model.pt2") }
  }

  /// Every truncation, and hundreds of files with a few bytes changed: an error or a network, never a trap.
  @Test func mutations() throws {
    let bytes = try ExportFixture.network.bytes()
    for length in stride(from: 0, to: bytes.count, by: 37) {
      #expect(throws: InputError.self) { try Network(exportedProgram: Array(bytes[..<length]), file: "model.pt2") }
    }
    var random = RandomStream(seed: 11, purpose: "mutations")
    for _ in 0..<300 {
      var fixture = ExportFixture.network
      // Digits and punctuation of the program are changed rather than bytes of the zip file, whose checksums catch them.
      var program = Array(fixture.program.utf8)
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        let position = Int.random(in: program.indices, using: &random)
        program[position] = Array("0123456789-\"{}[],:.eaxN_".utf8).randomElement(using: &random) ?? 0
      }
      fixture.replacements = [(fixture.program, String(decoding: program, as: UTF8.self))]
      let mutated = try fixture.bytes()
      _ = try? Network(exportedProgram: mutated, file: "model.pt2")
    }
  }
}
