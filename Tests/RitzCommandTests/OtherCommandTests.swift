import Archives
import Foundation
import TestSupport
import Testing

/// `ritz inspect`, `bench` and `demo`.
@Suite struct OtherCommandTests {
  @Test func inspectShowsParameters() throws {
    let outcome = try RitzProcess.run("inspect", "mlp:6-8-3,tanh")
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    #expect(
      outcome.output == """
        mlp:6-8-3,tanh: mlp:6-8-3,tanh
          input  6 (real), batch any
          83 parameters in 4 arrays
            0.weight  8×6  48 (double)
            0.bias    8  8 (double)
            2.weight  3×8  24 (double)
            2.bias    3  3 (double)

        """)
  }

  @Test(.enabled(if: Reference.isAvailable)) func inspectJSON() throws {
    let reference = try ReferenceCase.load("mlp-gelu-residual-ce")
    let outcome = try RitzProcess.run("inspect", reference.staticModelPath, "--json")
    #expect(outcome.status == 0)
    let description = try Workspace.object(outcome.output)
    #expect(description["parameter_count"] as? Int == reference.parameterCount)
    #expect(description["batch"] as? String == "fixed at \(reference.samples)")
    let parameters = try #require(description["parameters"] as? [[String: Any]])
    #expect(parameters.compactMap { $0["name"] as? String } == reference.parameters.map(\.name))
    #expect(parameters.compactMap { $0["shape"] as? [Int] } == reference.parameters.map(\.shape))
  }

  @Test(arguments: [[], ["--exact"], ["--precision", "single", "--operator", "ggn", "--workers", "1"]])
  func planAddsUp(_ flags: [String]) throws {
    let outcome = try RitzProcess.run(
      ["inspect", "mlp:64-30-10", "--plan", "--data", "digits", "--loss", "cross-entropy", "--json"] + flags)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let description = try Workspace.object(outcome.output)
    let total = try #require(description["forecast_bytes"] as? Int)
    let seconds = try #require(description["forecast_seconds"] as? Double)
    #expect(seconds > 0 && seconds.isFinite)
    let parts = try #require((description["forecast"] as? [String: Any])?["parts"] as? [[String: Any]])
    #expect(parts.allSatisfy { ($0["bytes"] as? Int ?? -1) >= 0 && ($0["name"] as? String)?.isEmpty == false })
    #expect(parts.compactMap { $0["bytes"] as? Int }.reduce(0, +) == total)
  }

  /// Products and vectors of the forecast follow what is asked for.
  @Test func planFollowsTheQuantities() throws {
    func forecast(_ flags: String...) throws -> (products: Int, bytes: Int) {
      let outcome = try RitzProcess.run(
        ["inspect", "mlp:64-60-10", "--plan", "--data", "digits", "--loss", "cross-entropy", "--json"] + flags)
      try #require(outcome.status == 0, "\(outcome.errors)")
      let description = try Workspace.object(outcome.output)
      let forecast = try #require(description["forecast"] as? [String: Any])
      return (try #require(forecast["products"] as? Int), try #require(description["forecast_bytes"] as? Int))
    }
    #expect(try forecast("--density", "--probes", "3", "--steps", "20").products == 60)
    #expect(try forecast("--trace", "hutchinson", "--trace-probes", "7").products == 7)
    #expect(try forecast("--trace", "hutch++", "--trace-probes", "7").products == 21)
    #expect(try forecast("--trace", "quadrature").products == 900)
    #expect(try forecast("--exact").products == 64 * 60 + 60 + 60 * 10 + 10)
    #expect(try forecast("--top", "10", "--max-products", "50").products == 50)
    #expect(try forecast("--top", "5", "--block", "8").bytes > forecast("--top", "5").bytes)
  }

  @Test func planIsPrinted() throws {
    let outcome = try RitzProcess.run(
      "inspect", "mlp:64-30-10", "--plan", "--data", "digits", "--loss", "cross-entropy")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("peak memory"))
    #expect(outcome.output.contains("a product"))
  }

  @Test func benchPrintsJSONLines() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 40, features: 6, classes: 3)
    let outcome = try RitzProcess.run(
      "bench", "mlp:6-8-3,tanh", "--data", data, "--loss", "cross-entropy", "--runs", "1", "--workers", "2")
    try #require(outcome.status == 0, "\(outcome.errors)")
    let rows = try outcome.output.split(separator: "\n").map { try Workspace.object(String($0)) }
    #expect(
      rows.compactMap { $0["what"] as? String } == [
        "forward", "gradient", "hvp", "hvp_kept", "ggnvp", "ggnvp_kept", "density_10x90",
      ])
    for row in rows {
      #expect(row["tool"] as? String == "ritz")
      #expect(row["case"] as? String == "mlp:6-8-3,tanh")
      #expect(try #require(row["seconds"] as? Double) >= 0)
      #expect(row["parameters"] as? Int == 83 && row["samples"] as? Int == 40)
      #expect(row["precision"] as? String == "single" && row["workers"] as? Int == 2)
    }
    let some = try RitzProcess.run(
      "bench", "mlp:6-8-3", "--data", data, "--loss", "cross-entropy", "--runs", "1", "--what", "ggnvp,forward")
    #expect(some.output.split(separator: "\n").count == 2)
  }

  @Test func demoLeavesAReport() throws {
    let workspace = try Workspace()
    let outcome = try RitzProcess.run("demo", "--training-steps", "20", in: workspace.directory.path)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let names = workspace.files(below: "runs/demo").filter { !$0.contains("/") }
    #expect(names == ["arrays.npz", "figures", "report.html", "result.json", "state"])
    #expect(workspace.files(below: "runs/demo/figures").count >= 3)
    let page = try String(decoding: workspace.bytes("runs/demo/report.html"), as: UTF8.self)
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
    // The page opens offline: nothing in it is fetched.
    for link in ["src=\"http", "href=\"http", "url(http", "@import"] { #expect(!page.contains(link)) }
    let result = try workspace.object("runs/demo/result.json")
    let operators = try #require(result["operators"] as? [[String: Any]])
    #expect(operators.compactMap { $0["operator"] as? String } == ["hessian", "ggn"])
    for operation in operators {
      #expect((operation["top"] as? [Any])?.count == 20)
      #expect(operation["trace"] != nil && operation["density"] != nil)
    }
    let arrays = try workspace.arrays("runs/demo/arrays.npz")
    #expect(arrays["top_eigenvalues"]?.count == 20 && arrays["ggn/top_eigenvalues"]?.count == 20)
  }
}
