/// A piece of an SVG or HTML document.
///
/// Text and attributes are escaped here and nowhere else, so a name from a file can never become an element. What is
/// rendered is well-formed XML, which HTML parsers read the same way.
struct Markup: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  private indirect enum Content: Sendable {
    case text(String)
    case styleSheet(String)
    case element(String, [(name: String, value: String)], [Markup])
    case sequence([Markup])
  }

  private let content: Content

  private init(_ content: Content) { self.content = content }

  init(stringLiteral value: String) { content = .text(value) }

  static func text(_ value: String) -> Markup { Markup(.text(value)) }

  /// A style element. The style sheet is ours and holds none of the characters XML would have escaped.
  static func style(_ sheet: String) -> Markup { Markup(.styleSheet(sheet)) }

  static func sequence(_ parts: [Markup]) -> Markup { Markup(.sequence(parts)) }

  static let empty = Markup(.sequence([]))

  /// An element with its attributes, in the order given, and its content.
  static func element(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [Markup] = []
  ) -> Markup {
    Markup(.element(name, attributes.map { ($0.key, $0.value) }, children))
  }

  /// The same element with one more attribute.
  func with(_ name: String, _ value: String) -> Markup {
    guard case .element(let element, let attributes, let children) = content else { return self }
    return Markup(.element(element, attributes + [(name, value)], children))
  }

  var rendered: String {
    var text = ""
    render(into: &text)
    return text
  }

  private func render(into output: inout String) {
    switch content {
    case .text(let text): output += Self.escaped(text)
    case .styleSheet(let sheet): output += "<style>\n" + sheet + "</style>\n"
    case .sequence(let parts): for part in parts { part.render(into: &output) }
    case .element(let name, let attributes, let children):
      output += "<" + name
      for (key, value) in attributes { output += " " + key + "=\"" + Self.escaped(value) + "\"" }
      if children.isEmpty, Self.selfClosing.contains(name) {
        output += "/>"
      } else {
        output += ">"
        for child in children { child.render(into: &output) }
        output += "</" + name + ">"
      }
      if Self.endsLine.contains(name) { output += "\n" }
    }
  }

  /// Elements that HTML closes itself (or that SVG lets close themselves); others need their end tag in HTML.
  private static let selfClosing: Set<String> = [
    "meta", "link", "br", "hr", "input", "line", "path", "circle", "rect", "polygon", "use",
  ]

  private static let endsLine: Set<String> = [
    "meta", "link", "title", "desc", "line", "path", "circle", "rect", "polygon", "text", "g", "defs", "svg", "tr",
    "table",
    "thead",
    "tbody", "p", "h1", "h2", "h3", "li", "ul", "dl", "dd", "dt", "div", "section", "figure", "figcaption", "header",
    "head", "body", "footer", "details", "summary", "pre", "main",
  ]

  /// Text with the five special characters escaped and characters that XML forbids, or that reorder the text around them,
  /// replaced.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
      case _ where scalar.isUnsafe: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension Unicode.Scalar {
  /// Whether the character moves a cursor, reorders its neighbours, or may not stand in XML.
  var isUnsafe: Bool {
    switch value {
    case 0x00...0x1F, 0x7F...0x9F, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF: true
    default: false
    }
  }
}
