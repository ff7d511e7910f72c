import Archives
import Foundation
import TestSupport
import Testing

/// A run that is stopped goes on with `--resume` and ends with the bits of one that was not.
@Suite struct ResumeTests {
  private static func arguments(model: String, data: String) -> [String] {
    [
      "spectrum", model, "--data", data, "--loss", "cross-entropy", "--standardise", "none", "--top", "4", "--bottom",
      "2",
      "--density", "--probes", "15", "--steps", "60", "--seed", "11", "--workers", "1",
    ]
  }

  /// Large enough for the iterative eigensolver, whose state is stored; the dense one has none.
  private static let model = "mlp:40-56-8,tanh"

  /// Where a run is stopped.
  enum Moment: String {
    case begun
    case eigenpairs
    case density

    /// What tells that a run in `directory` has come that far.
    func isReached(_ run: RitzProcess, in workspace: Workspace) -> Bool {
      switch self {
      case .begun: FileBytes.exists(workspace.path("run/state/run.json"))
      case .eigenpairs: run.errors.contains("eigenpairs")
      case .density:
        run.errors.contains("density") && FileBytes.exists(workspace.path("run/state/hessian-eigenpairs.npz"))
      }
    }
  }

  /// The arrays of a run that nobody stops.
  private static let whole = Result<[UInt8], any Error> {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 1000, features: 40, classes: 8)
    let outcome = try RitzProcess.run(
      arguments(model: model, data: data) + ["--output", workspace.path("whole"), "--quiet"])
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try workspace.bytes("whole/arrays.npz")
  }

  @Test(arguments: [
    (SIGINT, Moment.eigenpairs), (SIGINT, .density), (SIGTERM, .begun), (SIGKILL, .begun), (SIGKILL, .density),
  ])
  func stoppedRunsAreFinished(_ signal: Int32, _ moment: Moment) throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 1000, features: 40, classes: 8)
    let arguments = Self.arguments(model: Self.model, data: data)
    let run = try RitzProcess(arguments + ["--output", workspace.path("run")])
    try run.wait(for: moment.rawValue) { moment.isReached(run, in: workspace) }
    run.send(signal)
    let stopped = try run.finish()
    if signal == SIGKILL {
      #expect(stopped.status == nil)
    } else {
      #expect(stopped.status == 130, "\(stopped)")
      #expect(stopped.errors.contains("ritz spectrum --resume \(workspace.path("run"))"))
    }
    #expect(stopped.output.isEmpty)
    #expect(!workspace.files(below: "run").contains("result.json"))

    // An hour more than it took, to tell it from the time of the last session.
    let clock = "run/state/seconds.npz"
    let before = try FileBytes.exists(workspace.path(clock)) ? workspace.arrays(clock)["seconds"]?.doubles()[0] : nil
    if signal != SIGKILL { #expect(try #require(before) > 0) }
    _ = try workspace.write(["seconds": NumpyArray([3600 + (before ?? 0)])], to: clock)
    let resumed = try RitzProcess.run("spectrum", "--resume", workspace.path("run"), "--workers", "2")
    try #require(resumed.status == 0, "\(resumed.errors)")
    #expect(try workspace.bytes("run/arrays.npz") == Self.whole.get())
    #expect(workspace.files(below: "run/state") == ["run.json"])
    let execution = try workspace.object("run/result.json")["execution"] as? [String: Any]
    #expect(try #require(execution?["seconds"] as? Double) > 3600 + (before ?? 0))
  }

  @Test func changedInputIsRefused() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 1000, features: 40, classes: 8)
    let run = try RitzProcess(Self.arguments(model: Self.model, data: data) + ["--output", workspace.path("run")])
    try run.wait(for: "the density") { Moment.density.isReached(run, in: workspace) }
    run.send(SIGINT)
    try #require(run.finish().status == 130)
    let before = workspace.files()
    var arrays = try workspace.arrays("data.npz")
    arrays["y"] = NumpyArray([Int64](repeating: 1, count: 1000))
    _ = try workspace.write(arrays, to: "data.npz")
    let resumed = try RitzProcess.run("spectrum", "--resume", workspace.path("run"))
    #expect(resumed.status == 1)
    #expect(resumed.errorLines.count == 1)
    #expect(resumed.errors.contains("the model or the data has changed"))
    // The original data is back, and so the run can still be finished.
    #expect(workspace.files() == before)
    _ = try workspace.labelled(samples: 1000, features: 40, classes: 8)
    #expect(try RitzProcess.run("spectrum", "--resume", workspace.path("run"), "--quiet").status == 0)
  }

  @Test func finishedRunIsSaidAgain() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 30, features: 6, classes: 3)
    let first = try RitzProcess.run(
      "spectrum", "mlp:6-8-3,tanh", "--data", data, "--loss", "cross-entropy", "--top", "2", "--output",
      workspace.path("run"))
    try #require(first.status == 0)
    let result = try workspace.bytes("run/result.json")
    let arrays = try workspace.bytes("run/arrays.npz")
    // Nothing is computed again: the data need not even be there any more.
    try FileManager.default.removeItem(atPath: data)
    let again = try RitzProcess.run("spectrum", "--resume", workspace.path("run"))
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.output == first.output)
    #expect(try workspace.bytes("run/result.json") == result)
    #expect(try workspace.bytes("run/arrays.npz") == arrays)
    let json = try RitzProcess.run("spectrum", "--resume", workspace.path("run"), "--json")
    #expect(json.output == String(decoding: result, as: UTF8.self))
  }

  @Test func aNewRunReplacesAnOldOne() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 1000, features: 40, classes: 8)
    let small = try RitzProcess.run(
      "spectrum", "mlp:40-2-8", "--data", data, "--loss", "cross-entropy", "--top", "1", "--output",
      workspace.path("run"))
    try #require(small.status == 0)
    let run = try RitzProcess(Self.arguments(model: Self.model, data: data) + ["--output", workspace.path("run")])
    try run.wait(for: "the eigenpairs") { Moment.eigenpairs.isReached(run, in: workspace) }
    run.send(SIGKILL)
    _ = try run.finish()
    // The earlier result does not pass for the result of the run that was killed.
    #expect(!workspace.files(below: "run").contains("result.json"))
    #expect(!workspace.files(below: "run").contains("report.html"))
  }

  @Test func nothingToResume() throws {
    let workspace = try Workspace()
    let none = try RitzProcess.run("spectrum", "--resume", workspace.path("none"))
    #expect(none.status == 1)
    #expect(none.errorLines.count == 1)
    #expect(none.errors.contains("nothing to resume"))
    #expect(workspace.files().isEmpty)
    try FileManager.default.createDirectory(atPath: workspace.path("run/state"), withIntermediateDirectories: true)
    for text in ["", "{}", "[1, 2", #"{"objective": 3}"#] {
      _ = try workspace.write(Array(text.utf8), to: "run/state/run.json")
      let outcome = try RitzProcess.run("spectrum", "--resume", workspace.path("run"))
      #expect(outcome.status == 1, "\(outcome)")
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("run/state/run.json: is damaged"))
    }
  }

  @Test func damagedState() throws {
    let workspace = try Workspace()
    let data = try workspace.labelled(samples: 1000, features: 40, classes: 8)
    let run = try RitzProcess(Self.arguments(model: Self.model, data: data) + ["--output", workspace.path("run")])
    try run.wait(for: "the density") { Moment.density.isReached(run, in: workspace) }
    run.send(SIGINT)
    try #require(run.finish().status == 130)
    let name = "run/state/hessian-eigenpairs.npz"
    let whole = try workspace.bytes(name)
    for bytes in [Array(whole.prefix(whole.count / 2)), [], Array("nonsense".utf8)] {
      _ = try workspace.write(bytes, to: name)
      let outcome = try RitzProcess.run("spectrum", "--resume", workspace.path("run"), "--quiet")
      #expect(outcome.status == 1, "\(outcome)")
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("hessian-eigenpairs.npz"))
    }
    _ = try workspace.write(whole, to: name)
    #expect(try RitzProcess.run("spectrum", "--resume", workspace.path("run"), "--quiet").status == 0)
  }
}
