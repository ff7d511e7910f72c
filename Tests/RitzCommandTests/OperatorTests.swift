import Archives
import Foundation
import TestSupport
import Testing

/// Operators, blocks, preconditioners and diagonals on the command line.
@Suite struct OperatorTests {
  private static let names = [
    "hessian", "ggn", "functional", "gradient-second-moment", "gradient-covariance", "fisher", "fisher-mc", "ntk",
    "kfac-expand", "kfac-reduce", "ekfac", "decoupled", "shampoo",
  ]
  private static let model = "mlp:5-4-3"

  private func flags(_ workspace: Workspace) throws -> [String] {
    let data = try workspace.labelled(samples: 30, features: 5, classes: 3)
    return [Self.model, "--data", data, "--loss", "cross-entropy", "--workers", "1"]
  }

  /// One array of ones a parameter of the model, by the names the command gives them.
  private func diagonal(_ workspace: Workspace, _ number: Double) throws -> String {
    let outcome = try RitzProcess.run("inspect", Self.model, "--json")
    let parameters = try #require(Workspace.object(outcome.output)["parameters"] as? [[String: Any]])
    var arrays: [String: NumpyArray] = [:]
    for parameter in parameters {
      let name = try #require(parameter["name"] as? String)
      let shape = try #require(parameter["shape"] as? [Int])
      arrays[name] = NumpyArray([Double](repeating: number, count: shape.reduce(1, *)), shape: shape)
    }
    return try workspace.write(arrays, to: "d.npz")
  }

  private func operators(_ workspace: Workspace, _ directory: String) throws -> [[String: Any]] {
    try #require(workspace.object(directory + "/result.json")["operators"] as? [[String: Any]])
  }

  private func largest(_ spectrum: [String: Any]) throws -> Double {
    let top = try #require(spectrum["top"] as? [[String: Any]])
    return try #require(top.first?["value"] as? Double)
  }

  /// 30 samples of 3 classes, 39 parameters: κ with its rank by both dense routes, and what κ cannot be asked of.
  @Test(arguments: ["singular-values", "dual"]) func conditionNumbers(route: String) throws {
    let workspace = try Workspace()
    let command = try ["spectrum"] + flags(workspace) + ["--condition", "--output", workspace.path("o")]
    let outcome = try RitzProcess.run(command + ["--operator", "ggn", "--condition-route", route])
    try #require(outcome.status == 0, "\(outcome.errors)")
    let condition = try #require(try operators(workspace, "o")[0]["condition"] as? [String: Any])
    #expect(condition["route"] as? String == route && condition["rows"] as? Int == 60)
    let (value, largest) = (
      try #require(condition["value"] as? Double), try #require(condition["largest"] as? Double)
    )
    let eigenvalues = try #require(workspace.arrays("o/arrays.npz")["condition_eigenvalues"]).doubles()
    // Foundation rounds the last digit of some numbers it reads from JSON.
    #expect(abs(largest - eigenvalues[0]) <= 2 * eigenvalues[0].ulp)
    #expect(value > 1 && outcome.output.contains("rank"))
    #expect(try RitzProcess.run(command + ["--operator", "hessian"]).status == 1)
    #expect(try RitzProcess.run(command + ["--operator", "ggn", "--precision", "single"]).status == 1)
    #expect(try RitzProcess.run(command + ["--operator", "ggn", "--per", "layer"]).status == 1)
    #expect(try RitzProcess.run(command + ["--condition-route", "magic"]).status == 2)
  }

  @Test(arguments: names) func spectra(name: String) throws {
    let workspace = try Workspace()
    let outcome = try RitzProcess.run(
      ["spectrum"] + flags(workspace) + ["--operator", name, "--top", "2", "--output", workspace.path("o")])
    try #require(outcome.status == 0, "\(outcome.errors)")
    let spectrum = try operators(workspace, "o")[0]
    #expect(spectrum["operator"] as? String == name)
    #expect(spectrum["dimension"] as? Int == (name == "ntk" ? 90 : 39))
    let conventions = try #require(workspace.object("o/result.json")["conventions"] as? [String: String])
    #expect(conventions["operator " + name]?.isEmpty == false)
    let vectors = try workspace.arrays("o/arrays.npz").filter { $0.key.hasPrefix("top_vectors/") }
    #expect(vectors.values.reduce(0) { $0 + $1.count } == 2 * (name == "ntk" ? 90 : 39))
    if name == "ntk" { #expect(vectors["top_vectors/outputs"]?.shape == [2, 30, 3]) }
  }

  @Test func unknownOperators() throws {
    let workspace = try Workspace()
    for command in ["spectrum", "apply", "inspect"] {
      let extra = command == "inspect" ? ["--plan"] : ["--output", workspace.path("o.npz")]
      let outcome = try RitzProcess.run([command] + flags(workspace) + ["--operator", "curvature"] + extra)
      #expect(outcome.status == 1 && outcome.errorLines.count == 1)
      for name in Self.names { #expect(outcome.errors.contains(name)) }
    }
  }

  /// `ritz apply` on the outputs: one array of all samples' outputs in, one out.
  @Test func tangentKernelProducts() throws {
    let workspace = try Workspace()
    let shape = [2, 30, 3]
    let vector = try workspace.write(
      ["outputs": NumpyArray((0..<180).map { sin(Double($0)) }, shape: shape)], to: "v.npz")
    let outcome = try RitzProcess.run(
      ["apply"] + flags(workspace) + ["--operator", "ntk", "--vector", vector, "--output", workspace.path("o.npz")])
    try #require(outcome.status == 0, "\(outcome.errors)")
    let product = try #require(workspace.arrays("o.npz")["product/outputs"])
    #expect(product.shape == shape)
    let (u, v) = (try workspace.arrays("v.npz")["outputs"]?.doubles() ?? [], try product.doubles())
    // ⟨u₀, A u₁⟩ = ⟨A u₀, u₁⟩
    let left = zip(u[..<90], v[90...]).reduce(0) { $0 + $1.0 * $1.1 }
    let right = zip(v[..<90], u[90...]).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(left - right) <= 1e-12 * abs(left))
  }

  /// ⟨u, J v⟩ = ⟨Jᵀu, v⟩, J Jᵀ is the tangent kernel, and the parts by classes add up to the Gauss-Newton matrix.
  @Test func jacobiansAndParts() throws {
    let workspace = try Workspace()
    let outputs = try workspace.write(
      ["outputs": NumpyArray((0..<90).map { sin(Double($0)) }, shape: [30, 3])], to: "u.npz")
    func product(_ name: String, _ vector: String) throws -> [String: NumpyArray] {
      let path = workspace.path(name + ".npz")
      let outcome = try RitzProcess.run(
        ["apply"] + flags(workspace) + ["--operator", name, "--vector", vector, "--output", path])
      try #require(outcome.status == 0, "\(outcome.errors)")
      let arrays = try workspace.arrays(name + ".npz").filter { $0.key.hasPrefix("product/") }
      return Dictionary(uniqueKeysWithValues: arrays.map { (String($0.key.dropFirst(8)), $0.value) })
    }
    func numbers(_ arrays: [String: NumpyArray]) throws -> [Double] {
      try arrays.sorted { $0.key < $1.key }.flatMap { try $0.value.doubles() }
    }
    let pulled = try product("jacobian-transpose", outputs)
    let vector = try workspace.write(pulled, to: "v.npz")
    let pushed = try numbers(product("jacobian", vector))
    let kernel = try numbers(product("ntk", outputs))
    #expect(zip(pushed, kernel).allSatisfy { abs($0 - $1) <= 1e-12 * (abs($1) + 1) } && pushed.count == 90)
    let square = try numbers(pulled).reduce(0) { $0 + $1 * $1 }
    let form = try zip(NumpyArray((0..<90).map { sin(Double($0)) }).doubles(), pushed).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(square - form) <= 1e-12 * square)
    var sum = [Double](repeating: 0, count: 39)
    for part in ["ggn-class", "ggn-cross-class", "ggn-same-class", "ggn-within-class"] {
      sum = zip(sum, try numbers(product(part, vector))).map { $0 + $1 }
    }
    let whole = try numbers(product("ggn", vector))
    #expect(zip(sum, whole).allSatisfy { abs($0 - $1) <= 1e-12 * (abs($1) + 1) })
    let spectrum = try RitzProcess.run(
      ["spectrum"] + flags(workspace)
        + ["--operator", "ggn-class", "--top", "2", "--trace", "hutchinson", "--output", workspace.path("parts")])
    #expect(spectrum.status == 0, "\(spectrum.errors)")
    let refused = try RitzProcess.run(
      ["apply"] + flags(workspace)
        + ["--operator", "jacobian", "--per", "layer", "--vector", vector, "--output", workspace.path("x.npz")])
    #expect(refused.status == 1 && refused.errorLines.count == 1)
  }

  @Test func drawsAndSeeds() throws {
    let workspace = try Workspace()
    func top(_ extra: [String], _ directory: String) throws -> Double {
      let outcome = try RitzProcess.run(
        ["spectrum"] + flags(workspace) + ["--operator", "fisher-mc", "--top", "1"] + extra
          + ["--output", workspace.path(directory)])
      try #require(outcome.status == 0, "\(outcome.errors)")
      return try largest(operators(workspace, directory)[0])
    }
    let first = try top([], "a")
    #expect(try top([], "b") == first)
    #expect(try top(["--seed", "1"], "c") != first && top(["--fisher-draws", "3"], "d") != first)
  }

  /// Matrices that have the same trace whatever the eigenvectors: EKFAC's is that of what it approximates, and with
  /// e = 1/2 Shampoo's is that of the second moment.
  @Test(arguments: [
    (["ekfac", "--kronecker-source", "gradient-second-moment"], ["gradient-second-moment"]),
    (["ekfac", "--kronecker-source", "fisher-mc", "--seed", "3"], ["fisher-mc", "--seed", "3"]),
    (
      ["ekfac", "--kronecker-source", "fisher-mc", "--fisher-draws", "3"], ["fisher-mc", "--fisher-draws", "3"]
    ),
    (["shampoo", "--shampoo-exponent", "0.5"], ["gradient-second-moment"]),
  ]) func sourcesOfApproximations(approximation: [String], exact: [String]) throws {
    let workspace = try Workspace()
    func trace(_ operation: [String]) throws -> Double {
      let outcome = try RitzProcess.run(
        ["spectrum"] + flags(workspace) + ["--exact", "--output", workspace.path("o"), "--operator"] + operation)
      try #require(outcome.status == 0, "\(outcome.errors)")
      let spectrum = try #require(operators(workspace, "o")[0]["exact"] as? [String: Any])
      return try #require(spectrum["eigenvalues"] as? [Double]).reduce(0, +)
    }
    let expected = try trace(exact)
    #expect(try abs(trace(approximation) - expected) <= 1e-12 * expected)
    #expect(try abs(trace([approximation[0]]) - expected) > 1e-3 * expected)
    let conventions = try #require(workspace.object("o/result.json")["conventions"] as? [String: String])
    #expect(conventions["operator " + approximation[0]]?.contains("here") == false)
  }

  /// Of a single batch of all samples, with e = 1/2, ‖∇L‖² is what all layers' traces add up to.
  @Test func shampooOfTheWholeBatch() throws {
    let workspace = try Workspace()
    let outcome = try RitzProcess.run(
      ["spectrum"] + flags(workspace) + [
        "--operator", "shampoo", "--shampoo-exponent", "0.5", "--shampoo-batch", "30", "--exact", "--output",
        workspace.path("o"),
      ])
    try #require(outcome.status == 0, "\(outcome.errors)")
    let result = try workspace.object("o/result.json")
    let gradient = try #require((result["gradient"] as? [String: Any])?["norm"] as? Double)
    let spectrum = try #require(operators(workspace, "o")[0]["exact"] as? [String: Any])
    let trace = try #require(spectrum["eigenvalues"] as? [Double]).reduce(0, +)
    #expect(abs(trace - gradient * gradient) <= 1e-10 * trace)
    let conventions = try #require(result["conventions"] as? [String: String])
    #expect(conventions["operator shampoo"]?.contains("30 consecutive samples") == true)
    let larger = try RitzProcess.run(
      ["spectrum"] + flags(workspace) + ["--operator", "shampoo", "--shampoo-batch", "31", "--top", "1"])
    #expect(larger.status == 1 && larger.errors.contains("--shampoo-batch 31"), "\(larger.errors)")
  }

  /// The rows of a convolution make the two kinds of K-FAC, and their eigenvectors, differ. Products with an eigenvector that
  /// was stored give its eigenvalue with the same options only.
  @Test func basisOfEKFAC() throws {
    let workspace = try Workspace()
    let images = NumpyArray((0..<4 * 784).map { sin(Double($0 * $0 % 997)) }, shape: [4, 1, 28, 28])
    let data = try workspace.write(["x": images, "y": NumpyArray([Int64(0), 1, 2, 3])], to: "images.npz")
    let common = [
      "lenet5", "--data", data, "--loss", "cross-entropy", "--operator", "ekfac", "--params", "^0[.]",
    ]
    func top(_ basis: String) throws -> Double {
      let outcome = try RitzProcess.run(
        ["spectrum"] + common + ["--ekfac-basis", basis, "--top", "1", "--output", workspace.path(basis)])
      try #require(outcome.status == 0, "\(outcome.errors)")
      return try largest(operators(workspace, basis)[0])
    }
    let (expand, reduce) = (try top("expand"), try top("reduce"))
    #expect(abs(expand - reduce) > 1e-6 * expand)
    let conventions = try #require(workspace.object("reduce/result.json")["conventions"] as? [String: String])
    #expect(conventions["operator ekfac"]?.contains("the eigenvectors of kfac-reduce") == true)
    let vectors = try workspace.arrays("reduce/arrays.npz").filter { $0.key.hasPrefix("top_vectors/") }
    var arrays: [String: NumpyArray] = [:]
    for (name, array) in vectors {
      arrays[String(name.dropFirst("top_vectors/".count))] = NumpyArray(
        try array.doubles(), shape: Array(array.shape.dropFirst()))
    }
    let vector = try workspace.write(arrays, to: "v.npz")
    func norm(_ basis: String) throws -> Double {
      let outcome = try RitzProcess.run(
        ["apply"] + common + [
          "--ekfac-basis", basis, "--vector", vector, "--output", workspace.path("p.npz"), "--json",
        ])
      try #require(outcome.status == 0, "\(outcome.errors)")
      let norms = try #require(Workspace.object(outcome.output)["product_norms"] as? [Double])
      return norms[0]
    }
    #expect(try abs(norm("reduce") - reduce) <= 1e-8 * reduce)
    #expect(try abs(norm("expand") - reduce) > 1e-6 * reduce)
  }

  @Test func forecastOfDrawnLabels() throws {
    let workspace = try Workspace()
    func parts(_ extra: [String]) throws -> [String] {
      let outcome = try RitzProcess.run(
        ["inspect"] + flags(workspace) + ["--plan", "--operator", "ekfac", "--json"] + extra)
      let forecast = try #require(Workspace.object(outcome.output)["forecast"] as? [String: Any])
      return try #require(forecast["parts"] as? [[String: Any]]).compactMap { $0["name"] as? String }
    }
    #expect(try !parts([]).contains("labels drawn"))
    #expect(try parts(["--kronecker-source", "fisher-mc"]).contains("labels drawn"))
  }

  @Test func optionsOfOtherOperators() throws {
    let workspace = try Workspace()
    for (operation, extra) in [
      ("hessian", ["--kronecker-source", "fisher-mc"]), ("shampoo", ["--kronecker-source", "fisher-mc"]),
      ("kfac-expand", ["--ekfac-basis", "reduce"]), ("ekfac", ["--shampoo-batch", "2"]),
      ("ekfac", ["--fisher-draws", "2"]), ("ggn", ["--shampoo-exponent", "0.5"]),
    ] {
      let outcome = try RitzProcess.run(["spectrum"] + flags(workspace) + ["--operator", operation] + extra)
      #expect(outcome.status == 2 && outcome.errors.contains("\(extra[0]) goes with"), "\(outcome.errors)")
    }
    for extra in [
      ["--kronecker-source", "hessian"], ["--ekfac-basis", "both"], ["--shampoo-exponent", "2"],
      ["--shampoo-batch", "0"],
    ] {
      let outcome = try RitzProcess.run(["spectrum"] + flags(workspace) + ["--operator", "ekfac"] + extra)
      #expect(outcome.status == 2, "\(outcome.errors)")
    }
    let described = try RitzProcess.run(
      ["spectrum"] + flags(workspace) + [
        "--operator", "ekfac", "--kronecker-source", "fisher-mc", "--fisher-draws", "2",
      ]
        + ["--top", "1", "--json", "--output", workspace.path("o")])
    let conventions = try #require(Workspace.object(described.output)["conventions"] as? [String: String])
    #expect(conventions["operator ekfac"]?.contains("Monte Carlo Fisher matrix in place of G") == true)
    #expect(conventions["operator ekfac"]?.contains("2 a sample, seed 0") == true)
  }

  @Test func blocks() throws {
    let workspace = try Workspace()
    let outcome = try RitzProcess.run(
      ["spectrum"] + flags(workspace) + ["--per", "parameter", "--block-mass", "3", "--top", "1", "--diagonal", "4"]
        + ["--output", workspace.path("o")])
    try #require(outcome.status == 0, "\(outcome.errors)")
    let found = try operators(workspace, "o")
    #expect(found.count == 4 && found.compactMap { $0["dimension"] as? Int } == [20, 4, 12, 3])
    let mass = try #require(workspace.object("o/result.json")["block_mass"] as? [String: Any])
    #expect(mass["probes"] as? Int == 3 && (mass["blocks"] as? [String])?.count == 4)
    #expect(outcome.output.replacingOccurrences(of: "\n", with: " ").contains("lies between its 4 blocks"))
    let arrays = try workspace.arrays("o/arrays.npz")
    for spectrum in found {
      let block = try #require(spectrum["block"] as? String)
      #expect(arrays["\(block)/top_vectors/\(block)"] != nil && arrays["\(block)/diagonal/\(block)"] != nil)
      // The same as the parameter selected alone.
      let alone = try RitzProcess.run(
        ["spectrum"] + flags(workspace) + ["--params", "^\(block)$", "--top", "1", "--output", workspace.path(block)])
      try #require(alone.status == 0, "\(alone.errors)")
      let expected = try largest(operators(workspace, block)[0])
      #expect(try abs(largest(spectrum) - expected) <= 1e-12 * abs(expected))
    }
  }

  @Test func preconditioners() throws {
    let workspace = try Workspace()
    let four = try diagonal(workspace, 4)
    func top(_ extra: [String], _ directory: String) throws -> Double {
      let outcome = try RitzProcess.run(
        ["spectrum"] + flags(workspace) + ["--top", "1", "--output", workspace.path(directory)] + extra)
      try #require(outcome.status == 0, "\(outcome.errors)")
      return try largest(operators(workspace, directory)[0])
    }
    let (plain, scaled) = (try top([], "a"), try top(["--precondition", four], "b"))
    #expect(abs(scaled - 4 * plain) <= 1e-12 * scaled)
    #expect(try operators(workspace, "b")[0]["preconditioned"] as? Bool == true)
    let negative = try diagonal(workspace, -1)
    for (extra, word) in [
      (["--precondition", negative], "negative"), (["--precondition", workspace.path("none.npz")], "none.npz"),
      (["--operator", "ntk", "--precondition", four], "outputs"), (["--operator", "ntk", "--per", "layer"], "outputs"),
    ] {
      let outcome = try RitzProcess.run(
        ["spectrum"] + flags(workspace) + ["--output", workspace.path("x")] + extra)
      #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains(word), "\(outcome.errors)")
      #expect(!FileBytes.isDirectory(workspace.path("x")))
    }
    for extra in [["--per", "neuron"], ["--block-mass", "3"], ["--fisher-draws", "0"], ["--diagonal", "0"]] {
      let outcome = try RitzProcess.run(["spectrum"] + flags(workspace) + extra)
      #expect(outcome.status == 2, "\(outcome.errors)")
    }
  }

  @Test(arguments: names) func forecasts(name: String) throws {
    let workspace = try Workspace()
    let outcome = try RitzProcess.run(["inspect"] + flags(workspace) + ["--plan", "--operator", name, "--json"])
    try #require(outcome.status == 0, "\(outcome.errors)")
    let forecast = try #require(Workspace.object(outcome.output)["forecast"] as? [String: Any])
    let parts = try #require(forecast["parts"] as? [[String: Any]])
    #expect(parts.contains { $0["name"] as? String == "labels drawn" } == (name == "fisher-mc"))
  }
}
