import Foundation
import Synchronization

/// Tells how far a long computation is, with the time left.
///
///     let progress = ProgressReporter.standardError()
///     progress.begin("density", total: 900)
///     progress.advance(by: 1)        // from any thread
///     progress.finish()
///
/// On a terminal one line is rewritten, at most ten times a second; elsewhere plain lines are written, at most one each five
/// seconds. The time left assumes that the rest goes as fast as what was done since `begin`; work done before (a resumed
/// run) does not count as fast work. Safe to use from several threads.
public final class ProgressReporter: Sendable {
  private struct Stage {
    var name: String
    var total: Int?
    /// Work of an earlier run.
    var before: Int
    var done: Int
    var started: Double
  }

  private struct State {
    var stage: Stage?
    var lastWritten = -Double.infinity
    var lineIsOpen = false
  }

  private let isTerminal: Bool
  private let width: Int
  private let clock: @Sendable () -> Double
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// A reporter with its surroundings injected.
  ///
  /// - Parameters:
  ///   - isTerminal: Whether a line can be rewritten.
  ///   - width: The columns of the terminal.
  ///   - clock: Seconds since some fixed moment, never going back.
  ///   - write: Takes text as it is to be written.
  public init(
    isTerminal: Bool, width: Int = 80, clock: @escaping @Sendable () -> Double,
    write: @escaping @Sendable (String) -> Void
  ) {
    self.isTerminal = isTerminal
    self.width = width
    self.clock = clock
    self.write = write
  }

  /// A reporter on standard error.
  public static func standardError() -> ProgressReporter {
    let start = ContinuousClock.now
    return ProgressReporter(
      isTerminal: TerminalStyle.standardErrorIsTerminal, width: TerminalStyle.columns(of: 2) ?? 80,
      clock: {
        let (seconds, attoseconds) = start.duration(to: .now).components
        return Double(seconds) + Double(attoseconds) * 1e-18
      }, write: { FileHandle.standardError.write(Data($0.utf8)) })
  }

  /// A reporter that says nothing.
  public static func silent() -> ProgressReporter {
    ProgressReporter(isTerminal: false, clock: { 0 }, write: { _ in })
  }

  /// Starts a stage; one that is still open is finished first.
  ///
  /// - Parameters:
  ///   - name: What is being done, in a word or two.
  ///   - total: The units of work, where known.
  ///   - completed: Units an earlier run has done already.
  public func begin(_ name: String, total: Int? = nil, completed: Int = 0) {
    state.withLock { state in
      close(&state)
      let now = clock()
      let shown = TerminalStyle.sanitized(name)
      state.stage = Stage(name: shown, total: total, before: completed, done: 0, started: now)
      emit(&state, now)
    }
  }

  /// Reports more units of work as done.
  public func advance(by units: Int = 1) {
    state.withLock { state in
      guard state.stage != nil else { return }
      state.stage?.done += units
      let now = clock()
      if now - state.lastWritten >= (isTerminal ? 0.1 : 5) { emit(&state, now) }
    }
  }

  /// Ends the stage with a line that says how long it took.
  public func finish() {
    state.withLock { close(&$0) }
  }

  /// Writes a line of its own without damaging the one being rewritten.
  public func note(_ text: String) {
    state.withLock { state in
      write((state.lineIsOpen ? "\r\u{1B}[K" : "") + TerminalStyle.sanitized(text) + "\n")
      if state.lineIsOpen { emit(&state, clock()) }
    }
  }

  private func close(_ state: inout State) {
    guard let stage = state.stage else { return }
    let done = stage.before + stage.done
    let amount = done > 0 ? "\(NumberText.grouped(done)) done in " : "done in "
    let line = fitted("\(stage.name): \(amount)\(Self.clockText(clock() - stage.started))")
    write((state.lineIsOpen ? "\r\u{1B}[K" : "") + line + "\n")
    state = State()
  }

  private func emit(_ state: inout State, _ now: Double) {
    guard let stage = state.stage else { return }
    let line = fitted(Self.line(stage, now))
    write(isTerminal ? "\r" + line + "\u{1B}[K" : line + "\n")
    state.lineIsOpen = isTerminal
    state.lastWritten = now
  }

  private static func line(_ stage: Stage, _ now: Double) -> String {
    let done = stage.before + stage.done
    guard let total = stage.total, total > 0 else {
      return done > 0 ? "\(stage.name): \(NumberText.grouped(done)) done" : stage.name
    }
    var text = "\(stage.name): \(NumberText.grouped(done)) of \(NumberText.grouped(total))"
    text += " (\(Int(100 * Double(min(done, total)) / Double(total))) %)"
    let elapsed = now - stage.started
    if stage.done > 0, elapsed > 0, done < total {
      text += ", \(clockText(elapsed / Double(stage.done) * Double(total - done))) left"
    }
    return text
  }

  /// A line that wraps could not be rewritten.
  private func fitted(_ line: String) -> String {
    isTerminal && line.count >= width ? String(line.prefix(max(1, width - 1))) : line
  }

  /// `0:07`, `12:34`, `1:02:03`.
  static func clockText(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "?" }
    let whole = Int(seconds.rounded())
    let (minutes, rest) = (whole / 60, whole % 60)
    return minutes < 60
      ? String(format: "%d:%02d", minutes, rest) : String(format: "%d:%02d:%02d", minutes / 60, minutes % 60, rest)
  }
}
