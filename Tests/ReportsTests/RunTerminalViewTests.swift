import Analyses
import Foundation
import Synchronization
import Testing

@testable import Reports

@Suite struct RunTerminalViewTests {
  /// What a view writes, with a clock that goes a second each time it is asked.
  private final class Recorder: Sendable {
    let text = Mutex("")
    let time = Mutex(0.0)

    func view(terminal: Bool, width: Int = 80, unicode: Bool = true, seconds: Double = 1) -> RunTerminalView {
      RunTerminalView(
        SyntheticRun.description(), isTerminal: terminal, style: TerminalStyle(width: width, unicode: unicode),
        clock: {
          self.time.withLock {
            $0 += seconds
            return $0
          }
        }, write: { text in self.text.withLock { $0 += text } })
    }

    var written: String { text.withLock { $0 } }
  }

  @Test(arguments: [40, 80, 200], [true, false]) func drawsInPlaceAndNeverWraps(_ width: Int, _ unicode: Bool) {
    let recorder = Recorder()
    let view = recorder.view(terminal: true, width: width, unicode: unicode)
    view.begin()
    for record in SyntheticRun.records(steps: 300, interval: 50, density: false) { view.record(record) }
    view.finish()
    let frames = recorder.written.components(separatedBy: "\r\u{1B}[J")
    #expect(frames.count > 100)
    for (frame, next) in zip(frames, frames.dropFirst()) {
      let lines = frame.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.allSatisfy { $0.count < max(width, 40) })
      // The cursor goes back over exactly the lines drawn.
      #expect(lines.last == "\u{1B}[\(lines.count - 1)A")
      #expect(!next.isEmpty)
    }
    let last = frames.last ?? ""
    #expect(last.contains("step 300 of 10,000 (3 %)") && last.contains(unicode ? "λ₁" : "lambda1"))
    #expect(last.contains("% of edge 20") == (width > 40) || width == 40)
    if !unicode { #expect(recorder.written.unicodeScalars.allSatisfy { $0.isASCII || $0 == "η" }) }
  }

  @Test func elsewhereWritesPlainLinesNowAndThen() {
    let recorder = Recorder()
    let view = recorder.view(terminal: false, seconds: 0.5)
    view.begin(at: 100)
    for record in SyntheticRun.records(steps: 100, interval: 50, density: false) {
      if case .step(var step) = record {
        step.step += 100
        view.record(.step(step))
      } else {
        view.record(record)
      }
    }
    view.note("a word\u{1B}[2J")
    view.finish()
    let lines = recorder.written.split(separator: "\n")
    #expect((3...30).contains(lines.count))
    #expect(!recorder.written.contains("\u{1B}"))
    #expect(lines.contains("a word?[2J"))
    #expect(lines.last?.hasPrefix("step 200 of 10,000 (2 %)") == true)
    // 100 steps were done here, not 200.
    #expect(lines.last?.contains("left; loss") == true)
  }

  @Test func aSparklineKeepsItsShapeInLittleMemory() {
    var line = Sparkline(capacity: 64)
    for index in 0..<100_000 { line.append(Double(index - 50_000)) }
    line.append(.nan)
    line.append(.infinity)
    let text = line.text(width: 8, unicode: true)
    #expect(text == "▁▂▃▄▅▆▇█")
    #expect(line.text(width: 0, unicode: true).isEmpty && Sparkline().text(width: 9, unicode: true).isEmpty)
    // Positive and over more than a decade: the axis is logarithmic.
    var falling = Sparkline()
    for exponent in 0..<8 { falling.append(pow(10, -Double(exponent))) }
    #expect(falling.text(width: 8, unicode: true) == "█▇▆▅▄▃▂▁")
    var constant = Sparkline()
    for _ in 0..<5 { constant.append(3) }
    #expect(constant.text(width: 9, unicode: false) == "=====")
    var huge = Sparkline(capacity: 4)
    for _ in 0..<9 { huge.append(.greatestFiniteMagnitude) }
    #expect(huge.text(width: 4, unicode: true).count <= 4)
  }
}
