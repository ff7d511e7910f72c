import Archives
import Foundation
import TestSupport
import Testing

/// `ritz watch` on a small run.
@Suite struct WatchTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    let description = """
      {"schema": "ritz.run/1", "title": "A run", "command": [], "network": "mlp:2-2", "parameters": 6, "data": "d.npz", "samples": 4,
      "loss": "mse", "precision": "double", "optimizer": "SGD", "planned_steps": 10, "steps_per_epoch": 2, "batch_size": 2, "seed": 0,
      "conventions": []}
      """
    _ = try workspace.write(Array(description.utf8), to: "run.json")
    let lines = (0..<5).map { step in
      """
      {"kind": "step", "step": \(step), "epoch": 0, "loss": \(5 - step), "learning_rate": 0.1, "gradient_norm": 1, "update_norm": 1}

      """
    }
    _ = try workspace.write(Array(lines.joined().utf8), to: "history.jsonl")
  }

  @Test func onceLeavesThePage() throws {
    let outcome = try RitzProcess.run("watch", workspace.directory.path, "--once")
    #expect(outcome.status == 0 && outcome.output == "\(workspace.directory.path)/report.html\n")
    let page = String(decoding: try workspace.bytes("report.html"), as: UTF8.self)
    #expect(page.contains("<h1>A run</h1>") && !page.contains("<script"))
  }

  @Test func servesUntilItIsStopped() throws {
    let process = try RitzProcess(["watch", workspace.directory.path, "--port", "0"])
    try process.wait(for: "the address") { process.errors.contains("Ctrl-C") }
    let match = try #require(process.errors.firstMatch(of: /http:\/\/127\.0\.0\.1:(\d+)\//))
    let port = try #require(Int(match.1))
    let page = try LoopbackClient(port).exchange("GET / HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
    #expect(page.hasPrefix("HTTP/1.1 200 OK\r\n") && page.contains("<h1>A run</h1>"))
    process.send(SIGINT)
    let outcome = try process.finish()
    #expect(outcome.status == 0, "\(outcome)")
  }

  @Test func noRunIsALine() throws {
    let empty = try TemporaryDirectory()
    let outcome = try RitzProcess.run("watch", empty.path)
    #expect(outcome.status == 1 && outcome.output.isEmpty)
    #expect(outcome.errors.contains("run.json: is not there") && outcome.errors.split(separator: "\n").count == 1)
  }
}
