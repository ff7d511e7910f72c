import Archives
import Foundation
import TestSupport
import Testing

/// `ritz conditioning` as a user runs it.
@Suite struct ConditioningTests {
  private let small = """
    title: Small & quick
    data: {source: digits, samples: 40, side: 4, whiten: pca}
    vary:
      depth: [1, 2, 3]
      width: [16, 24]
    seeds: 2
    claims: {depth: grows}
    """

  private func points(_ result: [String: Any], _ study: Int = 0) throws -> [[String: Any]] {
    let studies = try #require(result["studies"] as? [[String: Any]])
    return try #require(studies[study]["points"] as? [[String: Any]])
  }

  private func execution(_ result: [String: Any], _ key: String) throws -> Int {
    try #require((result["execution"] as? [String: Any])?[key] as? Int)
  }

  @Test func aStudyLeavesAReport() throws {
    let work = try Workspace()
    let file = try work.write(Array(small.utf8), to: "mine.yaml")
    let outcome = try RitzProcess.run("conditioning", file, "--output", work.path("run"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("κ grows on all 2 lines with depth"))
    #expect(outcome.output.contains("12 networks measured, 0 kept from before"))
    let files = Set(work.files(below: "run").filter { !$0.hasPrefix("cells") })
    #expect(
      files == [
        "figures", "figures/mine.csv", "figures/mine.pdf", "figures/mine.svg", "report.html", "result.json", "studies",
        "studies/mine.yaml",
      ])
    #expect(work.files(below: "run/cells").count == 12)
    #expect(try work.bytes("run/figures/mine.pdf").starts(with: "%PDF-".utf8))
    #expect(try work.bytes("run/studies/mine.yaml") == Array(small.utf8))
    let table = String(decoding: try work.bytes("run/figures/mine.csv"), as: UTF8.self).split(separator: "\r\n")
    #expect(table.count == 7 && table[0].hasPrefix("depth,width,kappa,kappa_lower,kappa_upper,seeds,"))
    let result = try work.object("run/result.json")
    #expect(result["schema"] as? String == "ritz.conditioning/1")
    #expect(try points(result).count == 12)
    let page = String(decoding: try work.bytes("run/report.html"), as: UTF8.self)
    #expect(page.contains("<h1>Small &amp; quick</h1>") && !page.contains("Small & quick"))
    // The numbers once more, from what was kept, with others measured beside them.
    let again = try RitzProcess.run(
      "conditioning", file, "--output", work.path("run"), "--seeds", "3", "--workers", "1", "--json", "--quiet")
    #expect(again.status == 0 && again.errors.isEmpty)
    let extended = try Workspace.object(again.output)
    #expect(try execution(extended, "cells_measured") == 6 && execution(extended, "cells_from_cache") == 12)
    let first = try points(result).map { $0["kappa"] as? Double }
    let kept = try points(extended).filter { ($0["seed"] as? Int ?? 0) < 2 }.map { $0["kappa"] as? Double }
    #expect(first == kept)
  }

  @Test func builtInStudiesArePrintedAndRun() throws {
    let work = try Workspace()
    let list = try RitzProcess.run("conditioning", "--list")
    #expect(list.status == 0 && list.output.contains("depth-width       Depth and width\n"))
    #expect(list.output.split(separator: "\n").count == 11)
    let text = try RitzProcess.run("conditioning", "--print", "skip").output
    let file = try work.write(Array(text.utf8), to: "copy.yaml")
    let outcome = try RitzProcess.run(
      "conditioning", "skip", file, "--seeds", "1", "--output", work.path("run"), "--cache", work.path("kept"), "--json"
    )
    #expect(outcome.status == 0, "\(outcome.errors)")
    let result = try Workspace.object(outcome.output)
    // A copy is the same study: nothing is measured twice.
    #expect(try execution(result, "cells_measured") == 36 && execution(result, "cells_from_cache") == 36)
    #expect(try points(result, 0).map { $0["kappa"] as? Double } == points(result, 1).map { $0["kappa"] as? Double })
    #expect(work.files(below: "kept").count == 36)
  }

  @Test func anInterruptedRunGoesOn() throws {
    let work = try Workspace()
    let text = small.replacing("samples: 40, side: 4", with: "samples: 400").replacing("seeds: 2", with: "seeds: 20")
      .replacing("[16, 24]", with: "[64, 128]")
    let file = try work.write(Array(text.utf8), to: "mine.yaml")
    let process = try RitzProcess(["conditioning", file, "--output", work.path("run")])
    try process.wait(for: "the first networks") { !work.files(below: "run/cells").isEmpty }
    process.send(SIGINT)
    let stopped = try process.finish()
    #expect(stopped.status == 130, "\(stopped)")
    #expect(stopped.errors.hasSuffix("ritz: interrupted; the same command goes on where it was\n"))
    let kept = work.files(below: "run/cells").count
    #expect(kept > 0 && kept < 120 && !FileBytes.exists(work.path("run/result.json")))
    let rest = try RitzProcess.run("conditioning", file, "--output", work.path("run"), "--json")
    #expect(rest.status == 0)
    #expect(try execution(Workspace.object(rest.output), "cells_from_cache") == kept)
  }

  @Test func faultyInputIsOneLine() throws {
    let work = try Workspace()
    let file = try work.write(Array("data: {source: digits}\nvary: {dept: [1]}\n".utf8), to: "wrong.yaml")
    let problems: [([String], String)] = [
      (["deph-width"], "'deph-width' is neither a file nor a built-in study; did you mean 'depth-width'?"),
      (["--print", "skipp"], "did you mean 'skip'?"),
      ([file], "line 2: vary: unknown key 'dept'; did you mean 'depth'?"),
      (
        ["depth-width"],
        "study depth-width: needs the data 'mnist', and nothing of that name is there; give its directory with --data mnist=DIR"
      ),
      (["skip", "--data", "mnist"], "--data: 'mnist' is not NAME=DIR"),
      (["skip", "--cache", ""], "--cache: names no directory"),
    ]
    for (arguments, problem) in problems {
      let outcome = try RitzProcess.run(["conditioning"] + arguments + ["--output", work.path("run")])
      #expect(outcome.status == 1, "\(arguments) \(outcome)")
      #expect(outcome.errorLines.count == 1 && outcome.errors.contains(problem), "\(outcome.errors)")
      #expect(!FileBytes.exists(work.path("run/result.json")))
    }
  }
}
