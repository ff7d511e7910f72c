import Analyses

/// What was measured and how: model, data, loss, execution, conventions, and the command line.
enum SettingSection {
  static func drawn(_ report: SpectrumReport) -> Markup {
    var parts: [Markup] = [
      .element("h2", ["id": "setting"], ["Setting"]),
      .element("h3", [:], ["Model"]), model(report.model),
      .element("h3", [:], ["Data and loss"]), data(report),
      .element("h3", [:], ["Execution"]), execution(report),
    ]
    if !report.conventions.isEmpty {
      parts.append(.element("h2", ["id": "conventions"], ["Conventions"]))
      parts.append(
        Page.properties(
          report.conventions.sorted { $0.key < $1.key }.map { (name: $0.key, value: [.text($0.value)]) }))
    } else {
      parts.append(.element("div", ["id": "conventions"]))
    }
    parts.append(.element("h2", ["id": "reproduce"], ["Reproduce"]))
    if report.command.isEmpty {
      parts.append(Page.paragraph(["The command line was not recorded."]))
    } else {
      parts.append(.element("pre", [:], [.text(CommandLineText.quoted(report.command))]))
      parts.append(
        Page.paragraph([
          "The same seed, precision and microbatch give the same bits on the same machine with any number of workers."
        ]))
    }
    return .element("section", [:], parts)
  }

  private static func model(_ model: ReportedModel) -> Markup {
    let selected = model.parameters.filter(\.selected).count
    let rows = model.parameters.map { parameter -> [Markup] in
      [
        Page.code(parameter.name), .text(parameter.shape.map(String.init).joined(separator: " × ")),
        parameter.selected ? "yes" : "no",
      ]
    }
    var parts = [
      Page.properties([
        ("source", [Page.code(model.source)]),
        ("format", [.text(model.format)]),
        ("parameters", [Page.count(model.parameterCount)]),
        ("precision of the file", model.filePrecision.map { [.text($0)] }),
        ("selection", model.selection.map { [Page.code($0)] }),
      ])
    ]
    if !rows.isEmpty {
      let columns = [
        (title: "name", numeric: false), (title: "shape", numeric: false), (title: "selected", numeric: false),
      ]
      parts.append(
        .element(
          "details", [:],
          [
            .element("summary", [:], [.text("\(rows.count) parameter tensors, \(selected) selected")]),
            Page.table(columns, rows, label: "Parameters"),
          ]))
    }
    return .sequence(parts)
  }

  private static func data(_ report: SpectrumReport) -> Markup {
    let data = report.data
    return Page.properties([
      ("source", [Page.code(data.source)]),
      ("format", [.text(data.format)]),
      ("samples", [Page.count(data.samples), " of ", Page.count(data.samplesAvailable)]),
      ("selection", data.selection.map { [.text($0)] }),
      ("sample shape", [.text(data.sampleShape.map(String.init).joined(separator: " × "))]),
      ("targets", data.targetKind.map { [.text($0)] }),
      ("classes", data.classes.map { [Page.count($0)] }),
      ("standardisation", data.standardisation.map { [.text($0)] }),
      ("loss", [Page.code(report.loss.name)]),
      ("definition", report.loss.definition.map { [.text($0)] }),
    ])
  }

  private static func execution(_ report: SpectrumReport) -> Markup {
    let execution = report.execution
    let precision = execution.precisionReason.map { "\(execution.precision), because: \($0)" } ?? execution.precision
    let libraries = report.tool.libraries.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return Page.properties([
      ("tool", [.text(([report.tool.name + " " + report.tool.version] + libraries).joined(separator: ", "))]),
      ("precision", [.text(precision)]),
      ("workers", [Page.count(execution.workers)]),
      ("microbatch", [Page.count(execution.microbatch), " samples in ", Page.count(execution.tasks), " tasks"]),
      ("seed", [.text(String(execution.seed))]),
      ("operator products", [Page.count(execution.operatorProducts)]),
      (
        "time",
        [.element("data", ["value": execution.seconds.description], [.text(NumberText.duration(execution.seconds))])]
      ),
      (
        "peak memory",
        execution.peakMemoryBytes.map {
          [.element("data", ["value": String($0)], [.text(NumberText.bytes($0))])]
        }
      ),
    ])
  }
}
