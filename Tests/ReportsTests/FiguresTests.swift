import Analyses
import Foundation
import Testing

@testable import Reports

@Suite struct FiguresTests {
  private func widths(_ report: SpectrumReport) -> [Figure] {
    report.operators.indices.flatMap { index in
      [FigureWidth.wide, FigureWidth.compact].flatMap { Figures.of(report, operator: index, width: $0) }
    }
  }

  @Test func filesAreWellFormedAndDescribed() throws {
    let report = Fixture.complete()
    let figures = Figures.all(report)
    #expect(
      figures.map(\.name) == [
        "hessian-fc1-density", "hessian-fc1-log-density", "hessian-fc1-eigenvalues", "hessian-fc1-convergence",
        "hessian-fc1-exact", "ggn-density", "ggn-log-density", "ggn-eigenvalues", "ggn-convergence",
      ])
    for figure in figures {
      let reader = XMLReader(figure.svg)
      #expect(reader.isWellFormed, "\(figure.name): \(reader.problem)")
      let root = try #require(reader.elements.first)
      #expect(root.name == "svg" && root.attributes["role"] == "img")
      #expect(reader.elements.contains { $0.name == "title" } && reader.elements.contains { $0.name == "desc" })
      #expect(figure.svg.contains("prefers-color-scheme: dark"))
      #expect(!figure.svg.contains("http://") || figure.svg.components(separatedBy: "http://").count == 2)
    }
  }

  @Test func nothingLeavesTheDrawing() throws {
    for figure in widths(Fixture.complete()) {
      let reader = XMLReader(figure.standalone)
      for (name, attributes) in reader.elements {
        for (key, limit) in [("x", figure.width), ("cx", figure.width), ("y", figure.height), ("cy", figure.height)] {
          guard let value = attributes[key].flatMap(Double.init) else { continue }
          #expect(value >= 0 && value <= limit, "\(figure.name) <\(name)> \(key) = \(value)")
        }
      }
    }
  }

  /// Numbers of one axis, and labels of one row, must not run into each other.
  @Test func textsDoNotOverlap() throws {
    for figure in widths(Fixture.complete()) {
      let boxes = textBoxes(figure)
      for (index, box) in boxes.enumerated() {
        for other in boxes[..<index] where abs(box.y - other.y) < 9 {
          #expect(
            box.right <= other.left || other.right <= box.left, "\(figure.name): '\(box.text)' on '\(other.text)'")
        }
      }
    }
  }

  private func textBoxes(_ figure: Figure) -> [(text: String, left: Double, right: Double, y: Double)] {
    figure.standalone.components(separatedBy: "<text ").dropFirst().compactMap { piece in
      guard let end = piece.range(of: "</text>") else { return nil }
      let reader = XMLReader("<text " + piece[..<end.upperBound])
      guard let attributes = reader.elements.first?.attributes, let x = attributes["x"].flatMap(Double.init),
        let y = attributes["y"].flatMap(Double.init)
      else { return nil }
      let text = reader.texts.joined()
      // Narrower than the generous estimate used for placing.
      let width = Double(text.count) * 6
      let left =
        attributes["text-anchor"] == "end" ? x - width : attributes["text-anchor"] == "middle" ? x - width / 2 : x
      return (text, left, left + width, y)
    }
  }

  @Test func extremeAndBrokenDataDoNotBreakFigures() {
    for spectrum in Fixture.extremes() + [Fixture.broken()] {
      for figure in widths(Fixture.report(operators: [spectrum])) {
        let reader = XMLReader(figure.standalone)
        #expect(reader.isWellFormed, "\(figure.name): \(reader.problem)")
        #expect(figure.width.isFinite && figure.height.isFinite)
        for (name, attributes) in reader.elements where name != "svg" {
          for value in attributes.values {
            #expect(!value.contains("nan") && !value.contains("inf"), "\(name) \(value)")
          }
        }
      }
    }
  }

  /// A result file can be edited by anyone before it is shown.
  @Test func absurdCountsDoNotBreakPages() {
    for count in [Int.min, -1, 0, Int.max] {
      var spectrum = Fixture.hessian()
      spectrum.dimension = count
      spectrum.trace?.probes = count
      spectrum.density?.probes = count
      spectrum.density?.steps = count
      spectrum.density?.upper.removeLast()
      spectrum.density?.logAxis?.positive.removeLast(10)
      spectrum.outliers?.count = count
      spectrum.gradientFraction?.subspaceDimension = count
      spectrum.topSolver?.products = count
      var report = Fixture.report(operators: [spectrum])
      report.model.parameterCount = count
      report.data.samples = count
      report.data.classes = count
      report.execution.operatorProducts = count
      report.execution.peakMemoryBytes = count
      report.execution.seconds = Double(count) * 1e300
      #expect(XMLReader(Report.html(report)).isWellFormed)
      #expect(!TerminalSummary.text(report).isEmpty)
      #expect(Figures.all(report).count == 4)
    }
  }

  @Test func whatWasNotMeasuredHasNoFigure() {
    #expect(Figures.all(Fixture.report(operators: [ReportedSpectrum(name: "hessian", dimension: 3)])).isEmpty)
    #expect(Figures.all(Fixture.report(operators: [])).isEmpty)
    #expect(Figures.all(Fixture.report(operators: [Fixture.broken()])).isEmpty)
  }

  @Test func namesAreSafeAndUnique() {
    var first = Fixture.gaussNewton()
    first.name = "../../etc/<x>"
    let names = Figures.all(Fixture.report(operators: [first, first])).map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") } })
  }

  @Test func markersAreOpenWhereNotConverged() throws {
    let report = Fixture.report(operators: [Fixture.hessian()])
    let figure = try #require(Figures.all(report).first { $0.name == "hessian-convergence" })
    let dots = XMLReader(figure.svg).elements.filter { $0.name == "circle" }.compactMap { $0.attributes["class"] }
    // One more of each kind in the legend.
    #expect(dots.filter { $0.contains("rz-blue-open") }.count == 1 + 1)
    #expect(dots.filter { $0.contains("rz-blue-filled") }.count == 11 + 1)
    #expect(dots.filter { $0.contains("rz-vermilion-filled") }.count == 5 + 1)
  }

  @Test func deflatedEigenvaluesStandWhereTheyAre() throws {
    let spectrum = Fixture.gaussNewton()
    let figure = try #require(DensityFigure.drawn(spectrum, name: "d", width: FigureWidth.wide))
    #expect(figure.standalone.contains("60.0") && figure.standalone.contains("37.9"))
    let density = try #require(spectrum.density)
    let view = try #require(DensityView(density, dimension: spectrum.dimension))
    // A lone eigenvalue's peak has the height of one kernel.
    let single = try #require(view.single)
    #expect(abs((view.height(at: 38.7 * 0.98) ?? 0) / single - 1) < 0.02)
    #expect(view.isolated.count == 10)
  }
}
