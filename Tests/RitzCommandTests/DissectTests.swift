import Archives
import Foundation
import TestSupport
import Testing

/// `ritz dissect` as a user runs it.
@Suite struct DissectTests {
  private func train(_ work: Workspace, _ name: String, _ seed: Int, _ data: String, _ flags: String...) throws {
    let outcome = try RitzProcess.run(
      [
        "train", "mlp:4-3-2", "--data", data, "--loss", "cross-entropy", "--epochs", "2", "--batch", "8",
        "--label-noise", "0.25", "--seed", String(seed), "--quiet", "--output", work.path(name),
      ] + flags)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  /// Runs that differ in their seeds alone are compared on the same labels and the same subset, and without a word
  /// where they are.
  @Test func comparedOnTheSameData() throws {
    let work = try Workspace()
    let data = try work.labelled(samples: 24, features: 4, classes: 2)
    for (name, seed) in [("one", 1), ("two", 2)] { try train(work, name, seed, data, "--label-seed", "5") }
    let rest = ["--top", "2", "--operators", "ggn", "--approximations", "none", "--quiet"]
    let same = try RitzProcess.run(
      ["dissect", work.path("one"), work.path("two"), "--output", work.path("same")] + rest)
    #expect(same.status == 0 && !same.output.contains("different samples"), "\(same.errors)")
    for (name, seed) in [("clean-one", 1), ("clean-two", 2)] {
      try train(work, name, seed, data, "--label-noise", "0")
    }
    let subset = try RitzProcess.run(
      [
        "dissect", work.path("clean-one"), work.path("clean-two"), "--samples", "10,random", "--seed", "4", "--output",
        work.path("subset"),
      ] + rest)
    #expect(subset.status == 0 && !subset.output.contains("different samples"), "\(subset.errors)")
    let models = try #require(work.object("subset/result.json")["models"] as? [[String: Any]])
    #expect(
      models.map { ($0["data"] as? [String: Any])?["selection"] as? String } == [
        "random subset, seed 4", "random subset, seed 4",
      ])
    let refused = try RitzProcess.run(
      ["dissect", work.path("one"), "--standardise", "unit", "--output", work.path("refused")] + rest)
    #expect(refused.status == 1 && refused.errors.contains("--standardise"), "\(refused.errors)")
  }

  @Test func twoRunsAndTheirCheckpoints() throws {
    let work = try Workspace()
    let data = try work.labelled(samples: 24, features: 4, classes: 2)
    try train(work, "one", 1, data)
    try train(work, "two", 2, data)
    let arguments = ["dissect", work.path("one"), work.path("two"), "--top", "3", "--vectors", "--quiet"]
    let outcome = try RitzProcess.run(arguments + ["--output", work.path("layers")])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("overlap of leading eigenspaces"))
    // Their labels are noisy, each by its own seed.
    #expect(outcome.output.contains("one and two are measured on different samples or labels"))
    let result = try work.object("layers/result.json")
    #expect(result["schema"] as? String == "ritz.dissection/1")
    let models = try #require(result["models"] as? [[String: Any]])
    #expect(models.map { $0["name"] as? String } == ["one", "two"])
    let layers = try #require(models[0]["layers"] as? [[String: Any]])
    #expect(layers.map { $0["dimension"] as? Int } == [12, 6])
    #expect((layers[0]["spectra"] as? [Any])?.count == 4 && (layers[0]["approximations"] as? [Any])?.count == 4)
    let identity = try #require(models[0]["identity"] as? [String: Any])
    #expect(try #require(identity["relative_error"] as? Double) < 1e-10)
    let arrays = try work.arrays("layers/arrays.npz")
    #expect(arrays["one/0/hessian/vectors"]?.shape == [3, 3, 4])
    #expect(arrays["two/2/ekfac/eigenvalues"]?.shape == [3])
    let files = work.files(below: "layers")
    #expect(files.contains("report.html") && files.contains { $0.hasPrefix("figures/") && $0.hasSuffix(".svg") })
    // Anew, with another number of workers: the same numbers.
    let again = try RitzProcess.run(arguments + ["--workers", "1", "--output", work.path("again")])
    #expect(again.status == 0)
    #expect(try work.bytes("layers/arrays.npz") == work.bytes("again/arrays.npz"))

    let steps = try RitzProcess.run([
      "dissect", work.path("one/checkpoints"), "--operators", "ggn", "--approximations", "none", "--top", "2", "--bias",
      "--json", "--quiet", "--output", work.path("steps"),
    ])
    #expect(steps.status == 0, "\(steps.errors)")
    let report = try Workspace.object(steps.output)
    let checkpoints = try #require(report["models"] as? [[String: Any]])
    #expect(checkpoints.compactMap { $0["name"] as? String } == ["step-000000", "step-000003", "step-000006"])
    let comparisons = try #require(report["comparisons"] as? [[String: Any]])
    // Three pairs of models at two layers, and the decoupled block of each model and layer.
    #expect(comparisons.count == 3 * 2 + 3 * 2)
    #expect(comparisons.allSatisfy { ($0["dimension"] as? Int).map { [15, 8].contains($0) } == true })
  }

  /// In the Frobenius norm EKFAC is the best matrix with K-FAC's eigenvectors, as an approximation of the matrix that both
  /// are of.
  @Test(arguments: ["ggn", "gradient-second-moment"]) func sourcesOfApproximations(source: String) throws {
    let work = try Workspace()
    let data = try work.labelled(samples: 24, features: 4, classes: 2)
    let outcome = try RitzProcess.run([
      "dissect", "mlp:4-3-2", "--data", data, "--loss", "cross-entropy", "--operators", source, "--approximations",
      "decoupled,kfac-expand,ekfac", "--kronecker-source", source, "--top", "3", "--json", "--quiet", "--output",
      work.path("o"),
    ])
    try #require(outcome.status == 0, "\(outcome.errors)")
    let result = try Workspace.object(outcome.output)
    let models = try #require(result["models"] as? [[String: Any]])
    for layer in try #require(models[0]["layers"] as? [[String: Any]]) {
      let approximations = try #require(layer["approximations"] as? [[String: Any]])
      let errors = try approximations.map { approximation in
        let row = try #require(approximation["errors"] as? [[String: Any]])
        return try #require(row[0]["value"] as? Double)
      }
      #expect(approximations.compactMap { $0["source"] as? String } == ["ggn", source, source])
      #expect(errors.count == 3 && errors[2] <= errors[1] * (1 + 1e-12))
      // The decoupled one is that of the Gauss-Newton matrix.
      #expect((abs(errors[0] - errors[1]) <= 1e-12 * errors[0]) == (source == "ggn"))
    }
    let conventions = try #require(result["conventions"] as? [String: String])
    #expect(conventions["operator ekfac"]?.contains("in place of G") == (source != "ggn"))
    #expect(conventions["operator decoupled"] == nil)
    let refused = try RitzProcess.run(["dissect", work.path("o"), "--shampoo-batch", "2", "--approximations", "ekfac"])
    #expect(refused.status == 2 && refused.errors.contains("--shampoo-batch goes with shampoo"), "\(refused.errors)")
  }

  /// What was done before the signal is read, not measured again; bytes and counts are those of the undisturbed run.
  @Test func stoppedRunsEndWithTheSameNumbers() throws {
    let work = try Workspace()
    try train(work, "one", 1, work.labelled(samples: 24, features: 4, classes: 2))
    let arguments = [
      "dissect", "mlp:64-40-20-10", "--data", "digits", "--loss", "cross-entropy", "--precision", "double", "--top",
      "8",
      "--tolerance", "1e-6", "--quiet", "--output",
    ]
    let whole = try RitzProcess.run(arguments + [work.path("whole")])
    #expect(whole.status == 0, "\(whole.errors)")
    let run = try RitzProcess(arguments + [work.path("run")])
    try run.wait(for: "the first layer") { FileBytes.exists(work.path("run/state/model-0-hessian-0.safetensors")) }
    run.send(SIGINT)
    let stopped = try run.finish()
    #expect(stopped.status == 130 && stopped.errors.contains("ritz dissect --resume"), "\(stopped.errors)")
    let part = try work.bytes("run/state/model-0-hessian-0.safetensors")
    let other = try RitzProcess.run("dissect", "--resume", work.path("run"), "--top", "3")
    #expect(other.status == 2 && other.errors.contains("--resume takes everything"), "\(other.errors)")
    // It is read: damaged, it is missed.
    try Data(part.prefix(part.count / 2)).write(
      to: URL(fileURLWithPath: work.path("run/state/model-0-hessian-0.safetensors")))
    let damaged = try RitzProcess.run("dissect", "--resume", work.path("run"), "--quiet")
    #expect(damaged.status == 1 && damaged.errors.contains("model-0-hessian-0.safetensors"), "\(damaged.errors)")
    try Data(part).write(to: URL(fileURLWithPath: work.path("run/state/model-0-hessian-0.safetensors")))
    let resumed = try RitzProcess.run("dissect", "--resume", work.path("run"), "--quiet", "--workers", "1")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try work.bytes("run/arrays.npz") == work.bytes("whole/arrays.npz"))
    func models(_ name: String) throws -> NSArray {
      let models = try #require(work.object(name + "/result.json")["models"] as? [[String: Any]])
      return models.map { model in model.filter { $0.key != "seconds" } } as NSArray
    }
    #expect(try models("run") == models("whole"))
    let again = try RitzProcess.run("dissect", "--resume", work.path("run"))
    #expect(again.status == 0 && again.output.contains("complete"))
    let foreign = try RitzProcess.run(arguments + [work.path("one")])
    #expect(foreign.status == 1 && foreign.errors.contains("a run of another command"), "\(foreign.errors)")
    #expect(FileBytes.exists(work.path("one/result.json")))
    let nothing = try RitzProcess.run("dissect", "--resume", work.path("one"))
    #expect(nothing.status == 1 && nothing.errors.contains("nothing to resume"), "\(nothing.errors)")
  }

  @Test func saysWhatIsWrongInOneLine() throws {
    let work = try Workspace()
    let data = try work.labelled(samples: 12, features: 4, classes: 2)
    let rest = ["--loss", "cross-entropy", "--output", work.path("out"), "--quiet"]
    for (arguments, status, text) in [
      (["mlp:4-3-2"], Int32(2), "--data is needed"),
      (["mlp:4-3-2", "--data", data, "--operators", "ntk"], 1, "has no blocks of layers"),
      (["mlp:4-3-2", "--data", data, "--operators", "hesian"], 1, "there is no operator"),
      (["mlp:4-3-2", "--data", data, "--approximations", "kfac"], 1, "is no approximation"),
      (["mlp:4-3-2", "--data", data, "--approximations", "ekfac,ekfac"], 1, "given twice"),
      (["mlp:4-3-2", "--data", data, "--params", "bias"], 1, "is the weight of a dense or convolutional layer"),
      ([work.path("nowhere.pt2"), "--data", data], 1, "nowhere.pt2"),
      ([work.directory.path("."), "--data", data], 1, "holds no checkpoints"),
      (["mlp:5-3-2", "--data", data], 1, "data.npz"),
    ] {
      let outcome = try RitzProcess.run(["dissect"] + arguments + rest)
      #expect(outcome.status == status && outcome.errors.contains(text), "\(arguments): \(outcome.errors)")
      #expect(!FileBytes.exists(work.path("out")))
    }
  }
}
