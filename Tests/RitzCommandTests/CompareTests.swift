import Archives
import Foundation
import TestSupport
import Testing

/// `ritz compare` as a user runs it.
@Suite struct CompareTests {
  @Test func twoRunsOnOnePage() throws {
    let work = try Workspace()
    let data = try work.labelled(samples: 24, features: 4, classes: 2)
    for (name, rate) in [("slow", "0.01"), ("fast", "0.1")] {
      let outcome = try RitzProcess.run(
        "train", "mlp:4-3-2", "--data", data, "--loss", "cross-entropy", "--steps", "6", "--batch", "8",
        "--learning-rate", rate,
        "--observe", "steps:3", "--observe-density", "1x8", "--observe-top", "2", "--quiet", "--output",
        work.path(name))
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    let page = work.path("page.html")
    let outcome = try RitzProcess.run("compare", work.path("slow"), work.path("fast"), "--output", page)
    #expect(outcome.status == 0 && outcome.output == page + "\n", "\(outcome.errors)")
    let text = try String(contentsOfFile: page, encoding: .utf8)
    for part in ["2 runs side by side", "Density at the end", "slow", "fast", "At the start", "η 0.01"] {
      #expect(text.contains(part), "\(part)")
    }
    for (arguments, status, problem) in [
      ([work.path("slow")], Int32(2), "two RUNs or more"), ([], 2, "two RUNs or more"),
      ([work.path("slow"), work.path("nowhere")], 1, "not the directory of a training run"),
    ] {
      let refused = try RitzProcess.run(["compare"] + arguments + ["--output", work.path("none.html")])
      #expect(refused.status == status && refused.errors.contains(problem), "\(refused.errors)")
      #expect(!FileBytes.exists(work.path("none.html")))
    }
  }
}
