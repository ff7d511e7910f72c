import Analyses
import Foundation
import Reports
import Testing

@Suite struct ReportPageTests {
  @Test func headingsNameFilesShortly() {
    var report = Fixture.complete()
    report.title = nil
    report.model.source = "/home/someone/experiments/mnist/model.pt2"
    report.data.source = "/home/someone/experiments/mnist/data.npz"
    let html = Report.html(report)
    #expect(html.contains("<h1>Curvature spectrum of mnist/model.pt2</h1>"))
    #expect(html.contains("samples of mnist/data.npz"))
    #expect(html.contains("/home/someone/experiments/mnist/model.pt2"))
  }

  @Test func outcomesAreSentences() {
    var spectrum = Fixture.hessian()
    spectrum.topSolver?.message = "all eigenpairs converged"
    spectrum.bottomSolver?.message = "Done."
    let html = Report.html(Fixture.report(operators: [spectrum]))
    #expect(html.contains("All eigenpairs converged. Outcome "))
    #expect(html.contains("Done. Outcome "))
  }

  @Test func pageIsWellFormedAndSelfContained() throws {
    for report in [Fixture.complete(), Fixture.report(operators: []), Fixture.report(operators: [Fixture.broken()])] {
      let page = Report.html(report)
      let reader = XMLReader(page)
      #expect(reader.isWellFormed, "\(reader.problem)")
      let names = Set(reader.elements.map(\.name))
      #expect(names.isDisjoint(with: ["script", "link", "img", "iframe", "object", "image", "base", "form"]))
      for (_, attributes) in reader.elements {
        #expect(attributes["src"] == nil && attributes.keys.allSatisfy { !$0.hasPrefix("on") })
        if let reference = attributes["href"] { #expect(reference.hasPrefix("#")) }
      }
      #expect(!page.contains("@import") && !page.contains("https:"))
      let identifiers = reader.elements.compactMap { $0.attributes["id"] }
      #expect(Set(identifiers).count == identifiers.count)
      for reference in reader.elements.compactMap({ $0.attributes["href"] }) {
        #expect(identifiers.contains(String(reference.dropFirst())))
      }
    }
  }

  @Test func everyNumberIsInTheResultFile() throws {
    let report = Fixture.complete()
    let text = String(decoding: try ResultFile.encode(report), as: UTF8.self)
    var numbers: Set<Double> = []
    for piece in text.split(whereSeparator: { !"0123456789.eE+-".contains($0) }) {
      if let number = Double(piece) { numbers.insert(number) }
    }
    // Counts of things listed in the file.
    let counts: Set<Double> = [15, 10, 200]
    let shown = XMLReader(Report.html(report)).elements.filter { $0.name == "data" }.compactMap {
      $0.attributes["value"]
    }
    #expect(shown.count > 100)
    for value in shown {
      let number = try #require(Double(value))
      #expect(numbers.contains(number) || counts.contains(number), "\(value)")
    }
    for pair in (report.operators.first?.top ?? []) + (report.operators.first?.bottom ?? []) {
      #expect(shown.contains(pair.value.description) && shown.contains(pair.residual.description))
    }
  }

  @Test func hostileTextStaysText() throws {
    let hostile =
      "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;\u{0}\u{1B}[2J\u{202E}\u{FFFE}]]>--><!--"
    var spectrum = Fixture.hessian()
    spectrum.name = hostile
    spectrum.warnings = [hostile]
    spectrum.top?[0].multiplicityNote = hostile
    spectrum.topSolver?.message = hostile
    spectrum.topSolver?.reason = hostile
    spectrum.trace?.method = hostile
    spectrum.density?.compatible = hostile
    var report = Fixture.report(title: nil, name: hostile, operators: [spectrum], warnings: [hostile])
    report.conventions = [hostile: hostile]
    report.tool = ReportedTool(name: hostile, version: hostile, libraries: [hostile: hostile])
    report.command = [hostile]
    report.model.parameters = [ReportedParameter(name: hostile, shape: [1])]
    report.model.selection = hostile
    report.data = ReportedData(
      source: hostile, format: hostile, samples: 1, samplesAvailable: 1, selection: hostile, targetKind: hostile,
      standardisation: hostile)
    report.loss = ReportedLoss(name: hostile, value: 1, definition: hostile)
    report.execution.precision = hostile
    report.execution.precisionReason = hostile
    let page = Report.html(report)
    let reader = XMLReader(page)
    #expect(reader.isWellFormed, "\(reader.problem)")
    #expect(!page.contains("<script") && !page.contains("<img"))
    #expect(!page.contains("\u{1B}") && !page.contains("\u{202E}") && !page.unicodeScalars.contains("\u{0}"))
    #expect(reader.texts.joined().contains("<script>alert(1)</script>"))
    for figure in Figures.all(report) {
      #expect(XMLReader(figure.svg).isWellFormed)
      #expect(!figure.svg.contains("<script") && !figure.name.contains("<"))
    }
    let terminal = TerminalSummary.text(report)
    #expect(!terminal.unicodeScalars.contains { ($0.value < 32 && $0 != "\n") || $0 == "\u{202E}" })
  }

  @Test func warningsComeBeforeNumbers() throws {
    let page = Report.html(Fixture.report(warnings: ["mind this"]))
    let warning = try #require(page.range(of: "mind this")).lowerBound
    let numbers = try #require(page.range(of: "class=\"cards\"")).lowerBound
    #expect(warning < numbers)
    #expect(page.contains("Hessian: 1 of 12 top eigenpairs did not converge."))
  }

  @Test func commandLineCanBePasted() {
    let page = Report.html(Fixture.report())
    #expect(page.contains("ritz spectrum mnist-784-512-512-10.pt2 \\\n  --data mnist/ \\\n  --loss cross-entropy"))
    #expect(page.contains("--output &#39;runs/first run&#39;"))
    var report = Fixture.report(operators: [])
    report.command = ["ritz", "it's", "", "a;b", "--x=$(y)"]
    #expect(
      Report.html(report).contains("ritz &#39;it&#39;\\&#39;&#39;s&#39; &#39;&#39; &#39;a;b&#39; &#39;--x=$(y)&#39;"))
  }
}
