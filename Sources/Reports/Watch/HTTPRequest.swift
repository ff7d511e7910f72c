/// The head of a request as far as a read-only server of pages needs it.
///
/// What is refused, with the status that says why: anything but GET and HEAD (405), a body (413), a head longer than
/// ``longestHead`` (431), a version other than 1.0 and 1.1 (505), a head that is not printable, or without exactly one
/// Host (400), and a Host that is not this server (421). The last keeps other sites from reading the pages through a
/// name of theirs that resolves to this machine ("DNS rebinding").
public struct HTTPRequest: Sendable, Equatable {
  /// In bytes, with the empty line.
  public static let longestHead = 8192

  public var isHead: Bool
  /// The path without its query.
  public var path: String
  /// The tags of If-None-Match, as sent.
  public var knownTags: String?

  public init(isHead: Bool, path: String, knownTags: String?) {
    self.isHead = isHead
    self.path = path
    self.knownTags = knownTags
  }

  /// What the bytes that have come so far are.
  public enum Reading: Sendable, Equatable {
    case incomplete
    case request(HTTPRequest)
    /// To be answered with this status.
    case refused(HTTPResponse.Status)
  }

  /// - Parameter hosts: what Host may say, in lower case, such as `localhost:8080`.
  public static func read(_ bytes: [UInt8], hosts: Set<String>) -> Reading {
    let end = Array("\r\n\r\n".utf8)
    guard let length = bytes.firstRange(of: end)?.upperBound else {
      return bytes.count < longestHead ? .incomplete : .refused(.headTooLong)
    }
    guard length <= longestHead else { return .refused(.headTooLong) }
    let head = bytes[..<(length - end.count)]
    // Neither control characters nor anything beyond ASCII has a place here.
    guard head.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x0D || $0 == 0x0A || $0 == 0x09 }) else {
      return .refused(.badRequest)
    }
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
    guard !lines.dropFirst().contains(where: { $0.isEmpty }),
      !lines.contains(where: { $0.contains(where: \.isNewline) })
    else { return .refused(.badRequest) }
    return parse(lines, hosts: hosts)
  }

  private static func parse(_ lines: [Substring], hosts: Set<String>) -> Reading {
    let parts = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[1].hasPrefix("/") else { return .refused(.badRequest) }
    guard parts[2].hasPrefix("HTTP/") else { return .refused(.badRequest) }
    guard parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0" else { return .refused(.versionNotSupported) }
    guard parts[0] == "GET" || parts[0] == "HEAD" else { return .refused(.methodNotAllowed) }

    var host: String?
    var tags: String?
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else { return .refused(.badRequest) }
      let name = line[..<colon].lowercased()
      // White space before the colon, or a line that continues the one before, is how requests are smuggled.
      guard name.utf8.allSatisfy({ isToken($0) }) else { return .refused(.badRequest) }
      let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      let trimmed = String(value.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
      switch name {
      case "host":
        guard host == nil else { return .refused(.badRequest) }
        host = trimmed.lowercased()
      case "if-none-match": tags = trimmed
      case "transfer-encoding": return .refused(.bodyNotAllowed)
      case "content-length": guard trimmed == "0" else { return .refused(.bodyNotAllowed) }
      default: break
      }
    }
    guard let host else { return .refused(.badRequest) }
    guard hosts.contains(host) else { return .refused(.misdirected) }
    let path = parts[1].prefix { $0 != "?" }
    return .request(HTTPRequest(isHead: parts[0] == "HEAD", path: String(path), knownTags: tags))
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  /// Whether the client has the version of that tag.
  public func knows(_ tag: String) -> Bool {
    guard let knownTags else { return false }
    if knownTags == "*" { return true }
    return knownTags.split(separator: ",").contains { known in
      let known = known.drop { $0 == " " }
      return (known.hasPrefix("W/") ? known.dropFirst(2) : known).prefix { $0 != " " } == "\"\(tag)\""
    }
  }
}
