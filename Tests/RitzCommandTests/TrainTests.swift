import Archives
import Foundation
import TestSupport
import Testing

/// `ritz train`: what it leaves, that stopped runs end with the same bits, and what it refuses.
@Suite struct TrainTests {
  private static let arguments = [
    "train", "mlp:64-24-10,tanh", "--data", "digits", "--split", "train", "--loss", "cross-entropy", "--validation",
    "test", "--optimizer", "adam", "--batch", "40", "--epochs", "30", "--seed", "4", "--precision", "single",
    "--observe", "steps:150,spikes", "--observe-samples", "200", "--observe-top", "3", "--observe-density", "1x20",
    "--store-every", "9", "--checkpoint-every", "200",
  ]

  /// The files of a run that nobody stops, by their names.
  private static let whole = Result<[String: [UInt8]], any Error> {
    let workspace = try Workspace()
    let outcome = try RitzProcess.run(arguments + ["--output", workspace.path("run"), "--quiet"])
    try #require(outcome.status == 0, "\(outcome.errors)")
    var files: [String: [UInt8]] = [:]
    for name in workspace.files(below: "run") where FileBytes.exists(workspace.path("run/" + name)) {
      files[name] = try workspace.bytes("run/" + name)
    }
    return files
  }

  @Test func whatItLeaves() throws {
    let files = try Self.whole.get()
    for name in [
      "run.json", "history.jsonl", "result.json", "report.html", "clock.jsonl", "checkpoints/step-000000.safetensors",
      "events.out.tfevents.0.ritz",
    ] { #expect(files[name] != nil, "\(name)") }
    let lines = String(decoding: try #require(files["history.jsonl"]), as: UTF8.self).split(separator: "\n")
    #expect(lines.count { $0.contains("\"kind\":\"step\"") } > 400)
    #expect(lines.contains { $0.contains("\"kind\":\"measurement\"") && $0.contains("\"reason\":\"end\"") })
    let last = try #require(lines.last { $0.contains("\"kind\":\"evaluation\"") })
    let accuracy = try #require(last.firstMatch(of: /"accuracy":([0-9.]+)/))
    #expect(try #require(Double(accuracy.1)) > 0.8)
    let checkpoint = try #require(files["checkpoints/step-000200.safetensors"])
    let file = try SafetensorsFile(bytes: checkpoint, file: "checkpoint")
    #expect(Set(file.names) == ["0.weight", "0.bias", "2.weight", "2.bias"])
  }

  @Test(arguments: [SIGINT, SIGKILL]) func stoppedRunsEndWithTheSameBits(_ signal: Int32) throws {
    let whole = try Self.whole.get()
    let workspace = try Workspace()
    let run = try RitzProcess(Self.arguments + ["--output", workspace.path("run"), "--quiet"])
    try run.wait(for: "a stored state") { FileBytes.exists(workspace.path("run/state/state.safetensors")) }
    run.send(signal)
    let stopped = try run.finish()
    if signal == SIGINT { #expect(stopped.status == 130 && stopped.errors.contains("ritz train --resume")) }
    let resumed = try RitzProcess.run("train", "--resume", workspace.path("run"), "--quiet", "--workers", "1")
    #expect(resumed.status == 0, "\(resumed.errors)")
    for name in ["history.jsonl", "result.json", "checkpoints/step-000200.safetensors"] {
      #expect(try workspace.bytes("run/" + name) == whole[name], "\(name)")
    }
    // A run that is complete is not trained again.
    let again = try RitzProcess.run("train", "--resume", workspace.path("run"))
    #expect(again.status == 0 && again.output.contains("complete"))
  }

  @Test(arguments: [
    (["--optimizer", "sdg"], "there is no optimiser 'sdg'"), (["--schedule", "step"], "'step' is no schedule"),
    (["--batch", "5000"], "there are"), (["--momentum", "2", "--optimizer", "heavy-ball"], "--momentum"),
    (["--batch-norm", "batch"], "has no batch normalisation"), (["--augment", "flip"], "no images"),
    (["--label-noise", "2"], "no fraction"), (["--observe", "often"], "no schedule of observations"),
    (["--learning-rate", "1e30", "--precision", "single"], "training diverged"),
    (["--params", "0"], "training moves all parameters"),
  ])
  func faultyInput(_ flags: [String], _ part: String) throws {
    let workspace = try Workspace()
    let outcome = try RitzProcess.run(
      [
        "train", "mlp:64-8-10", "--data", "digits", "--loss", "cross-entropy", "--epochs", "3", "--quiet", "--output",
        workspace.path("run"),
      ] + flags)
    #expect(outcome.status == 1)
    #expect(outcome.errorLines.count == 1 && outcome.errors.contains(part), "\(outcome.errors)")
    // What a run that diverged has seen is there to be read.
    let isBegun = part == "training diverged"
    #expect(FileBytes.exists(workspace.path("run/report.html")) == isBegun)
    #expect(outcome.errors.contains("report.html shows the run up to there") == isBegun)
  }

  @Test(arguments: [
    (["train"], "a MODEL is needed"), (["train", "mlp:2-2", "--batch", "0"], "--batch"),
    (["train", "mlp:2-2", "--epochs", "1", "--steps", "2"], "exclude each other"),
    (["train", "--resume", "x", "--optimizer", "adam"], "--resume takes everything"),
    (["train", "mlp:2-2", "--augment", "rotate"], "--augment takes"),
    (["train", "mlp:2-2", "--observe-budget", "20%"], "goes with --observe"),
    (["train", "mlp:2-2", "--momentum", "0.9"], "means nothing to --optimizer sgd"),
    (["train", "mlp:2-2", "--optimizer", "rmsprop", "--betas", "0.9,0.99"], "one number"),
    (["train", "mlp:2-2", "--observe", "ends", "--observe-budget", "20"], "--observe-budget"),
    (["train", "mlp:2-2", "--betas", "x"], "--betas"), (["train", "mlp:2-2", "--decay", "some"], "--decay"),
  ])
  func wrongUsage(_ arguments: [String], _ part: String) throws {
    let outcome = try RitzProcess.run(arguments)
    #expect(outcome.status == 2 && outcome.errors.contains(part), "\(outcome.errors)")
  }

  /// Errors over the data without a density, a run that no other replaces unasked, files of others that stay.
  @Test func errorsOverTheDataAndAnotherRunInTheWay() throws {
    let workspace = try Workspace()
    try FileManager.default.createDirectory(
      atPath: workspace.path("run/checkpoints"), withIntermediateDirectories: true)
    let mine = workspace.path("run/checkpoints/mine.safetensors")
    try Data("mine".utf8).write(to: URL(fileURLWithPath: mine))
    let arguments = [
      "train", "mlp:64-4-10", "--data", "digits", "--loss", "cross-entropy", "--steps", "4", "--observe", "ends",
      "--observe-top", "2", "--observe-samples", "60", "--observe-data-groups", "3", "--quiet", "--output",
      workspace.path("run"),
    ]
    let first = try RitzProcess.run(arguments)
    #expect(first.status == 0, "\(first.errors)")
    let history = try workspace.bytes("run/history.jsonl")
    #expect(String(decoding: history, as: UTF8.self).contains("\"top_data_errors\":["))
    let second = try RitzProcess.run(arguments)
    #expect(second.status == 1 && second.errors.contains("holds a run already"), "\(second.errors)")
    let replaced = try RitzProcess.run(arguments + ["--overwrite"])
    #expect(replaced.status == 0)
    #expect(try workspace.bytes("run/history.jsonl") == history)
    #expect(FileBytes.exists(mine))
    try FileManager.default.removeItem(atPath: mine)
    let tracked = try RitzProcess.run(
      "track", workspace.path("run/checkpoints"), "--network", "mlp:64-4-10", "--data", "digits", "--loss",
      "cross-entropy", "--output", workspace.path("run"), "--quiet")
    #expect(tracked.status == 1 && tracked.errors.contains("holds a run of ritz train"), "\(tracked.errors)")
  }

  /// One step of gradient descent on all samples: the parameters of the file less η times PyTorch's gradient, under the file's names.
  @Test(
    .enabled(if: Reference.isAvailable, "needs ../shared/reference"),
    arguments: ["mlp-tanh-ce", "lenet-ce", "resnet-bn-eval-ce", "resnet-bn-train-ce"], ["model.pt2", "static.pt2"])
  func exportedPrograms(_ name: String, _ file: String) throws {
    let reference = try ReferenceCase.load(name)
    let workspace = try Workspace()
    // Training takes the statistics of the batch; a program exported for evaluation has constants.
    let mode = name == "resnet-bn-eval-ce" ? ["--batch-norm", "running"] : []
    let outcome = try RitzProcess.run(
      [
        "train", reference.directory + "/" + file, "--data", reference.dataPath, "--loss", "cross-entropy", "--batch",
        "all", "--steps", "1", "--learning-rate", "0.125", "--precision", "double", "--checkpoint-every", "1",
        "--quiet", "--output", workspace.path("run"),
      ] + mode)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let checkpoints = try (0...1).map {
      try SafetensorsFile(contentsOf: workspace.path("run/checkpoints/step-00000\($0).safetensors"))
    }
    let gradient = try reference.doubles("grad")
    var offset = 0
    for parameter in reference.parameters {
      let before = try checkpoints[0].array(named: parameter.name).doubles()
      let after = try checkpoints[1].array(named: parameter.name).doubles()
      try #require(before.count == parameter.count && after.count == parameter.count)
      for index in 0..<parameter.count {
        let step = -0.125 * gradient[offset + index]
        #expect(abs(after[index] - before[index] - step) < 1e-12, "\(parameter.name) \(index)")
      }
      offset += parameter.count
    }
    #expect(offset == reference.parameterCount)
  }

  @Test func nothingToResume() throws {
    let workspace = try Workspace()
    let outcome = try RitzProcess.run("train", "--resume", workspace.path("none"))
    #expect(outcome.status == 1 && outcome.errors.contains("nothing to resume"))
  }
}
