/// Text with italics, superscripts and subscripts, written as `*λ*`, `10^{−3}` and `log_{10}`.
struct Label: Equatable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  enum Style { case upright, italic, superscript, subscripted }

  private(set) var runs: [(style: Style, text: String)] = []

  init(_ notation: String) {
    var style = Style.upright
    var text = ""
    var rest = notation[...]
    while let character = rest.popFirst() {
      let next: Style
      switch (character, style) {
      case ("*", .italic): next = .upright
      case ("*", .upright): next = .italic
      case ("^", .upright) where rest.first == "{": next = .superscript
      case ("_", .upright) where rest.first == "{": next = .subscripted
      case ("}", .superscript), ("}", .subscripted): next = .upright
      default:
        text.append(character)
        continue
      }
      if next == .superscript || next == .subscripted { rest.removeFirst() }
      if !text.isEmpty { runs.append((style, text)) }
      text = ""
      style = next
    }
    if !text.isEmpty { runs.append((style, text)) }
  }

  /// Text as it is, such as a name from a file.
  init(plain text: String) { runs = text.isEmpty ? [] : [(.upright, text)] }

  init(stringLiteral value: String) { self.init(value) }

  static func == (first: Label, second: Label) -> Bool {
    first.runs.elementsEqual(second.runs) { $0 == $1 }
  }

  /// An estimate of the width in a wide sans-serif font (most are narrower).
  func width(fontSize: Double) -> Double {
    runs.reduce(0) { sum, run in
      let small = run.style == .superscript || run.style == .subscripted
      let units = run.text.unicodeScalars.reduce(0) { $0 + Self.width(of: $1) }
      return sum + units * fontSize * (small ? 0.74 : 1)
    }
  }

  private static func width(of scalar: Unicode.Scalar) -> Double {
    switch scalar {
    case " ", ".", ",", "i", "j", "l", "t", "f", "r", "(", ")", "|", ":", "'": 0.38
    case "a"..."z": 0.61
    case "−", "×", "±", "+", "=", "m", "w", "M", "W", "%", "‖": 0.86
    case "⁰"..."⁹", "⁻", "¹", "²", "³": 0.44
    default: 0.64
    }
  }

  /// The text as `tspan` elements. After a shifted run the next one is shifted back.
  var spans: [Markup] {
    var shift = 0.0
    return runs.map { run in
      switch run.style {
      case .upright, .italic:
        var span = Markup.element("tspan", run.style == .italic ? ["class": "rz-italic"] : [:], [.text(run.text)])
        if shift != 0 { span = span.with("dy", "\(-shift)em") }
        shift = 0
        return span
      case .superscript, .subscripted:
        // The shift counts in ems of the small font here and of the large one above.
        let small = 0.74
        let target = run.style == .superscript ? -0.38 : 0.18
        let span = Markup.element(
          "tspan", ["class": "rz-small", "dy": "\(((target - shift) / small * 100).rounded() / 100)em"],
          [.text(run.text)])
        shift = target
        return span
      }
    }
  }
}
