public import Analyses
import Foundation
import Synchronization

/// Shows a training run on a terminal while it goes: loss, λ₁ against its edge, speed and time left.
///
///     let view = RunTerminalView.standardError(description)
///     view.begin(at: 0)
///     view.record(record)         // from any thread
///     view.finish()
///
/// On a terminal some lines are drawn in place, at most five times a second; elsewhere a plain line is written, at most
/// one each five seconds. Time left assumes that the rest goes as fast as what was done since `begin`, measurements
/// included. Memory does not grow with the run.
public final class RunTerminalView: Sendable {
  private struct State {
    var started = 0.0
    var firstStep = 0
    var stepsTaken = 0
    var lastWritten = -Double.infinity
    /// Lines on the terminal that are to be drawn over.
    var linesDrawn = 0
    var step: RunStep?
    var recentLosses: [Double] = []
    var losses = Sparkline()
    var leading = Sparkline()
    var measurement: RunMeasurement?
    var evaluations: [RunEvaluation] = []
  }

  private let description: RunDescription
  private let isTerminal: Bool
  private let style: TerminalStyle
  private let clock: @Sendable () -> Double
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// A view with its surroundings injected.
  ///
  /// - Parameters:
  ///   - isTerminal: whether lines can be drawn over.
  ///   - clock: seconds since some fixed moment, never going back.
  ///   - write: takes text as it is to be written.
  public init(
    _ description: RunDescription, isTerminal: Bool, style: TerminalStyle, clock: @escaping @Sendable () -> Double,
    write: @escaping @Sendable (String) -> Void
  ) {
    self.description = description
    self.isTerminal = isTerminal
    self.style = style
    self.clock = clock
    self.write = write
  }

  /// A view on standard error.
  public static func standardError(_ description: RunDescription) -> RunTerminalView {
    let start = ContinuousClock.now
    var style = TerminalStyle.standardOutput()
    style.width = TerminalStyle.columns(of: 2) ?? 80
    style.color = style.color && TerminalStyle.standardErrorIsTerminal
    return RunTerminalView(
      description, isTerminal: TerminalStyle.standardErrorIsTerminal, style: style,
      clock: {
        let (seconds, attoseconds) = start.duration(to: .now).components
        return Double(seconds) + Double(attoseconds) * 1e-18
      }, write: { FileHandle.standardError.write(Data($0.utf8)) })
  }

  /// A view that shows nothing.
  public static func silent(_ description: RunDescription) -> RunTerminalView {
    RunTerminalView(
      description, isTerminal: false, style: TerminalStyle(), clock: { 0 }, write: { _ in })
  }

  /// Starts the clock; a resumed run begins at the step it goes on from.
  public func begin(at step: Int = 0) {
    state.withLock { state in
      state.started = clock()
      state.firstStep = step
      state.stepsTaken = step
      emit(&state)
    }
  }

  public func record(_ record: RunRecord) {
    state.withLock { state in
      switch record {
      case .step(let step):
        state.step = step
        state.stepsTaken = step.step + 1
        state.losses.append(step.loss)
        state.recentLosses.append(step.loss)
        if state.recentLosses.count > 50 { state.recentLosses.removeFirst() }
      case .evaluation(let evaluation):
        state.evaluations.removeAll { $0.set == evaluation.set }
        state.evaluations.append(evaluation)
      case .measurement(let measurement):
        guard measurement.block == nil, let leading = measurement.top.first else { return }
        if let shown = state.measurement, RunSubject(shown) != RunSubject(measurement) { return }
        state.measurement = measurement
        state.leading.append(leading)
      }
      if clock() - state.lastWritten >= (isTerminal ? 0.2 : 5) { emit(&state) }
    }
  }

  /// Writes a line of its own without damaging what is drawn in place.
  public func note(_ text: String) {
    state.withLock { state in
      write(erased(state) + TerminalStyle.sanitized(text) + "\n")
      state.linesDrawn = 0
      if isTerminal { emit(&state) }
    }
  }

  /// Leaves the last state on the screen.
  public func finish() {
    state.withLock { emit(&$0) }
  }

  private func emit(_ state: inout State) {
    let now = clock()
    state.lastWritten = now
    guard isTerminal else { return write(summary(state, now) + "\n") }
    let lines = lines(state, now)
    write(erased(state) + lines.joined(separator: "\n") + "\n")
    state.linesDrawn = lines.count
  }

  /// What takes the cursor back to the first line drawn and clears from there.
  private func erased(_ state: State) -> String {
    state.linesDrawn > 0 ? "\u{1B}[\(state.linesDrawn)A\r\u{1B}[J" : ""
  }

  private func progress(_ state: State, _ now: Double) -> String {
    let planned = description.plannedSteps
    var text = "step \(NumberText.grouped(state.stepsTaken))"
    if planned > 0 {
      text += " of \(NumberText.grouped(planned)) (\(min(100, 100 * state.stepsTaken / planned)) %)"
    }
    if let step = state.step { text += ", epoch \(NumberText.plain(step.epoch, digits: 3))" }
    let (done, elapsed) = (state.stepsTaken - state.firstStep, now - state.started)
    if done > 0, elapsed > 0 {
      text += ", \(NumberText.plain(Double(done) / elapsed, digits: 3)) steps/s"
      if planned > state.stepsTaken {
        let left = elapsed / Double(done) * Double(planned - state.stepsTaken)
        text += ", \(ProgressReporter.clockText(left)) left"
      }
    }
    return text
  }

  private func loss(_ state: State) -> Double? {
    let recent = state.recentLosses
    return recent.isEmpty ? nil : recent.reduce(0) { $0 + $1 / Double(recent.count) }
  }

  private func edge(_ measurement: RunMeasurement) -> String? {
    guard let edge = measurement.edge, edge > 0, let held = measurement.sharpness ?? measurement.top.first else {
      return nil
    }
    return "\(NumberText.plain(100 * held / edge, digits: 3)) % of edge \(NumberText.plain(edge, digits: 3))"
  }

  private func summary(_ state: State, _ now: Double) -> String {
    var parts = [progress(state, now)]
    if let loss = loss(state) { parts.append("loss \(NumberText.plain(loss))") }
    if let measurement = state.measurement, let leading = measurement.top.first {
      parts.append(
        "lambda1 \(NumberText.plain(leading))" + (edge(measurement).map { " (\($0))" } ?? "")
          + " at step \(NumberText.grouped(measurement.step))")
    }
    return parts.joined(separator: "; ")
  }

  private func lines(_ state: State, _ now: Double) -> [String] {
    let width = max(40, style.width) - 1
    var lines = [
      (TerminalStyle.sanitized(description.network + ", " + description.optimizer), TerminalStyle.Emphasis.strong)
    ]
    lines.append((progress(state, now), .faint))
    func row(_ name: String, _ value: String, _ spark: Sparkline?, _ note: String) {
      let head =
        name.padding(toLength: 10, withPad: " ", startingAt: 0)
        + value.padding(toLength: max(11, value.count + 1), withPad: " ", startingAt: 0)
      let room = min(40, width - head.count - note.count - 2)
      let drawn = room >= 8 ? spark?.text(width: room, unicode: style.unicode) ?? "" : ""
      let gap = spark == nil || drawn.isEmpty ? "" : String(repeating: " ", count: max(0, room - drawn.count) + 2)
      lines.append((head + drawn + gap + note, .curve))
    }
    if let loss = loss(state), let step = state.step {
      row(
        "loss", NumberText.plain(loss), state.losses,
        "\(style.unicode ? "η" : "rate") \(NumberText.plain(step.learningRate, digits: 3))")
    }
    if let measurement = state.measurement, let leading = measurement.top.first {
      row(style.unicode ? "λ₁" : "lambda1", NumberText.plain(leading), state.leading, edge(measurement) ?? "")
      if let fraction = measurement.gradientFraction {
        row("gradient", "\(NumberText.plain(100 * fraction.value, digits: 3)) %", nil, "in the top eigenspace")
      }
    }
    for evaluation in state.evaluations.prefix(3) {
      let accuracy = evaluation.accuracy.map { "accuracy \(NumberText.plain(100 * $0, digits: 3)) %, " } ?? ""
      row(
        String(TerminalStyle.sanitized(evaluation.set).prefix(9)), NumberText.plain(evaluation.loss), nil,
        accuracy + "step \(NumberText.grouped(evaluation.step))")
    }
    // A line that wraps could not be drawn over.
    return lines.map { style.styled(String($0.0.prefix(width)), $0.1) }
  }
}
