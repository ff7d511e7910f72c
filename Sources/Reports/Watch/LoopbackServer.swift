import Archives
import Tensors

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A small HTTP server that only this machine reaches, for pages one person looks at.
///
///     let server = try LoopbackServer(port: 0)
///     try server.run(while: { true }) { request in HTTPResponse(body: Array("hello".utf8)) }
///
/// One thread, one `poll`: no connection waits for another's network, and a client that sends or reads slowly is
/// dropped after ``patience`` seconds. At most ``mostConnections`` are open; a further one takes the place of the
/// oldest whose request has not come. One request a connection.
public final class LoopbackServer {
  public static let mostConnections = 64
  /// Seconds for a request to come, and again for its answer to go.
  public static let patience = 10.0

  /// The port it listens on; the one asked for, unless that was 0.
  public let port: Int
  private let listener: Int32

  private struct Connection {
    var socket: Int32
    var received: [UInt8] = []
    var answer: [UInt8]?
    var sent = 0
    /// Whether everything was sent and the client's end is awaited.
    var isClosing = false
    var deadline: Double
  }

  /// Listens on 127.0.0.1.
  ///
  /// - Throws: `InputError` where the port is taken or may not be used.
  public init(port: Int) throws {
    guard (0...65_535).contains(port) else {
      throw InputError(place: "port", "\(port) is not a port", remedy: "give one from 1024 to 65535, or 0 for any")
    }
    #if os(Linux)
      let kind = Int32(SOCK_STREAM.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    let listener = socket(AF_INET, kind, 0)
    guard listener >= 0 else { throw Self.failure(port) }
    self.listener = listener
    var on: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port)).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let outcome = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        guard bind(listener, generic, length) == 0, listen(listener, 64) == 0 else { return false }
        return getsockname(listener, generic, &length) == 0
      }
    }
    self.port = Int(UInt16(bigEndian: address.sin_port))
    guard outcome, Self.makeNonBlocking(listener) else { throw Self.failure(port) }
  }

  deinit { close(listener) }

  /// What Host may say: names of this machine that no other site can take.
  public var hosts: Set<String> {
    Set(["127.0.0.1:\(port)", "localhost:\(port)"] + (port == 80 ? ["127.0.0.1", "localhost"] : []))
  }

  /// Answers requests for as long as `isWanted` says, which is asked a few times a second.
  ///
  /// - Throws: what `isWanted` throws, such as an interruption.
  public func run(while isWanted: () throws -> Bool, answer: (HTTPRequest) -> HTTPResponse) throws {
    var connections: [Connection] = []
    defer { for connection in connections { close(connection.socket) } }
    let hosts = hosts
    while try isWanted() {
      var waiting = connections.map { connection in
        pollfd(
          fd: connection.socket, events: Int16(connection.answer != nil && !connection.isClosing ? POLLOUT : POLLIN),
          revents: 0)
      }
      waiting.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0))
      guard poll(&waiting, nfds_t(waiting.count), 250) >= 0 || errno == EINTR else { throw Self.failure(port) }
      let now = Self.now()
      var open: [Connection] = []
      for (index, connection) in connections.enumerated() {
        var connection = connection
        if Self.serve(&connection, ready: waiting[index].revents != 0, now, hosts, answer) {
          open.append(connection)
        } else {
          close(connection.socket)
        }
      }
      let isCalled = waiting[connections.count].revents != 0
      connections = open
      if isCalled { accept(into: &connections, now) }
    }
  }

  private func accept(into connections: inout [Connection], _ now: Double) {
    while true {
      if connections.count >= Self.mostConnections {
        guard let idle = connections.firstIndex(where: { $0.answer == nil }) else { return }
        close(connections.remove(at: idle).socket)
      }
      #if canImport(Darwin)
        let socket = Darwin.accept(listener, nil, nil)
      #elseif canImport(Musl)
        let socket = Musl.accept(listener, nil, nil)
      #else
        let socket = Glibc.accept(listener, nil, nil)
      #endif
      guard socket >= 0 else { return }
      guard Self.makeNonBlocking(socket) else {
        close(socket)
        continue
      }
      #if canImport(Darwin)
        var on: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
      #endif
      connections.append(Connection(socket: socket, deadline: now + Self.patience))
    }
  }

  /// Does what a connection is ready for; whether it stays open.
  private static func serve(
    _ connection: inout Connection, ready: Bool, _ now: Double, _ hosts: Set<String>,
    _ answer: (HTTPRequest) -> HTTPResponse
  ) -> Bool {
    guard ready else { return now < connection.deadline }
    if connection.isClosing { return drain(connection) && now < connection.deadline }
    if connection.answer == nil {
      guard receive(&connection) else { return false }
      switch HTTPRequest.read(connection.received, hosts: hosts) {
      case .incomplete: return now < connection.deadline
      case .refused(let status): connection.answer = HTTPResponse(status).bytes()
      case .request(let request): connection.answer = answer(request).bytes(withoutBody: request.isHead)
      }
      connection.deadline = now + patience
    }
    return send(&connection)
  }

  /// Takes what has come; false where the client has gone.
  private static func receive(_ connection: inout Connection) -> Bool {
    var buffer = [UInt8](repeating: 0, count: HTTPRequest.longestHead)
    let count = recv(connection.socket, &buffer, buffer.count, 0)
    if count < 0 { return errno == EAGAIN || errno == EINTR }
    connection.received += buffer.prefix(count)
    return count > 0
  }

  /// Sends what the network takes; false when there is nothing more to do for the connection.
  private static func send(_ connection: inout Connection) -> Bool {
    guard let answer = connection.answer else { return true }
    #if canImport(Darwin)
      let flags: Int32 = 0
    #else
      let flags = Int32(MSG_NOSIGNAL)
    #endif
    while connection.sent < answer.count {
      let count = answer.withUnsafeBytes { bytes in
        let rest = UnsafeRawBufferPointer(rebasing: bytes[connection.sent...])
        #if canImport(Darwin)
          return Darwin.send(connection.socket, rest.baseAddress, rest.count, flags)
        #elseif canImport(Musl)
          return Musl.send(connection.socket, rest.baseAddress, rest.count, flags)
        #else
          return Glibc.send(connection.socket, rest.baseAddress, rest.count, flags)
        #endif
      }
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      connection.sent += count
    }
    // Closing while bytes of the request are still to be read would reset the connection and lose the answer.
    shutdown(connection.socket, Int32(SHUT_WR))
    connection.isClosing = true
    return drain(connection)
  }

  /// Throws away what still comes; false when the client has closed its end.
  private static func drain(_ connection: Connection) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = recv(connection.socket, &buffer, buffer.count, 0)
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
  }

  private static func makeNonBlocking(_ descriptor: Int32) -> Bool {
    let flags = fcntl(descriptor, F_GETFL)
    return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0
      && fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static func failure(_ port: Int) -> InputError {
    let reason = strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
    return InputError(
      place: "port \(port)", "cannot be listened on: \(reason)",
      remedy: "give another --port, or 0 for any that is free")
  }
}
