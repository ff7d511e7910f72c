import Reports
import Testing

@Suite struct HTTPRequestTests {
  private static let hosts: Set<String> = ["127.0.0.1:8088", "localhost:8088"]

  private func read(_ text: String) -> HTTPRequest.Reading { HTTPRequest.read(Array(text.utf8), hosts: Self.hosts) }

  @Test func readsGetAndHead() {
    #expect(
      read("GET /page?x=1 HTTP/1.1\r\nHost: LOCALHOST:8088\r\nIf-None-Match: \"a\", W/\"b\"\r\n\r\n")
        == .request(HTTPRequest(isHead: false, path: "/page", knownTags: "\"a\", W/\"b\"")))
    #expect(
      read("HEAD / HTTP/1.0\r\nhost:\t127.0.0.1:8088 \r\nContent-Length: 0\r\n\r\n")
        == .request(HTTPRequest(isHead: true, path: "/", knownTags: nil)))
  }

  @Test func everyBeginningIsIncomplete() {
    let whole = "GET / HTTP/1.1\r\nHost: localhost:8088\r\n\r\n"
    for count in 0..<whole.utf8.count {
      #expect(HTTPRequest.read(Array(whole.utf8.prefix(count)), hosts: Self.hosts) == .incomplete)
    }
  }

  private static let refused: [(String, HTTPResponse.Status)] = [
    ("GET / HTTP/1.1\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", .misdirected),
    ("GET / HTTP/1.1\r\nHost: localhost:8089\r\n\r\n", .misdirected),
    ("GET / HTTP/1.1\r\nHost: localhost:8088.evil.example\r\n\r\n", .misdirected),
    ("GET / HTTP/1.1\r\nHost: \r\n\r\n", .misdirected),
    ("GET / HTTP/1.1\r\nHost: localhost:8088\r\nHost: localhost:8088\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: localhost:8088\r\n\r\n", .methodNotAllowed),
    ("get / HTTP/1.1\r\nHost: localhost:8088\r\n\r\n", .methodNotAllowed),
    ("GET / HTTP/2\r\nHost: localhost:8088\r\n\r\n", .versionNotSupported),
    ("GET http://evil.example/ HTTP/1.1\r\nHost: localhost:8088\r\n\r\n", .badRequest),
    ("GET  / HTTP/1.1\r\nHost: localhost:8088\r\n\r\n", .badRequest),
    ("GET /\r\nHost: localhost:8088\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost : localhost:8088\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: localhost:8088\r\n folded\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\n: x\r\nHost: localhost:8088\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\nHost: localhost:8088\r\n\r\n", .badRequest),
    ("GET /\u{1} HTTP/1.1\r\nHost: localhost:8088\r\n\r\n", .badRequest),
    ("GET /é HTTP/1.1\r\nHost: localhost:8088\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: localhost:8088\r\nContent-Length: 5\r\n\r\nhello", .bodyNotAllowed),
    ("GET / HTTP/1.1\r\nHost: localhost:8088\r\nTransfer-Encoding: chunked\r\n\r\n", .bodyNotAllowed),
    ("\r\n\r\n", .badRequest),
  ]

  @Test(arguments: refused) func refuses(_ text: String, _ status: HTTPResponse.Status) {
    #expect(read(text) == .refused(status))
  }

  @Test func longHeadsAreRefused() {
    let long = "GET / HTTP/1.1\r\nHost: localhost:8088\r\nX: " + String(repeating: "x", count: 9000)
    #expect(read(long) == .refused(.headTooLong))
    #expect(read(long + "\r\n\r\n") == .refused(.headTooLong))
  }

  @Test func tags() {
    var request = HTTPRequest(isHead: false, path: "/", knownTags: "\"a\", W/\"b\"")
    #expect(request.knows("a") && request.knows("b") && !request.knows("c"))
    request.knownTags = "*"
    #expect(request.knows("anything"))
    request.knownTags = nil
    #expect(!request.knows("a"))
  }

  @Test func answersAllowNothingMore() {
    let text = String(
      decoding: HTTPResponse(type: "text/html", body: Array("<p>".utf8), tag: "t").bytes(), as: UTF8.self)
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.hasSuffix("\r\n\r\n<p>"))
    for header in [
      "Content-Length: 3", "ETag: \"t\"", "X-Content-Type-Options: nosniff", "default-src 'none'",
      "frame-ancestors 'none'", "Connection: close",
    ] { #expect(text.contains(header), "\(header)") }
    #expect(!text.contains("Access-Control"))
    let head = String(decoding: HTTPResponse(body: Array("four".utf8)).bytes(withoutBody: true), as: UTF8.self)
    #expect(head.contains("Content-Length: 4") && head.hasSuffix("\r\n\r\n"))
  }
}
