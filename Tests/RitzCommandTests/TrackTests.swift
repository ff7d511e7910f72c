import Archives
import Foundation
import TestSupport
import Testing

/// `ritz track` as a user runs it.
@Suite struct TrackTests {
  /// Checkpoints of mlp:4-3-2 that move, and data for them.
  private func checkpoints(_ work: Workspace, count: Int = 3) throws -> (folder: String, data: String) {
    let folder = work.path("checkpoints")
    _ = try OutputDirectory(folder)
    for step in 0..<count {
      func array(_ shape: [Int], _ phase: Double) -> NumpyArray {
        NumpyArray(
          (0..<shape.reduce(1, *)).map { Float(sin(3 * Double($0) + phase) * (1 + 0.05 * Double(step))) }, shape: shape)
      }
      try SafetensorsFile.write(
        [
          ("0.weight", array([3, 4], 1)), ("0.bias", array([3], 2)), ("2.weight", array([2, 3], 3)),
          ("2.bias", array([2], 4)),
        ], to: folder + "/step-\(step * 10).safetensors")
    }
    return (folder, try work.labelled(samples: 24, features: 4, classes: 2))
  }

  private func records(_ work: Workspace, _ name: String) throws -> [[String: Any]] {
    try String(decoding: work.bytes(name), as: UTF8.self).split(separator: "\n").map {
      try Workspace.object(String($0))
    }
  }

  @Test func aFolderOfCheckpointsBecomesARun() throws {
    let work = try Workspace()
    let (folder, data) = try checkpoints(work)
    let arguments = [
      "track", folder, "--network", "mlp:4-3-2", "--data", data, "--loss", "cross-entropy", "--observe-top", "3",
      "--observe-density", "2x10", "--observe-layers", "1", "--learning-rate", "0.1", "--observe-loss-change",
      "--observe-directions", "--quiet",
    ]
    let outcome = try RitzProcess.run(arguments + ["--output", work.path("run")])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(Set(work.files(below: "run")) == ["history.jsonl", "report.html", "run.json"])
    #expect(try work.object("run/run.json")["planned_steps"] as? Int == 20)
    let measurements = try records(work, "run/history.jsonl").filter { $0["kind"] as? String == "measurement" }
    let whole = measurements.filter { $0["block"] == nil }
    #expect(whole.map { $0["step"] as? Int } == [0, 10, 20])
    #expect(whole.map { $0["reason"] as? String } == ["start", "schedule", "end"])
    #expect(measurements.compactMap { $0["block"] as? String } == ["0", "2", "0", "2", "0", "2"])
    #expect((whole[2]["top"] as? [Any])?.count == 3 && whole[2]["edge"] as? Double == 20)
    #expect(whole.allSatisfy { $0["density"] != nil && $0["loss_change"] != nil && $0["directions"] != nil })
    // Anew: the same bits.
    let again = try RitzProcess.run(arguments + ["--output", work.path("again"), "--workers", "1"])
    #expect(again.status == 0)
    #expect(try work.bytes("run/history.jsonl") == work.bytes("again/history.jsonl"))
  }

  @Test func saysWhatIsWrongInOneLine() throws {
    let work = try Workspace()
    let (folder, data) = try checkpoints(work, count: 1)
    let rest = ["--data", data, "--loss", "cross-entropy", "--output", work.path("run"), "--quiet"]
    for (arguments, text) in [
      ([work.path("nowhere"), "--network", "mlp:4-3-2"], "is not a directory"),
      ([folder], "--network"),
      ([folder, "--network", "mlp:4-5-2"], "0.weight"),
      ([folder, "--network", "mlp:4-3-2", "--observe-batch-norm", "batch"], "has no batch normalisation"),
    ] {
      let outcome = try RitzProcess.run(["track"] + arguments + rest)
      #expect(outcome.status == 1 && outcome.errors.contains(text), "\(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1 && !FileBytes.exists(work.path("run")))
    }
    for (arguments, text) in [
      (["--observe-density", "90"], "PROBESxSTEPS"), (["--observe-directions"], "--learning-rate"),
      (["--observe-batches", "3"], "--batch"), (["--observe-operator", "ntk"], "--observe-operator"),
      (["--observe-batch-norm", "both"], "--observe-batch-norm"), (["--momentum", "1"], "--momentum"),
    ] {
      let outcome = try RitzProcess.run(["track", folder, "--network", "mlp:4-3-2"] + arguments + rest)
      #expect(outcome.status == 2 && outcome.errors.contains(text), "\(outcome.errors)")
    }
  }
}
