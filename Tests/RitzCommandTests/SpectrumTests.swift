import Archives
import Foundation
import TestSupport
import Testing

/// `ritz spectrum`: the arrays it leaves, against PyTorch's numbers.
@Suite struct SpectrumTests {
  @Test(.enabled(if: Reference.isAvailable), arguments: ["hessian", "ggn"])
  func exactAndExtremeEigenvalues(_ operation: String) throws {
    let reference = try ReferenceCase.load("linear-deep-mse")
    let workspace = try Workspace()
    let outcome = try RitzProcess.run(
      "spectrum", reference.modelPath, "--data", reference.dataPath, "--loss", "squared-error", "--operator", operation,
      "--exact", "--top", "4", "--bottom", "3", "--precision", "double", "--seed", "3", "--output",
      workspace.path("run"))
    try #require(outcome.status == 0, "\(outcome.errors)")
    let arrays = try workspace.arrays("run/arrays.npz")
    let expected = try reference.doubles("\(operation)_eigenvalues").sorted()
    let scale = expected.map(abs).max() ?? 0

    let all = try #require(arrays["eigenvalues"]).doubles()
    #expect(all.count == reference.parameterCount)
    #expect(zip(all, all.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(zip(all, expected).allSatisfy { abs($0 - $1) < 1e-9 * scale })

    let top = try #require(arrays["top_eigenvalues"]).doubles()
    #expect(top.count == 4)
    #expect(zip(top, expected.reversed()).allSatisfy { abs($0 - $1) < 1e-9 * scale })
    let bottom = try #require(arrays["bottom_eigenvalues"]).doubles()
    #expect(bottom.count == 3)
    #expect(zip(bottom, expected).allSatisfy { abs($0 - $1) < 1e-9 * scale })
    for (end, count) in [("top", 4), ("bottom", 3)] {
      #expect(try #require(arrays["\(end)_residuals"]).doubles().allSatisfy { $0 >= 0 && $0 < 1e-9 * scale })
      var squares = [Double](repeating: 0, count: count)
      for parameter in reference.parameters {
        let vectors = try #require(arrays["\(end)_vectors/\(parameter.name)"])
        #expect(vectors.shape == [count] + parameter.shape)
        for (index, value) in try vectors.doubles().enumerated() { squares[index / parameter.count] += value * value }
      }
      #expect(squares.allSatisfy { abs($0 - 1) < 1e-12 })
    }
    #expect(arrays.count == 1 + 2 * (2 + reference.parameters.count))
  }

  @Test(.enabled(if: Reference.isAvailable)) func vectorsAreEigenvectorsByApply() throws {
    let reference = try ReferenceCase.load("mlp-tanh-ce")
    let workspace = try Workspace()
    let common = [
      reference.modelPath, "--data", reference.dataPath, "--loss", "cross-entropy", "--precision", "double",
    ]
    try #require(
      RitzProcess.run(["spectrum"] + common + ["--top", "2", "--output", workspace.path("run")]).status == 0)
    let arrays = try workspace.arrays("run/arrays.npz")
    var vectors: [String: NumpyArray] = [:]
    for parameter in reference.parameters { vectors[parameter.name] = arrays["top_vectors/\(parameter.name)"] }
    let file = try workspace.write(vectors, to: "v.npz")
    try #require(
      RitzProcess.run(["apply"] + common + ["--vector", file, "--output", workspace.path("o.npz")]).status == 0)
    let products = try workspace.arrays("o.npz")
    let values = try #require(arrays["top_eigenvalues"]).doubles()
    let residuals = try #require(arrays["top_residuals"]).doubles()
    var squares = [0.0, 0.0]
    for parameter in reference.parameters {
      let product = try #require(products["product/\(parameter.name)"]).doubles()
      let vector = try #require(vectors[parameter.name]).doubles()
      for index in product.indices {
        let pair = index / parameter.count
        let defect = product[index] - values[pair] * vector[index]
        squares[pair] += defect * defect
      }
    }
    for pair in 0..<2 { #expect(abs(squares[pair].squareRoot() - residuals[pair]) < 1e-12 * values[pair]) }
  }

  @Test func density() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 30, features: 6, classes: 3)
    let outcome = try RitzProcess.run(
      "spectrum", "mlp:6-8-3,tanh", "--data", data, "--loss", "cross-entropy", "--density", "--probes", "4", "--steps",
      "20",
      "--output", workspace.path("run"), "--json")
    try #require(outcome.status == 0, "\(outcome.errors)")
    let arrays = try workspace.arrays("run/arrays.npz")
    #expect(
      arrays.keys.sorted() == [
        "density", "density_grid", "density_lower", "density_upper", "ritz_values", "ritz_weights",
      ])
    let grid = try #require(arrays["density_grid"]).doubles()
    let density = try #require(arrays["density"]).doubles()
    let lower = try #require(arrays["density_lower"]).doubles()
    let upper = try #require(arrays["density_upper"]).doubles()
    #expect(Set([grid.count, density.count, lower.count, upper.count]).count == 1)
    #expect(zip(grid, grid.dropFirst()).allSatisfy { $0 < $1 })
    #expect(density.indices.allSatisfy { lower[$0] <= density[$0] && density[$0] <= upper[$0] })
    let mass = grid.indices.dropFirst().reduce(0.0) {
      $0 + (grid[$1] - grid[$1 - 1]) * (density[$1] + density[$1 - 1]) / 2
    }
    #expect(abs(mass - 1) < 1e-3)
    let weights = try #require(arrays["ritz_weights"])
    #expect(arrays["ritz_values"]?.shape == [4, 20] && weights.shape == [4, 20])
    let sums = try weights.doubles()
    for probe in 0..<4 { #expect(abs(sums[probe * 20..<probe * 20 + 20].reduce(0, +) - 1) < 1e-12) }

    // What --json prints is the file.
    #expect(try outcome.output == String(decoding: workspace.bytes("run/result.json"), as: UTF8.self))
  }

  @Test func leavesARunDirectory() throws {
    let workspace = try Workspace()
    let outcome = try RitzProcess.run(
      "spectrum", "mlp:64-6-10,tanh", "--data", "digits", "--loss", "cross-entropy", "--samples", "200", "--probes",
      "3",
      "--steps", "20", "--output", "runs/first", in: workspace.directory.path)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let names = workspace.files(below: "runs/first").filter { !$0.contains("/") }
    #expect(names == ["arrays.npz", "figures", "report.html", "result.json", "state"])
    #expect(workspace.files(below: "runs/first/figures").allSatisfy { $0.hasSuffix(".svg") })
    #expect(workspace.files().allSatisfy { !$0.hasSuffix("partial") })
    #expect(workspace.files(below: "runs/first/state") == ["run.json"])
    let arrays = try workspace.arrays("runs/first/arrays.npz")
    #expect(arrays["top_eigenvalues"]?.count == 10 && arrays["bottom_eigenvalues"]?.count == 5)
    #expect(arrays["density"] != nil)
    let result = try workspace.object("runs/first/result.json")
    #expect(result["schema"] as? String == "ritz.spectrum/1")
    #expect(((result["operators"] as? [[String: Any]])?.first?["trace"] as? [String: Any])?["value"] is Double)
    #expect((result["data"] as? [String: Any])?["samples"] as? Int == 200)
    #expect(result["command"] as? [String] != nil)
    // Neither output goes to a terminal: plain text, nothing that moves a cursor.
    for text in [outcome.output, outcome.errors] {
      #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    }
    #expect(outcome.output.contains("results in runs/first"))
  }

  @Test func sameBitsForAnyNumberOfWorkers() throws {
    let workspace = try Workspace()
    for (precision, operation) in [("single", "hessian"), ("double", "ggn")] {
      for workers in ["1", "2", "4"] {
        let outcome = try RitzProcess.run(
          "spectrum", "mlp:64-9-10", "--data", "digits", "--loss", "cross-entropy", "--operator", operation,
          "--precision",
          precision, "--samples", "700,random", "--microbatch", "64", "--top", "3", "--density", "--probes", "2",
          "--steps",
          "15", "--seed", "5", "--quiet", "--workers", workers, "--output", workspace.path(precision + workers))
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.isEmpty)
      }
      let first = try workspace.bytes("\(precision)1/arrays.npz")
      #expect(try first == workspace.bytes("\(precision)2/arrays.npz"))
      #expect(try first == workspace.bytes("\(precision)4/arrays.npz"))
    }
  }

  @Test func seedChangesTheProbes() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 30, features: 6, classes: 3)
    for seed in ["1", "2"] {
      try #require(
        RitzProcess.run(
          "spectrum", "mlp:6-8-3,tanh", "--data", data, "--loss", "cross-entropy", "--density", "--probes", "2",
          "--steps",
          "6", "--seed", seed, "--output", workspace.path(seed)
        ).status == 0)
    }
    #expect(try workspace.bytes("1/arrays.npz") != workspace.bytes("2/arrays.npz"))
  }

  @Test func tracesByEveryMethod() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 30, features: 6, classes: 3)
    var values: [String: Double] = [:]
    for method in ["quadrature", "hutchinson", "hutch++"] {
      let outcome = try RitzProcess.run(
        ["spectrum", "mlp:6-8-3,tanh", "--data", data, "--loss", "cross-entropy", "--trace", method]
          + (method == "quadrature" ? [] : ["--trace-probes", "40"])
          + ["--exact", "--json", "--quiet", "--output", workspace.path(method)])
      try #require(outcome.status == 0, "\(method): \(outcome.errors)")
      let operators = try #require(Workspace.object(outcome.output)["operators"] as? [[String: Any]])
      values[method] = try #require((operators[0]["trace"] as? [String: Any])?["value"] as? Double)
    }
    // With --exact each is the sum of the eigenvalues.
    let exact = try #require(workspace.arrays("hutch++/arrays.npz")["eigenvalues"]).doubles().reduce(0, +)
    for (method, value) in values { #expect(abs(value - exact) < 1e-12 * abs(exact), "\(method)") }
  }

  @Test func strictEndsWithThree() throws {
    let workspace = try Workspace()
    let arguments = [
      "spectrum", "mlp:64-12-10", "--data", "digits", "--loss", "cross-entropy", "--samples", "100", "--top", "8",
      "--max-products", "12", "--quiet",
    ]
    let lenient = try RitzProcess.run(arguments + ["--output", workspace.path("lenient")])
    #expect(lenient.status == 0)
    let strict = try RitzProcess.run(arguments + ["--strict", "--output", workspace.path("strict")])
    #expect(strict.status == 3)
    // Not converged is a state of the result, which is there all the same.
    #expect(try workspace.bytes("strict/arrays.npz") == workspace.bytes("lenient/arrays.npz"))
    let operators = try #require(workspace.object("strict/result.json")["operators"] as? [[String: Any]])
    let top = try #require(operators[0]["top"] as? [[String: Any]])
    #expect(top.contains { $0["converged"] as? Bool == false })
    #expect(strict.output.contains("no"))
  }

  /// One class: the Hessian is 0, and what is found of it converges at once; but it is less than was asked for.
  @Test func strictMissesPairsThatWereNotFound() throws {
    let workspace = try Workspace()
    let result = try RitzProcess.run([
      "spectrum", "mlp:64-1", "--data", "digits", "--loss", "cross-entropy", "--samples", "1", "--top", "4",
      "--max-products", "5", "--strict", "--quiet", "--output", workspace.path("run"),
    ])
    #expect(result.status == 3)
  }
}
