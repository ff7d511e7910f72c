import Reports
import Synchronization
import Testing

/// A clock set by hand and a page to write on.
private final class Desk: Sendable {
  private let state = Mutex((time: 0.0, text: ""))

  var time: Double {
    get { state.withLock { $0.time } }
    set { state.withLock { $0.time = newValue } }
  }
  var text: String { state.withLock { $0.text } }

  func reporter(isTerminal: Bool, width: Int = 80) -> ProgressReporter {
    ProgressReporter(
      isTerminal: isTerminal, width: width, clock: { self.time },
      write: { text in self.state.withLock { $0.text += text } })
  }
}

@Suite struct ProgressReporterTests {
  @Test func plainLinesComeEveryFewSeconds() {
    let desk = Desk()
    let progress = desk.reporter(isTerminal: false)
    progress.begin("density", total: 900)
    for second in 1...12 {
      desk.time = Double(second)
      progress.advance(by: 30)
    }
    progress.finish()
    #expect(
      desk.text == """
        density: 0 of 900 (0 %)
        density: 150 of 900 (16 %), 0:25 left
        density: 300 of 900 (33 %), 0:20 left
        density: 360 done in 0:12

        """)
  }

  @Test func aTerminalLineIsRewritten() {
    let desk = Desk()
    let progress = desk.reporter(isTerminal: true)
    progress.begin("top", total: 4)
    desk.time = 0.05
    progress.advance()
    desk.time = 1
    progress.advance()
    progress.note("saved")
    progress.finish()
    #expect(
      desk.text == "\rtop: 0 of 4 (0 %)\u{1B}[K\rtop: 2 of 4 (50 %), 0:01 left\u{1B}[K\r\u{1B}[Ksaved\n"
        + "\rtop: 2 of 4 (50 %), 0:01 left\u{1B}[K\r\u{1B}[Ktop: 2 done in 0:01\n")
  }

  @Test func resumedWorkIsNotFastWork() {
    let desk = Desk()
    let progress = desk.reporter(isTerminal: false)
    progress.begin("density", total: 1000, completed: 500)
    desk.time = 10
    progress.advance(by: 10)
    #expect(desk.text.hasSuffix("density: 510 of 1000 (51 %), 8:10 left\n"))
  }

  @Test func linesFitTheTerminalAndNamesCannotMoveTheCursor() {
    let desk = Desk()
    let progress = desk.reporter(isTerminal: true, width: 20)
    progress.begin("a very long name \u{1B}[2J of a stage", total: 10)
    #expect(desk.text == "\ra very long name ?[\u{1B}[K")
  }

  @Test func unknownTotalsAndStrayCallsAreFine() {
    let desk = Desk()
    let progress = desk.reporter(isTerminal: false)
    progress.advance()
    progress.finish()
    #expect(desk.text.isEmpty)
    progress.begin("training")
    desk.time = 3700
    progress.advance(by: 12000)
    progress.begin("next", total: 0)
    #expect(desk.text == "training\ntraining: 12,000 done\ntraining: 12,000 done in 1:01:40\nnext\n")
  }

  @Test func manyThreadsCountTogether() async {
    let desk = Desk()
    let progress = desk.reporter(isTerminal: false)
    progress.begin("products", total: 4000)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 { group.addTask { for _ in 0..<1000 { progress.advance() } } }
    }
    progress.finish()
    #expect(desk.text.hasSuffix("products: 4000 done in 0:00\n"))
  }
}
