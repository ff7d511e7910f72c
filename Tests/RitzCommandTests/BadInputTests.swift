import Archives
import Foundation
import TestSupport
import Testing

/// Faulty models, data and outputs: exit code 1, one line that names the file, nothing left behind.
@Suite struct BadInputTests {
  /// Runs `spectrum` and expects one line of error with all of `texts`, and no output.
  private func expectRefusal(
    _ workspace: Workspace, model: String = "mlp:2-3-2", data: String, loss: String = "cross-entropy",
    flags: [String] = [], _ texts: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = workspace.files()
    for command in [
      ["spectrum", model, "--output", workspace.path("run")], ["apply", model, "--output", workspace.path("o.npz")],
    ] {
      let outcome = try RitzProcess.run(command + ["--data", data, "--loss", loss] + flags)
      #expect(outcome.status == 1, "\(outcome)", sourceLocation: sourceLocation)
      #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
      #expect(outcome.errors.hasPrefix("ritz: error: "), sourceLocation: sourceLocation)
      for text in texts {
        #expect(outcome.errors.contains(text), "\(outcome.errors)", sourceLocation: sourceLocation)
      }
      #expect(workspace.files() == before, sourceLocation: sourceLocation)
    }
  }

  @Test func faultyModels() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 4, features: 2, classes: 2)
    let pickle = Array("\u{80}\u{02}}q\u{00}(X".utf8)
    for (name, bytes) in [("empty.pt2", []), ("pickled.pt2", pickle), ("text.pt2", Array("a model".utf8))] {
      try expectRefusal(workspace, model: workspace.write(bytes, to: name), data: data, [name])
    }
    try expectRefusal(workspace, model: workspace.path("none.pt2"), data: data, ["none.pt2: does not exist"])
    try expectRefusal(workspace, model: workspace.directory.path, data: data, ["is a directory"])
    try expectRefusal(workspace, model: data, data: data, ["data.npz"])
    try expectRefusal(workspace, model: "mlp:2-0-2", data: data, ["mlp:2-0-2: '0' is no layer size"])
    try expectRefusal(workspace, model: "mlp:2-2,relo", data: data, ["'relo' is no option of mlp; options are"])
    try expectRefusal(workspace, model: "mlp:", data: data, ["mlp:"])
  }

  @Test(.enabled(if: Reference.isAvailable)) func damagedModels() throws {
    let reference = try ReferenceCase.load("mlp-tanh-ce")
    let workspace = try Workspace()
    let whole = try FileBytes(contentsOf: reference.modelPath).bytes
    for count in [10, whole.count / 2, whole.count - 1] {
      let model = try workspace.write(Array(whole.prefix(count)), to: "cut-\(count).pt2")
      try expectRefusal(workspace, model: model, data: reference.dataPath, [model])
    }
    let archive = try ZipArchive(contentsOf: reference.modelPath)
    func edited(_ name: String, _ suffix: String, _ edit: (inout [UInt8]) -> Void) throws -> String {
      let writer = try ZipWriter(workspace.path(name))
      for member in archive.names {
        var bytes = try archive.member(named: member)
        if member.hasSuffix(suffix) { edit(&bytes) }
        try writer.add(member, bytes)
      }
      try writer.finish()
      return workspace.path(name)
    }
    let notANumber = try edited("nan.pt2", "/weight_2") { bytes in
      for (index, byte) in [0, 0, 0, 0, 0, 0, 0xf8, 0x7f].enumerated() { bytes[8 * 5 + index] = UInt8(byte) }
    }
    try expectRefusal(workspace, model: notANumber, data: reference.dataPath, [notANumber, "2.weight", "not a number"])
    let short = try edited("short.pt2", "/weight_2") { $0.removeLast(8) }
    try expectRefusal(workspace, model: short, data: reference.dataPath, [short])
    // Every unknown operator is named, with the node it is in.
    let unknown = try edited("unknown.pt2", "models/model.json") { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      bytes = Array(
        text.replacingOccurrences(of: "aten.tanh.default", with: "aten.strange.default")
          .replacingOccurrences(of: "aten.linear.default", with: "aten.other.default").utf8)
    }
    try expectRefusal(
      workspace, model: unknown, data: reference.dataPath, [unknown, "aten.strange.default", "aten.other.default"])
  }

  @Test func faultyData() throws {
    let workspace = try Workspace()
    func npz(_ name: String, _ x: NumpyArray, _ y: NumpyArray?) throws -> String {
      var arrays = ["x": x]
      arrays["y"] = y
      return try workspace.write(arrays, to: name + ".npz")
    }
    let x = NumpyArray([1, 2, 3, 4, 5, 6, 7, 8.0], shape: [4, 2])
    let y = NumpyArray([0, 1, 1, 0] as [Int64])
    let faults: [(String, [String])] = try [
      (npz("nan", NumpyArray([1, Double.nan, 3, 4, 5, 6, 7, 8.0], shape: [4, 2]), y), ["nan.npz: x[0, 1]: is NaN"]),
      (
        npz("inf", NumpyArray([1, 2, 3, 4, 5, 6, 7, Double.infinity], shape: [4, 2]), y),
        ["inf.npz: x[3, 1]: is infinite"]
      ),
      (npz("high", x, NumpyArray([0, 1, 2, 0] as [Int64])), ["high.npz", "2"]),
      (npz("low", x, NumpyArray([0, -1, 1, 0] as [Int64])), ["low.npz", "-1"]),
      (npz("rows", x, NumpyArray([0, 1, 0] as [Int64])), ["rows.npz", "3", "4"]),
      (
        npz("wide", NumpyArray([1, 2, 3, 4, 5, 6.0], shape: [2, 3]), NumpyArray([0, 1] as [Int64])),
        ["wide.npz", "3", "2"]
      ),
      (npz("none", x, nil), ["none.npz", "'y'"]),
      (npz("void", NumpyArray([Double](), shape: [0, 2]), NumpyArray([Int64]())), ["void.npz: x: is empty"]),
      (npz("scalar", NumpyArray(scalar: 1), y), ["scalar.npz: x"]),
      (workspace.path("missing.npz"), ["missing.npz: does not exist"]),
      (workspace.write(Array("PK\u{3}\u{4}".utf8), to: "cut.npz"), ["cut.npz"]),
      (workspace.write([], to: "empty.npz"), ["empty.npz"]),
      (workspace.write(Array("x,y\n1,2\n".utf8), to: "table.csv"), ["table.csv"]),
    ]
    for (data, texts) in faults { try expectRefusal(workspace, data: data, texts) }
    try FileManager.default.createDirectory(atPath: workspace.path("hollow"), withIntermediateDirectories: true)
    try expectRefusal(workspace, data: workspace.path("hollow"), ["hollow"])

    let whole = try npz("whole", x, y)
    let bytes = try workspace.bytes("whole.npz")
    for count in [bytes.count - 1, bytes.count / 2] {
      try expectRefusal(
        workspace, data: workspace.write(Array(bytes.prefix(count)), to: "cut-\(count).npz"), ["cut-\(count).npz"])
    }
    try expectRefusal(workspace, data: whole, loss: "cross-entropi", ["cross-entropi"])
    try expectRefusal(workspace, data: whole, loss: "squared-error", ["whole.npz"])
    try expectRefusal(workspace, data: whole, flags: ["--params", "nothing-like-it"], ["nothing-like-it", "0.weight"])
    try expectRefusal(workspace, data: whole, flags: ["--params", "("], ["--params"])
    try expectRefusal(workspace, data: whole, flags: ["--samples", "0"], ["--samples: '0'"])
    try expectRefusal(workspace, data: whole, flags: ["--samples", "9"], ["9", "4"])
    try expectRefusal(workspace, data: whole, flags: ["--split", "test"], ["whole.npz: has no splits"])
    try expectRefusal(workspace, data: whole, flags: ["--standardise", "oddly"], ["oddly"])
    try expectRefusal(workspace, data: whole, flags: ["--operator", "hesian"], ["--operator", "hessian, ggn"])
  }

  @Test func pickledData() throws {
    let workspace = try Workspace()
    // An NPY header that announces Python objects.
    let text = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    let header = text + String(repeating: " ", count: 128 - 10 - text.utf8.count - 1) + "\n"
    let npy = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + [0x80, 0x02]
    let writer = try ZipWriter(workspace.path("objects.npz"))
    try writer.add("x.npy", npy)
    try writer.add("y.npy", npy)
    try writer.finish()
    try expectRefusal(workspace, data: workspace.path("objects.npz"), ["objects.npz: ", "pickled Python objects"])
  }

  @Test func lossThatIsNotFinite() throws {
    let workspace = try Workspace()
    let data = try workspace.write(
      [
        "x": NumpyArray([Double](repeating: 1e200, count: 8), shape: [4, 2]),
        "y": NumpyArray([Double](repeating: 0, count: 8), shape: [4, 2]),
      ],
      to: "huge.npz")
    try expectRefusal(
      workspace, model: "mlp:2-3-2,identity", data: data, loss: "squared-error",
      ["huge.npz: x: the loss is inf", "--standardise"])
  }

  @Test func unwritableOutput() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 4, features: 2, classes: 2)
    let file = try workspace.write([], to: "file")
    let before = workspace.files()
    let common = ["mlp:2-3-2", "--data", data, "--loss", "cross-entropy", "--output"]
    for (command, output) in [
      ("spectrum", file), ("spectrum", file + "/below"), ("spectrum", "/proc/ritz"), ("apply", file + "/o.npz"),
      ("apply", workspace.path("no-directory/o.npz")), ("apply", workspace.directory.path), ("apply", "/dev/null"),
    ] {
      let outcome = try RitzProcess.run([command] + common + [output])
      #expect(outcome.status == 1, "\(command) \(output): \(outcome)")
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains(output == file + "/below" ? file : output))
      #expect(workspace.files() == before)
    }
    for arguments in [["spectrum"] + common + [""], ["apply"] + common + [""], ["spectrum", "--resume", ""]] {
      let outcome = try RitzProcess.run(arguments)
      #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome)")
      #expect(!outcome.errors.contains(": :") && outcome.errors.contains("; give "), "\(outcome.errors)")
      #expect(workspace.files() == before)
    }
    let demo = try RitzProcess.run("demo", "--output", file, "--training-steps", "1", "--quiet")
    #expect(demo.status == 1 && demo.errorLines.count == 1, "\(demo)")
  }

  /// Where a device that is always full exists.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"))) func fullOutput() throws {
    // One text that fits into the buffer of standard output, one that does not.
    for model in ["mlp:2-2", "mlp:" + [String](repeating: "2", count: 300).joined(separator: "-")] {
      let outcome = try RitzProcess(["inspect", model], output: "/dev/full").finish()
      #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome)")
      #expect(outcome.errors.contains("standard output: cannot be written"))
    }
  }
}
