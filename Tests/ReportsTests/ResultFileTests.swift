import Analyses
import Foundation
import Reports
import Tensors
import Testing

@Suite struct ResultFileTests {
  @Test func roundTripKeepsEveryNumber() throws {
    for report in [Fixture.report(), Fixture.complete(), Fixture.report(operators: [])] {
      let data = try ResultFile.encode(report)
      let again = try ResultFile.decode(SpectrumReport.self, data)
      #expect(again == report)
      #expect(try ResultFile.encode(again) == data)
    }
  }

  @Test func numbersThatAreNotFiniteBecomeNull() throws {
    let report = Fixture.report(operators: [Fixture.broken()])
    let data = try ResultFile.encode(report)
    let text = String(decoding: data, as: UTF8.self)
    #expect(text.contains("\"residual\": null"))
    #expect(text.contains("[null, null, null]"))
    #expect(!text.contains("inf") && !text.contains("nan,"))
    let spectrum = try #require(try ResultFile.decode(SpectrumReport.self, data).operators.first)
    #expect(spectrum.top?.map(\.value.isNaN) == [true, true, true])
    #expect(spectrum.top?.first?.errorBound?.isNaN == true)
    #expect(spectrum.outliers?.ratioToClasses == nil)
    #expect(spectrum.density?.grid.count == 3)
  }

  @Test func extremeIntegersAndRealsSurvive() throws {
    var report = Fixture.report(operators: [])
    report.execution.seed = .max
    report.loss.value = -0.0
    report.gradient?.norm = .leastNonzeroMagnitude
    report.execution.seconds = 0.1 + 0.2
    report.execution.peakMemoryBytes = .max
    let again = try ResultFile.decode(SpectrumReport.self, ResultFile.encode(report))
    #expect(again.execution.seed == .max)
    #expect(again.execution.peakMemoryBytes == .max)
    #expect(again.loss.value.sign == .minus)
    #expect(again.gradient?.norm == .leastNonzeroMagnitude)
    #expect(again.execution.seconds == 0.1 + 0.2)
  }

  @Test func keysAreSortedAndTextIsReadable() throws {
    let text = String(decoding: try ResultFile.encode(Fixture.report()), as: UTF8.self)
    let keys = text.split(separator: "\n").filter { $0.hasPrefix("  \"") }.compactMap {
      $0.split(separator: "\"").dropFirst().first
    }
    #expect(keys == keys.sorted())
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 160 })
    #expect(text.hasSuffix("}\n"))
  }

  @Test func hostileStringsSurvive() throws {
    let name = "\"\\\u{0}\u{1F}\n\t\u{2028}</script>\u{202E}é😀"
    var report = Fixture.report(operators: [])
    report.model.source = name
    #expect(try ResultFile.decode(SpectrumReport.self, ResultFile.encode(report)).model.source == name)
  }

  @Test func otherFilesAreNamedAndRefused() throws {
    let text = String(decoding: try ResultFile.encode(Fixture.report()), as: UTF8.self)
    func message(_ text: String) -> String {
      do {
        _ = try ResultFile.decode(SpectrumReport.self, Data(text.utf8), file: "runs/a/result.json")
        return "accepted"
      } catch { return "\(error)" }
    }
    #expect(
      message(text.replacingOccurrences(of: "ritz.spectrum/1", with: "ritz.spectrum/2"))
        == "runs/a/result.json: schema: version 2 of ritz.spectrum, and this program reads 'ritz.spectrum/1'; use a newer ritz"
    )
    #expect(
      message(text.replacingOccurrences(of: "ritz.spectrum/1", with: "other/1")).contains("is not a result of ritz"))
    #expect(message("{").contains("not a JSON document"))
    #expect(message("[1]").contains("runs/a/result.json: "))
    #expect(message("{\"a\": 1}").contains("key 'schema' is missing"))
    #expect(
      message(text.replacingOccurrences(of: "\"norm\"", with: "\"size\"")).contains("gradient: key 'norm' is missing"))
    let wrong = text.replacingOccurrences(of: "\"converged\": false", with: "\"converged\": 3")
    #expect(message(wrong).contains("operators[0].top[11].converged"))
    for length in stride(from: 0, to: 4000, by: 37) {
      #expect(throws: InputError.self) { try ResultFile.decode(SpectrumReport.self, Data(text.utf8.prefix(length))) }
    }
  }
}
