import Analyses
import Foundation
import Reports
import Testing

@Suite struct TerminalSummaryTests {
  private func report() -> SpectrumReport {
    Fixture.report(operators: [Fixture.hessian()], warnings: ["20,000 of 60,000 samples were used."])
  }

  @Test func unicodeSnapshot() {
    #expect(TerminalSummary.text(report(), style: TerminalStyle(width: 72)) == Self.unicode)
  }

  @Test func plainSnapshot() {
    let text = TerminalSummary.text(report(), style: TerminalStyle(width: 60, unicode: false))
    #expect(text == Self.plain)
  }

  @Test func linesStayWithinTheWidth() {
    for width in [40, 48, 57, 80, 132] {
      for unicode in [true, false] {
        for report in [Fixture.complete(), Fixture.report(operators: [Fixture.broken()])] {
          let text = TerminalSummary.text(report, style: TerminalStyle(width: width, unicode: unicode))
          for line in text.split(separator: "\n") { #expect(line.count <= width, "\(width): \(line)") }
        }
      }
    }
  }

  @Test func oneOfAKindIsSingular() throws {
    var spectrum = Fixture.hessian()
    spectrum.trace = ReportedTrace(value: 1.5, standardError: .nan, method: "hutchinson", probes: 1)
    var report = Fixture.report(operators: [spectrum])
    report.model.parameterCount = 1
    report.execution.operatorProducts = 1
    func text() -> String { TerminalSummary.text(report, style: TerminalStyle(width: 100)) }
    #expect(text().contains("\n1 parameter · ") && text().contains(" · 1 product · "))
    #expect(text().contains("1.500, hutchinson, 1 probe, error unknown\n"))
    #expect(Report.html(report).contains("hutchinson, 1 probe, error unknown"))
    report.operators[0].density?.probes = 1
    #expect(text().contains("1 probe x 90 steps"))
    report.operators[0].density?.probes = 0
    report.operators[0].density?.steps = 0
    #expect(text().contains("every eigenvalue found, ▲ deflated"))
    #expect(Report.html(report).contains("density, every eigenvalue found"))
  }

  @Test func asciiMeansAscii() {
    for report in [Fixture.complete(), Fixture.report(operators: [Fixture.exact()])] {
      let text = TerminalSummary.text(report, style: TerminalStyle(width: 80, unicode: false))
      #expect(text.unicodeScalars.allSatisfy { $0.isASCII })
    }
  }

  @Test func colourIsOnlyAddedWhenAsked() throws {
    let bare = TerminalSummary.text(report(), style: TerminalStyle())
    let colored = TerminalSummary.text(report(), style: TerminalStyle(color: true))
    #expect(!bare.contains("\u{1B}"))
    #expect(colored.contains("\u{1B}[1m"))
    let stripped = colored.replacing(try Regex("\u{1B}\\[[0-9]+m"), with: "")
    func trimmed(_ text: String) -> [String] {
      text.components(separatedBy: "\n").map { $0.replacing(/\ +$/, with: "") }
    }
    #expect(trimmed(stripped) == trimmed(bare))
  }

  @Test func extremeDataDoesNotBreakThePlot() {
    for spectrum in Fixture.extremes() + [Fixture.broken(), Fixture.exact()] {
      for unicode in [true, false] {
        let text = TerminalSummary.text(
          Fixture.report(operators: [spectrum]), style: TerminalStyle(width: 50, unicode: unicode))
        #expect(text.contains("Spectrum of the"))
      }
    }
  }
}
