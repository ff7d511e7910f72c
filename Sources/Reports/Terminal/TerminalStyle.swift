import Foundation

/// What a terminal can show.
public struct TerminalStyle: Sendable, Equatable {
  /// Columns to stay within; at least 40 are used.
  public var width: Int
  /// Whether to use characters beyond ASCII: Greek letters, box lines, braille.
  public var unicode: Bool
  /// Whether to use colour and weight.
  public var color: Bool

  public init(width: Int = 80, unicode: Bool = true, color: Bool = false) {
    self.width = width
    self.unicode = unicode
    self.color = color
  }

  /// The style for standard output, from the environment: COLUMNS, NO_COLOR, TERM and the locale.
  public static func standardOutput() -> TerminalStyle {
    let environment = ProcessInfo.processInfo.environment
    let terminal = isatty(1) == 1
    let noColor = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    let name = locale.lowercased()
    // Files and pipes take UTF-8; a terminal says what it takes.
    let unicode = !terminal || name.contains("utf-8") || name.contains("utf8")
    return TerminalStyle(width: columns(of: 1) ?? 80, unicode: unicode, color: terminal && !noColor)
  }

  /// The columns of the terminal behind a file descriptor; COLUMNS goes before what the terminal says.
  static func columns(of descriptor: Int32) -> Int? {
    var size = winsize()
    let asked = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : nil
    let told = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }
    return [told, asked].lazy.compactMap { $0 }.first { (20...1000).contains($0) }
  }

  static var standardErrorIsTerminal: Bool { isatty(2) == 1 }

  /// Text without characters that move the cursor or reorder their neighbours: names come from files.
  static func sanitized(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isUnsafe ? "?" : $0 }))
  }

  enum Emphasis: String {
    case strong = "1"
    case faint = "2"
    case caution = "33"
    case curve = "34"
    case marker = "31"
  }

  func styled(_ text: String, _ emphasis: Emphasis) -> String {
    color && !text.isEmpty ? "\u{1B}[\(emphasis.rawValue)m\(text)\u{1B}[0m" : text
  }
}
