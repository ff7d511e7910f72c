import Analyses
import Foundation
import TestSupport
import Testing

@testable import Reports

@Suite struct DissectionReportTests {
  private static let factors = """
    , "factors": {"input_eigenvalues": [3, 0.2], "output_eigenvalues": [0.4, 0.1, 0], "input_leading_share": 0.9,
    "mean_alignment": 0.99, "outliers": {"count": 2, "ratio": 4, "ratio_at_classes": null, "ratio_to_classes": 30}}
    """
  private static let approximations = """
    {"name": "decoupled", "source": "ggn", "eigenvalues": [1.2, 0.3, 0.08],
     "errors": [{"operator": "hessian", "value": 0.41, "standard_error": 0.01}, {"operator": "ggn", "value": 0.4}],
     "steps": [{"operator": "ggn", "damping": 0.02, "share": 0.7, "is_converged": true}]},
    {"name": "ekfac", "source": "fisher-mc", "eigenvalues": [1.3, 0.3, 0.08],
     "errors": [{"operator": "hessian", "value": 0.3, "standard_error": 0.02, "difference_standard_error": 0.003},
     {"operator": "ggn", "value": 0.3}], "steps": [{"operator": "ggn", "damping": 0.02, "share": 0.8, "is_converged": false}]}
    """

  private static func layer(_ operators: [String], decoupled: Bool = true) -> String {
    let spectra = operators.map { name in
      """
      {"operator": "\(name)", "eigenvalues": [2, 0.5, 0.001], "residuals": [1e-5, 1e-5, null], "converged": 2,
       "tolerance": 0.001, "message": "all <well>", "products": 12, "rank_one_shares": [0.99, 0.9, 0.5],
       "input_shares": [[0.98, 0.01], [0.5, 0.3], [0.0, 0.04]], "output_shares": [[0.97, 0.03], [0.02, 0.96], [0.3, 0.3]]}
      """
    }
    return """
      {"name": "fc<1>", "outputs": 2, "inputs": 6, "positions": 3, "has_bias": true, "dimension": 12,
       "spectra": [\(spectra.joined(separator: ","))]
       \(decoupled ? factors : ""), "approximations": [\(decoupled ? approximations : "")]}
      """
  }

  private static func model(_ name: String, _ layer: String) -> String {
    """
    {"name": "\(name)", "model": {"source": "/runs/\(name).safetensors", "format": "safetensors", "parameter_count": 12,
     "parameters": [{"name": "fc.weight", "shape": [2, 6], "selected": true}], "file_precision": "single", "selection": "fc"},
     "data": {"source": "/data/mnist", "format": "idx", "samples": 100, "samples_available": 1000, "selection": "first 100",
     "sample_shape": [6], "target_kind": "labels", "classes": 3, "standardisation": "unit"},
     "loss": {"name": "cross-entropy", "value": 0.25, "standard_error": 0.01, "accuracy": 0.93, "definition": "-log p"},
     "identity": {"relative_error": 1e-7, "relative_size": 0.7, "vectors": 2}, "seconds": 3.5, "products": 50,
     "warnings": ["mind <this>"], "layers": [\(layer)]}
    """
  }

  private static func comparison(_ first: (String, String), _ second: (String, String)) -> String {
    """
    {"layer": "fc<1>", "first": {"model": "\(first.0)", "operator": "\(first.1)"},
     "second": {"model": "\(second.0)", "operator": "\(second.1)"}, "dimension": 12, "overlaps": [0.9, 0.7, 0.5],
     "errors": [0.01, 0.2, null], "principal_cosines": [0.99, 0.8, 0.2]}
    """
  }

  /// Two models, one of them without factors, with every key there is.
  static func report() throws -> DissectionReport {
    let text = """
      {"schema": "ritz.dissection/1", "command": ["ritz", "dissect", "a b"],
       "tool": {"name": "ritz", "version": "1", "libraries": {"numerics": "none"}},
       "execution": {"precision": "single", "workers": 2, "seed": 4, "seconds": 8, "products": 100, "peak_memory_bytes": 1048576},
       "conventions": {"overlap": "Tr(P1 P2)/k"}, "warnings": ["all in <all>"],
       "models": [\(model("one", layer(["hessian", "ggn"]))), \(model("two", layer(["hessian"], decoupled: false)))],
       "comparisons": [\(comparison(("one", "hessian"), ("one", "ggn"))),
       \(comparison(("one", "hessian"), ("one", "decoupled"))), \(comparison(("one", "hessian"), ("two", "hessian")))]}
      """
    return try ResultFile.decode(DissectionReport.self, Data(text.utf8))
  }

  @Test func resultSurvives() throws {
    let report = try Self.report()
    let data = try ResultFile.encode(report)
    #expect(try ResultFile.decode(DissectionReport.self, data) == report)
    #expect(report.models[0].layers[0].spectra[0].residuals[2].isNaN)
    var other = report
    other.schema = "ritz.dissection/9"
    let future = try ResultFile.encode(other)
    #expect(throws: (any Error).self) { try ResultFile.decode(DissectionReport.self, future) }
    #expect(throws: (any Error).self) { try ResultFile.decode(DissectionReport.self, Data("{}".utf8)) }
  }

  /// docs/result-schema.md names every key of a dissection, and no other.
  @Test func everyKeyIsDocumented() throws {
    let document = try String(
      contentsOf: Reference.repository.appendingPathComponent("docs/result-schema.md"), encoding: .utf8)
    let part = document.components(separatedBy: "\n## Layers taken apart").dropFirst().first ?? ""
    let section = part.components(separatedBy: "\n## ").first ?? ""
    let documented = section.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap { line in
      line.split(separator: "`").dropFirst().first.map(String.init)
    }
    let written = try JSONSerialization.jsonObject(with: ResultFile.encode(Self.report()))
    let encoded = Self.paths(written, "")
    #expect(encoded.subtracting(documented).sorted() == [])
    #expect(Set(documented).subtracting(encoded).sorted() == [])
    #expect(Set(documented).count == documented.count)
  }

  private static func paths(_ value: Any, _ prefix: String) -> Set<String> {
    if let members = value as? [String: Any], prefix != "conventions", prefix != "tool.libraries" {
      return members.reduce(into: []) { found, member in
        let path = prefix.isEmpty ? member.key : prefix + "." + member.key
        found.insert(path)
        found.formUnion(paths(member.value, path))
      }
    }
    if let elements = value as? [Any] {
      return elements.reduce(into: []) { $0.formUnion(paths($1, prefix + "[]")) }
    }
    return []
  }

  @Test func namesOfModels() {
    #expect(ModelNames.joined(["mlp-1", "mlp-2", "mlp-random-1", "mlp-random-2"]) == "mlp, mlp-random")
    #expect(ModelNames.joined(["mlp-1", "net", "step-000001", "step-000020"]) == "mlp-1, net, step")
    #expect(ModelNames.joined(["1", "2"]) == "1, 2")
  }

  @Test func pageIsWellFormedAndEscaped() throws {
    let page = DissectionPage.html(try Self.report())
    let reader = XMLReader(page)
    #expect(reader.isWellFormed, "\(reader.problem)")
    #expect(!page.contains("fc<1>") && page.contains("fc&lt;1"))
    #expect(!page.contains("<this>") && !page.contains("<all>"))
    #expect(page.contains("Overlap between one and two"))
    #expect(!page.contains("<script"))
    let text = page.replacing(/<[^>]+>/, with: "")
    #expect(text.contains("EKFAC of fisher-mc"))
    #expect(text.contains("0.300 ±\u{A0}0.02 (−0.110 ±\u{A0}0.003)"))
    for link in page.matches(of: /href="#([^"]+)"/) { #expect(page.contains("id=\"\(link.1)\"")) }
  }

  @Test func figures() throws {
    let figures = DissectionFigures.all(try Self.report())
    #expect(Set(figures.map(\.name)).count == figures.count)
    for suffix in [
      "between-models", "eigenvalues", "between-operators", "with-approximations", "rank-one", "inputs", "outputs",
      "factors",
    ] {
      #expect(figures.contains { $0.name.hasSuffix(suffix) }, "\(suffix)")
    }
    for figure in figures {
      let reader = XMLReader(figure.svg)
      #expect(reader.isWellFormed, "\(figure.name): \(reader.problem)")
      #expect(!figure.svg.contains("NaN") && !figure.svg.contains("inf"))
    }
  }

  @Test func summary() throws {
    let text = DissectionSummary.text(try Self.report())
    #expect(text.contains("one, two") && text.contains("2/3") && text.contains("0.41"))
    #expect(text.split(separator: "\n").allSatisfy { !$0.contains("\u{1B}") })
  }
}
