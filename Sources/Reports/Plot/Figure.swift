/// A drawing with a title and a description for those who do not see it.
struct Figure {
  /// Its file name without extension, unique within a report.
  var name: String
  /// What it shows, as a heading.
  var title: String
  /// What it shows, in words and numbers.
  var description: String
  /// How to read it, as the text under the figure.
  var caption: String
  var width: Double
  var height: Double
  var content: [Markup]

  /// The file: with its own style sheet and background.
  var standalone: String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      + element(
        class: "rz-figure",
        extra: [
          .style(Palette.figureSheet),
          .element("rect", ["class": "rz-paper", "width": width.coordinate, "height": height.coordinate]),
        ]
      ).with("width", width.coordinate).with("height", height.coordinate).rendered
  }

  /// The file for programs that make pages of it: in the colours of paper only, without a background.
  var printed: String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      + element(class: "rz-figure", extra: [.style(Palette.printSheet)])
      // Spaces between an upright and an italic run would be dropped.
      .with("xml:space", "preserve").with("width", width.coordinate).with("height", height.coordinate).rendered
  }

  /// The figure inside a page that has the style sheet.
  func inlined(class style: String) -> Markup { element(class: style, extra: []) }

  private func element(class style: String, extra: [Markup]) -> Markup {
    .element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": style,
        "viewBox": "0 0 \(width.coordinate) \(height.coordinate)", "role": "img",
        "aria-labelledby": "\(identifier)-title \(identifier)-desc",
      ],
      [
        .element("title", ["id": "\(identifier)-title"], [.text(title)]),
        .element("desc", ["id": "\(identifier)-desc"], [.text(description)]),
      ] + extra + content)
  }

  /// A page holds the same figure in two widths.
  private var identifier: String { "\(name)-\(Int(width))" }
}

/// The widths figures are drawn for: a column of text on a desktop, and a phone.
enum FigureWidth {
  static let wide = 760.0
  static let compact = 350.0
  /// A figure across one column of text and a half: 390 points.
  static let print = 520.0
}

/// The rectangle of a plot inside its axes.
struct PlotArea {
  var left: Double
  var top: Double
  var right: Double
  var bottom: Double

  var width: Double { right - left }
  var height: Double { bottom - top }

  /// A clip path of this rectangle, under a document-wide name.
  func clip(_ name: String) -> Markup {
    .element(
      "defs", [:],
      [
        .element(
          "clipPath", ["id": name],
          [
            .element(
              "rect",
              [
                "x": left.coordinate, "y": top.coordinate, "width": width.coordinate, "height": height.coordinate,
              ])
          ])
      ])
  }
}

extension Double {
  /// A position on the page to a tenth of a pixel.
  var coordinate: String {
    let rounded = (self * 10).rounded() / 10
    if !rounded.isFinite { return "0" }
    let text = rounded.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
