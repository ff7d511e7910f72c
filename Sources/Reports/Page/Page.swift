import Analyses

/// The pieces pages are made of.
enum Page {
  /// The text of a page with these sections; with the style sheet inside, as it is by default, a self-contained file.
  static func document(
    _ title: String, tool: ReportedTool, style: [Markup] = [.style(PageStyle.sheet)], _ sections: [Markup]
  ) -> String {
    let head = Markup.element(
      "head", [:],
      [
        .element("meta", ["charset": "utf-8"]),
        .element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
        .element("meta", ["name": "generator", "content": "\(tool.name) \(tool.version)"]),
        .element("title", [:], [.text(title)]),
      ] + style)
    let body = Markup.element("body", [:], [.element("main", [:], sections)])
    return "<!DOCTYPE html>\n" + Markup.element("html", ["lang": "en"], [head, body]).rendered + "\n"
  }

  /// A number as people read it, with all its digits for those who copy it.
  static func number(_ value: Double, digits: Int = 4) -> Markup {
    guard value.isFinite else { return .element("span", ["class": "unconverged"], ["not finite"]) }
    return .element("data", ["value": value.description], [.text(NumberText.typeset(value, digits: digits))])
  }

  static func count(_ value: Int) -> Markup {
    .element("data", ["value": String(value)], [.text(NumberText.count(value))])
  }

  /// A number and its standard error.
  static func estimate(_ value: RunEstimate) -> Markup {
    guard let error = value.error else { return number(value.value) }
    return .sequence([number(value.value), " ± ", number(error, digits: 2)])
  }

  static func code(_ text: String) -> Markup { .element("code", [:], [.text(text)]) }

  static func paragraph(_ parts: [Markup], class style: String = "text") -> Markup {
    .element("p", ["class": style], parts)
  }

  /// One of the key numbers at the top of a section.
  static func card(_ name: String, _ value: [Markup], note: [Markup] = []) -> Markup {
    .element(
      "div", ["class": "card"],
      [
        .element("div", ["class": "name"], [.text(name)]), .element("div", ["class": "value"], value),
        .element("div", ["class": "note"], note),
      ])
  }

  /// A list of properties; those without a value are left out.
  static func properties(_ rows: [(name: String, value: [Markup]?)]) -> Markup {
    .element(
      "dl", [:],
      rows.flatMap { row -> [Markup] in
        guard let value = row.value else { return [] }
        return [.element("dt", [:], [.text(row.name)]), .element("dd", [:], value)]
      })
  }

  /// A table that scrolls inside itself where it is wider than the page.
  ///
  /// - Parameter isTight: for many columns, whose titles take several lines then.
  static func table(
    _ columns: [(title: String, numeric: Bool)], _ rows: [[Markup]], label: String, isTight: Bool = false
  ) -> Markup {
    let style = { (numeric: Bool) in numeric ? "number" : "text" }
    let head = columns.map { column in
      Markup.element("th", ["scope": "col", "class": style(column.numeric)], [.text(column.title)])
    }
    let body = rows.map { row in
      Markup.element(
        "tr", [:],
        zip(row, columns).map { cell, column in .element("td", ["class": style(column.numeric)], [cell]) })
    }
    return .element(
      "div", ["class": isTight ? "scroll tight" : "scroll", "tabindex": "0", "role": "region", "aria-label": label],
      [
        .element(
          "table", [:],
          [
            .element("thead", [:], [.element("tr", [:], head)]), .element("tbody", [:], body),
          ])
      ])
  }

  /// A box nobody overlooks, or nothing.
  static func warnings(_ texts: [String]) -> Markup {
    if texts.isEmpty { return .empty }
    return .element(
      "div", ["class": "warnings", "role": "note"],
      [
        .element("strong", [:], [.text(texts.count == 1 ? "Warning" : "\(texts.count) warnings")]),
        .element("ul", [:], texts.map { .element("li", [:], [.text($0)]) }),
      ])
  }

  /// A figure on several axes of which the reader chooses one, without a script: the first is shown at first.
  static func choice(
    _ name: String, _ options: [(title: String, wide: Figure, compact: Figure?)]
  ) -> Markup {
    guard options.count > 1 else {
      return options.first.map { figure(wide: $0.wide, compact: $0.compact) } ?? .empty
    }
    var controls: [Markup] = []
    var drawings: [Markup] = []
    for (index, option) in options.enumerated() {
      let identifier = "\(name)-axis-\(index)"
      let input = Markup.element("input", ["type": "radio", "name": "\(name)-axis", "id": identifier])
      controls.append(index == 0 ? input.with("checked", "checked") : input)
      controls.append(.element("label", ["for": identifier], [.text(option.title)]))
      drawings.append(
        .element(
          "div", ["class": "option"],
          [option.wide.inlined(class: "rz-figure wide")]
            + (option.compact.map { [$0.inlined(class: "rz-figure compact")] } ?? [])))
    }
    let shown = options[0].wide
    return .element(
      "figure", ["class": "choice"],
      [.element("h3", [:], [.text(shown.title)])] + controls + drawings
        + [.element("figcaption", [:], [.text(shown.caption)])])
  }

  /// A figure in two widths, of which the style sheet shows one.
  static func figure(wide: Figure, compact: Figure?) -> Markup {
    var drawings = [wide.inlined(class: "rz-figure wide")]
    if let compact { drawings.append(compact.inlined(class: "rz-figure compact")) }
    return .element(
      "figure", [:],
      [.element("h3", [:], [.text(wide.title)])] + drawings + [.element("figcaption", [:], [.text(wide.caption)])])
  }
}
