/// An answer to a request, with headers that allow a page nothing it does not need.
public struct HTTPResponse: Sendable, Equatable {
  public enum Status: Int, Sendable {
    case ok = 200
    case notModified = 304
    case badRequest = 400
    case notFound = 404
    case methodNotAllowed = 405
    case requestTimeout = 408
    case bodyNotAllowed = 413
    case misdirected = 421
    case headTooLong = 431
    case unavailable = 503
    case versionNotSupported = 505

    var reason: String {
      switch self {
      case .ok: "OK"
      case .notModified: "Not Modified"
      case .badRequest: "Bad Request"
      case .notFound: "Not Found"
      case .methodNotAllowed: "Method Not Allowed"
      case .requestTimeout: "Request Timeout"
      case .bodyNotAllowed: "Content Too Large"
      case .misdirected: "Misdirected Request"
      case .headTooLong: "Request Header Fields Too Large"
      case .unavailable: "Service Unavailable"
      case .versionNotSupported: "HTTP Version Not Supported"
      }
    }
  }

  public var status: Status
  public var type: String
  public var body: [UInt8]
  public var tag: String?
  /// Where styles may come from, for the content security policy.
  public var styles: String

  public init(
    _ status: Status = .ok, type: String = "text/plain", body: [UInt8], tag: String? = nil, styles: String = "'self'"
  ) {
    self.status = status
    self.type = type
    self.body = body
    self.tag = tag
    self.styles = styles
  }

  /// A status in words, for those that have nothing else to show.
  public init(_ status: Status, _ text: String? = nil) {
    self.init(status, body: Array(((text ?? "\(status.rawValue) \(status.reason)") + "\n").utf8))
  }

  /// The bytes to send. One request a connection: it is closed after them.
  public func bytes(withoutBody: Bool = false) -> [UInt8] {
    var head = "HTTP/1.1 \(status.rawValue) \(status.reason)\r\n"
    func add(_ name: String, _ value: String) { head += "\(name): \(value)\r\n" }
    if status == .methodNotAllowed { add("Allow", "GET, HEAD") }
    if let tag { add("ETag", "\"\(tag)\"") }
    if status != .notModified {
      add("Content-Type", type + "; charset=utf-8")
      add("Content-Length", String(body.count))
    }
    add("Cache-Control", "no-cache")
    add(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src \(styles); connect-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'")
    add("X-Content-Type-Options", "nosniff")
    add("Cross-Origin-Resource-Policy", "same-origin")
    add("Cross-Origin-Opener-Policy", "same-origin")
    add("Referrer-Policy", "no-referrer")
    add("Connection", "close")
    let sent = Array((head + "\r\n").utf8)
    return withoutBody || status == .notModified ? sent : sent + body
  }
}
