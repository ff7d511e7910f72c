import Archives
import Foundation
import TestSupport
import Testing

/// `ritz apply` against PyTorch's numbers, and its contract with scripts.
@Suite struct ApplyTests {
  private static let flags = ["--precision", "double", "--workers", "1"]

  private static func losses(_ reference: ReferenceCase) -> String {
    reference.loss == "mse" ? "squared-error" : "cross-entropy"
  }

  /// A vector over all parameters as one array a parameter.
  private static func split(_ vector: [Double], _ reference: ReferenceCase) -> [String: NumpyArray] {
    var offset = 0
    var arrays: [String: NumpyArray] = [:]
    for parameter in reference.parameters {
      arrays[parameter.name] = NumpyArray(Array(vector[offset..<offset + parameter.count]), shape: parameter.shape)
      offset += parameter.count
    }
    return arrays
  }

  /// ‖found − expected‖ / ‖expected‖ over the arrays `prefix/<parameter>`, each checked to have the parameter's shape.
  private static func error(
    _ arrays: [String: NumpyArray], _ prefix: String, _ expected: [Double], _ reference: ReferenceCase
  ) throws -> Double {
    var found: [Double] = []
    for parameter in reference.parameters {
      let array = try #require(arrays["\(prefix)/\(parameter.name)"])
      #expect(array.shape == parameter.shape)
      found += try array.doubles()
    }
    let difference = zip(found, expected).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
    return (difference / expected.map { $0 * $0 }.reduce(0, +)).squareRoot()
  }

  @Test(.enabled(if: Reference.isAvailable), arguments: Reference.cases("mlp-", "linear-"), ["model", "static"])
  func matchesReference(_ name: String, _ file: String) throws {
    let reference = try ReferenceCase.load(name)
    let workspace = try Workspace()
    let vector = try workspace.write(Self.split(reference.doubles("v"), reference), to: "v.npz")
    for (operation, quantity) in [("hessian", "hv"), ("ggn", "ggnv")] {
      let outcome = try RitzProcess.run(
        [
          "apply", file == "model" ? reference.modelPath : reference.staticModelPath, "--data", reference.dataPath,
          "--loss", Self.losses(reference), "--operator", operation, "--vector", vector, "--output",
          workspace.path("o.npz"),
        ] + Self.flags)
      try #require(outcome.status == 0, "\(outcome.errors)")
      let arrays = try workspace.arrays("o.npz")
      let loss = try #require(arrays["loss"])
      let expected = try reference.doubles("loss")[0]
      #expect(loss.shape == [])
      #expect(try abs(loss.doubles()[0] - expected) <= 1e-10 * abs(expected))
      #expect(try Self.error(arrays, "gradient", reference.doubles("grad"), reference) < 1e-10)
      #expect(try Self.error(arrays, "product", reference.doubles(quantity), reference) < 1e-10)
      #expect(arrays.count == 1 + 2 * reference.parameters.count)
      #expect(arrays.values.allSatisfy { $0.elementType == .float64 })
    }
  }

  @Test(.enabled(if: Reference.isAvailable)) func severalVectorsHaveALeadingAxis() throws {
    let reference = try ReferenceCase.load("mlp-tanh-ce")
    let workspace = try Workspace()
    let v = try reference.doubles("v")
    let copies = try Self.split(v, reference).mapValues { array in
      // v, −2v, 0
      let values = try array.doubles()
      return NumpyArray(values + values.map { -2 * $0 } + values.map { 0 * $0 }, shape: [3] + array.shape)
    }
    let outcome = try RitzProcess.run(
      [
        "apply", reference.modelPath, "--data", reference.dataPath, "--loss", "cross-entropy", "--vector",
        workspace.write(copies, to: "v.npz"), "--output", workspace.path("o.npz"), "--json",
      ] + Self.flags)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let arrays = try workspace.arrays("o.npz")
    var offset = 0
    let expected = try reference.doubles("hv")
    for parameter in reference.parameters {
      let product = try #require(arrays["product/\(parameter.name)"])
      #expect(product.shape == [3] + parameter.shape)
      let values = try product.doubles()
      for index in 0..<parameter.count {
        let exact = expected[offset + index]
        #expect(abs(values[index] - exact) < 1e-10)
        #expect(abs(values[parameter.count + index] + 2 * exact) < 2e-10)
        #expect(values[2 * parameter.count + index] == 0)
      }
      offset += parameter.count
    }
    let summary = try Workspace.object(outcome.output)
    #expect((summary["product_norms"] as? [Double])?.count == 3)
    #expect(Set(summary.keys) == ["loss", "gradient_norm", "product_norms", "operator", "output"])
  }

  @Test func singlePrecisionAndNoVector() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 20, features: 4, classes: 3)
    let outcome = try RitzProcess.run(
      "apply", "mlp:4-5-3,tanh", "--data", data, "--loss", "cross-entropy", "--precision", "single", "--output",
      "o.npz",
      in: workspace.directory.path)
    #expect(outcome.status == 0)
    let arrays = try workspace.arrays("o.npz")
    #expect(
      arrays.keys.sorted() == ["gradient/0.bias", "gradient/0.weight", "gradient/2.bias", "gradient/2.weight", "loss"])
    #expect(arrays["gradient/0.weight"]?.elementType == .float32)
    #expect(workspace.files() == ["data.npz", "o.npz"])
  }

  @Test func paramsRestrictEverything() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 20, features: 4, classes: 3)
    let vector = try workspace.write(
      ["0.weight": NumpyArray([Double](repeating: 1, count: 20), shape: [5, 4])], to: "v.npz")
    let outcome = try RitzProcess.run(
      "apply", "mlp:4-5-3,tanh", "--data", data, "--loss", "cross-entropy", "--vector", vector, "--params",
      #"0\.weight"#,
      "--output", workspace.path("o.npz"))
    #expect(outcome.status == 0)
    #expect(try workspace.arrays("o.npz").keys.sorted() == ["gradient/0.weight", "loss", "product/0.weight"])
  }

  @Test func faultyVectors() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 20, features: 2, classes: 2)
    let weight = NumpyArray([1, 2, 3, 4.0], shape: [2, 2])
    let bias = NumpyArray([1, 2.0])
    let faults: [(String, [String: NumpyArray], String)] = [
      ("missing", ["0.weight": weight], "has no array '0.bias'"),
      ("unknown", ["0.weight": weight, "0.bias": bias, "1.bias": bias], "1.bias: is not a selected parameter"),
      (
        "shape", ["0.weight": NumpyArray([1, 2, 3, 4.0]), "0.bias": bias],
        "0.weight: has shape [4], the parameter has [2, 2]"
      ),
      (
        "counts",
        [
          "0.weight": NumpyArray([1, 2, 3, 4.0], shape: [1, 2, 2]),
          "0.bias": NumpyArray([1, 2, 3, 4.0], shape: [2, 2]),
        ],
        "0.bias: holds 2 vectors, the arrays before it 1"
      ),
      ("nan", ["0.weight": weight, "0.bias": NumpyArray([1, Double.nan])], "0.bias[1]: is not finite"),
    ]
    for (name, arrays, problem) in faults {
      let vector = try workspace.write(arrays, to: name + ".npz")
      let outcome = try RitzProcess.run(
        "apply", "mlp:2-2", "--data", data, "--loss", "cross-entropy", "--vector", vector, "--output",
        workspace.path("o.npz"))
      #expect(outcome.status == 1)
      #expect(outcome.errorLines.count == 1)
      #expect(outcome.errors.contains(vector) && outcome.errors.contains(problem), "\(outcome.errors)")
      #expect(!workspace.files().contains("o.npz"))
    }
  }
}
