import Foundation
import Reports
import Synchronization
import TestSupport
import Testing

/// The server over real sockets of this machine.
@Suite struct LoopbackServerTests {
  /// A server in a thread of its own, which answers with the path it was asked for.
  private final class Running: Sendable {
    let port: Int
    private let isWanted = Mutex(true)
    private let ended = DispatchSemaphore(value: 0)

    init() throws {
      let server = try LoopbackServer(port: 0)
      port = server.port
      let unsafe = Handed(server)
      Thread { [self] in
        try? unsafe.server.run(while: { isWanted.withLock { $0 } }) { request in
          let size = request.path == "/large" ? 3_000_000 : 0
          return HTTPResponse(body: Array(request.path.utf8) + [UInt8](repeating: 0x61, count: size))
        }
        ended.signal()
      }.start()
    }

    func stop() {
      isWanted.withLock { $0 = false }
      ended.wait()
    }

    /// Handed to one thread, and used by it alone.
    private struct Handed: @unchecked Sendable {
      let server: LoopbackServer
      init(_ server: LoopbackServer) { self.server = server }
    }
  }

  private func request(_ path: String, _ port: Int, method: String = "GET", host: String = "localhost") -> String {
    "\(method) \(path) HTTP/1.1\r\nHost: \(host):\(port)\r\n\r\n"
  }

  @Test func answersManyClients() throws {
    let server = try Running()
    defer { server.stop() }
    for number in 0..<50 {
      let answer = try LoopbackClient(server.port).exchange(request("/\(number)", server.port))
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\n/\(number)"))
    }
    // More than a buffer of the system holds.
    let large = try LoopbackClient(server.port).exchange(request("/large", server.port))
    #expect(large.utf8.count > 3_000_000)
    let head = try LoopbackClient(server.port).exchange(request("/large", server.port, method: "HEAD"))
    #expect(head.contains("Content-Length: 3000006") && head.hasSuffix("\r\n\r\n"))
  }

  @Test func idleClientsStandInNobodysWay() throws {
    let server = try Running()
    defer { server.stop() }
    let idle = try (0..<LoopbackServer.mostConnections + 20).map { _ in try LoopbackClient(server.port) }
    for client in idle.prefix(3) { client.send("GET / HT") }
    let answer = try LoopbackClient(server.port).exchange(request("/x", server.port))
    #expect(answer.hasSuffix("/x"))
    withExtendedLifetime(idle) {}
  }

  @Test func oddRequestsGetAnAnswerAndHarmNothing() throws {
    let server = try Running()
    defer { server.stop() }
    let statuses = [
      ("DELETE / HTTP/1.1\r\nHost: localhost:\(server.port)\r\n\r\n", "405"),
      (request("/", server.port, host: "evil.example"), "421"),
      (String(repeating: "x", count: 100_000), "431"),
      ("\r\n\r\n", "400"),
      ("POST / HTTP/1.1\r\nHost: localhost:\(server.port)\r\nContent-Length: 9\r\n\r\n123456789", "405"),
    ]
    for (text, status) in statuses {
      #expect(try LoopbackClient(server.port).exchange(text).hasPrefix("HTTP/1.1 \(status) "), "\(status)")
    }
    // A client that leaves before its answer.
    for _ in 0..<20 { try LoopbackClient(server.port).send(request("/large", server.port)) }
    #expect(try LoopbackClient(server.port).exchange(request("/still", server.port)).hasSuffix("/still"))
  }

  @Test func aTakenPortIsALine() throws {
    let first = try LoopbackServer(port: 0)
    let error = #expect(throws: (any Error).self) { try LoopbackServer(port: first.port) }
    #expect("\(try #require(error))".contains("port \(first.port): cannot be listened on"))
  }
}
