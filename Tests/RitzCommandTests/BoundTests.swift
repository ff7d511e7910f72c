import Archives
import Foundation
import TestSupport
import Testing

/// `ritz bound`: what it leaves and prints, that stopped runs end with the same numbers, and what it refuses.
@Suite struct BoundTests {
  private static let arguments = [
    "bound", "mlp:64-30-1", "--data", "digits", "--split", "train", "--binary", "--loss", "bce", "--basis",
    "standard,kronecker", "--refresh", "20", "--epochs", "40", "--start-epochs", "10", "--start-rate", "0.05",
    "--learning-rate", "1e-3", "--batch", "50", "--draws", "3000", "--test-draws", "20", "--sharpness-samples", "200",
    "--precision", "single", "--seed", "2",
  ]

  /// The result of a run that nobody stops, and what was printed.
  private static let whole = Result<(result: [UInt8], output: String, files: [String]), any Error> {
    let workspace = try Workspace()
    let outcome = try RitzProcess.run(arguments + ["--output", workspace.path("run"), "--quiet"])
    try #require(outcome.status == 0, "\(outcome.errors)")
    return (try workspace.bytes("run/result.json"), outcome.output, workspace.files(below: "run"))
  }

  private static func object(_ bytes: [UInt8]) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
  }

  /// The numbers of the posteriors, but for the clocks.
  private func numbers(_ result: [String: Any]) throws -> [[String: NSObject]] {
    try #require(result["posteriors"] as? [[String: NSObject]]).map { posterior in
      posterior.filter { !$0.key.hasSuffix("clock") }
    }
  }

  @Test func whatItLeaves() throws {
    let (bytes, output, files) = try Self.whole.get()
    let result = try Self.object(bytes)
    for name in ["report.html", "result.json", "figures/bound-divergence.svg", "figures/bound-objective.svg"] {
      #expect(files.contains(name), "\(name)")
    }
    #expect(result["schema"] as? String == "ritz.bound/1")
    let posteriors = try numbers(result)
    #expect(posteriors.map { $0["basis"] as? String } == ["standard", "kronecker"])
    for posterior in posteriors {
      let bound = try #require(posterior["bound"] as? Double)
      let empirical = try #require(posterior["empirical_error_bound"] as? Double)
      #expect(bound > empirical && bound < 0.5)
      #expect(try bound > #require(posterior["test_error"] as? Double))
      #expect(posterior["draws"] as? Int == 3000)
      #expect((posterior["history"] as? [Any])?.count ?? 0 > 10)
    }
    let sharpness = try #require(result["sharpness"] as? [String: Any])
    let rows = try #require(sharpness["rows"] as? [[String: Any]])
    #expect(rows.count == 5)
    let first = try #require(rows.first { $0["measure"] as? String == "largest-eigenvalue" })
    #expect(first["changes_with_scale"] as? Bool == true)
    #expect(rows.first { $0["measure"] as? String == "adaptive" }?["changes_with_scale"] as? Bool == false)
    #expect(result["scale_invariant"] != nil)
    for part in [
      "with confidence 0.965", "delta = 0.025", "delta' = 0.01", "the prior's mean does not depend on the samples",
      "not checked here", "multiplying layer 0 by 4 and dividing layer 2 by it", "test error of the posterior",
    ] { #expect(output.contains(part), "\(part)") }
  }

  @Test func stoppedRunsEndWithTheSameNumbers() throws {
    let whole = try numbers(Self.object(Self.whole.get().result))
    let workspace = try Workspace()
    let run = try RitzProcess(Self.arguments + ["--output", workspace.path("run"), "--quiet"])
    try run.wait(for: "the start") { FileBytes.exists(workspace.path("run/state/posterior-standard.safetensors")) }
    run.send(SIGINT)
    let stopped = try run.finish()
    #expect(stopped.status == 130 && stopped.errors.contains("ritz bound --resume"), "\(stopped.errors)")
    let resumed = try RitzProcess.run("bound", "--resume", workspace.path("run"), "--quiet", "--workers", "1")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try numbers(workspace.object("run/result.json")) == whole)
    let again = try RitzProcess.run("bound", "--resume", workspace.path("run"))
    #expect(again.status == 0 && again.output.contains("complete"))
  }

  /// With labels of many classes, and from weights that were read; random labels leave nothing to say.
  @Test func otherWays() throws {
    let workspace = try Workspace()
    let few = ["--epochs", "3", "--draws", "200", "--test-draws", "0", "--sharpness-samples", "0", "--quiet"]
    let outcome = try RitzProcess.run(
      [
        "bound", "mlp:64-16-10", "--data", "digits", "--loss", "cross-entropy", "--random-labels", "--basis", "exact",
        "--start-epochs", "2", "--json", "--output", workspace.path("run"),
      ] + few)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let result = try Workspace.object(outcome.output)
    #expect(try #require(numbers(result).first?["bound"] as? Double) > 0.5)
    #expect((result["warnings"] as? [String])?.contains { $0.contains("guessing among 10 classes") } == true)
    // The scale-invariant bound is larger with random labels than with the right ones.
    let right = try RitzProcess.run(
      [
        "bound", "mlp:64-16-10", "--data", "digits", "--loss", "cross-entropy", "--start-epochs", "2", "--json",
        "--standardise", "mean-std", "--output", workspace.path("right"),
      ] + few)
    #expect(right.status == 0, "\(right.errors)")
    func scaleInvariant(_ result: [String: Any]) throws -> Double {
      try #require((result["scale_invariant"] as? [String: Any])?["bound"] as? Double)
    }
    let rightResult = try Workspace.object(right.output)
    #expect(try scaleInvariant(result) > scaleInvariant(rightResult))
    // Scaled by its own mean, the data do not leave the network alone.
    #expect(
      (rightResult["warnings"] as? [String])?.contains { $0.contains("mean and deviation were measured") } == true)
    #expect((result["warnings"] as? [String])?.contains { $0.contains("mean and deviation") } == false)
    let train = try RitzProcess.run(
      "train", "mlp:64-16-10", "--data", "digits", "--loss", "cross-entropy", "--steps", "20", "--quiet", "--output",
      workspace.path("train"))
    #expect(train.status == 0, "\(train.errors)")
    let read = try RitzProcess.run(
      [
        "bound", "mlp:64-16-10", "--data", "digits", "--loss", "cross-entropy", "--whole-draws", "--deviations",
        "weights", "--weights", workspace.path("train/checkpoints/step-000020.safetensors"), "--output",
        workspace.path("read"),
      ] + few)
    #expect(read.status == 0 && read.output.contains("read from"), "\(read.errors)")
  }

  @Test(arguments: [
    (["--loss", "bce"], "holds class labels"), (["--loss", "squared-error"], "--loss"),
    (["--loss", "cross-entropy", "--batch", "5000"], "there are"),
    (["--loss", "cross-entropy", "--schedule", "step"], "'step' is no schedule"),
    (["--loss", "cross-entropy", "--learning-rate", "0"], "must be a positive number"),
    (["--loss", "cross-entropy", "--basis", "exact"], "taken apart"),
    (["--loss", "cross-entropy", "--params", "0"], "over all parameters"),
    (["--loss", "cross-entropy", "--weights", "/nowhere.safetensors"], "nowhere"),
    (["--loss", "cross-entropy", "--batch-norm", "population"], "population"),
  ])
  func faultyInput(_ flags: [String], _ part: String) throws {
    let workspace = try Workspace()
    let outcome = try RitzProcess.run(
      ["bound", "mlp:64-80-10", "--data", "digits", "--quiet", "--output", workspace.path("run")] + flags)
    #expect(outcome.status == 1)
    #expect(outcome.errorLines.count == 1 && outcome.errors.contains(part), "\(outcome.errors)")
  }

  @Test(arguments: [
    (["bound"], "a MODEL is needed"), (["bound", "mlp:2-2", "--basis", "fourier"], "--basis is"),
    (["bound", "mlp:2-2", "--basis", "standard,standard"], "each once"),
    (["bound", "mlp:2-2", "--delta", "0.7"], "--delta"), (["bound", "mlp:2-2", "--deviations", "no"], "--deviations"),
    (["bound", "--resume", "x", "--seed", "3"], "--resume takes everything"),
    (["bound", "--resume", "x", "--epochs", "3"], "--resume takes everything"),
    (["bound", "mlp:2-2", "--draws", "0"], "--draws"), (["bound", "mlp:2-2", "--refresh", "3"], "--refresh goes with"),
    (["bound", "mlp:2-2", "--weights", "x", "--start-epochs", "3"], "--weights is where to begin"),
  ])
  func wrongUsage(_ arguments: [String], _ part: String) throws {
    let outcome = try RitzProcess.run(arguments)
    #expect(outcome.status == 2 && outcome.errors.contains(part), "\(outcome.errors)")
  }

  @Test func nothingToResume() throws {
    let workspace = try Workspace()
    let outcome = try RitzProcess.run("bound", "--resume", workspace.path("none"))
    #expect(outcome.status == 1 && outcome.errors.contains("nothing to resume"))
  }
}
