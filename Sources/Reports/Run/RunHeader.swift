import Analyses

/// The top of a run's page: what it is, what to worry about, and the numbers of now.
enum RunHeader {
  static func drawn(_ description: RunDescription, _ history: RunHistory) -> Markup {
    let thin = "\u{202F}"
    let lead = [
      description.network, NumberText.counted(description.parameters, "parameter", separator: thin),
      "\(NumberText.counted(description.samples, "sample", separator: thin)) of \(SourceName.ofData(description.data))",
      "\(description.loss) loss", description.optimizer, "\(description.precision) precision",
    ].filter { !$0.isEmpty }
    return .element(
      "header", [:],
      [
        .element("h1", [:], [.text(RunReport.title(description))]),
        Page.paragraph([.text(lead.joined(separator: " · "))], class: "lead"),
        .element("nav", ["aria-label": "Sections"], navigation(description, history)),
        Page.warnings(warnings(history)),
        .element("div", ["class": "cards"], cards(description, history)),
      ])
  }

  private static func navigation(_ description: RunDescription, _ history: RunHistory) -> [Markup] {
    var links: [(String, String)] = []
    if !TrainingCharts.all(history).isEmpty { links.append(("training", "Training")) }
    for (number, subject) in history.subjects.enumerated() {
      links.append((RunCurvatureSection.anchor(number), subject.title))
    }
    links.append(("setting", "Setting"))
    if !description.conventions.isEmpty { links.append(("conventions", "Conventions")) }
    if !description.command.isEmpty { links.append(("reproduce", "Reproduce")) }
    return links.map { Markup.element("a", ["href": "#" + $0.0], [.text($0.1)]) }
  }

  private static func warnings(_ history: RunHistory) -> [String] {
    guard let step = history.divergedStep else { return [] }
    let count = history.divergedCount
    return [
      "The loss was no finite number at step \(NumberText.count(step))"
        + (count > 1 ? " and at \(NumberText.counted(count - 1, "step")) after it." : ".")
    ]
  }

  private static func cards(_ description: RunDescription, _ history: RunHistory) -> [Markup] {
    var cards = [steps(description, history)]
    if let loss = loss(history) { cards.append(loss) }
    for set in history.sets.prefix(2) {
      guard let last = history.evaluations.last(where: { $0.set == set }) else { continue }
      let note = last.accuracy.map { Markup.text("accuracy\u{A0}\(NumberText.percentage($0))") }
      cards.append(
        Page.card(
          "\(set) loss", [Page.number(last.loss)],
          note: [note, .text("step\u{A0}\(NumberText.count(last.step))")].compactMap { $0 }.joined(" · ")))
    }
    return cards + curvature(history)
  }

  private static func steps(_ description: RunDescription, _ history: RunHistory) -> Markup {
    let taken = history.stepsTaken
    var note: [Markup] = []
    if description.plannedSteps > 0 {
      let part = Double(taken) / Double(description.plannedSteps)
      note.append(
        .text("of \(NumberText.count(description.plannedSteps)), \(Int((100 * min(1, part)).rounded(.down))) %"))
    }
    if description.stepsPerEpoch > 0, taken > 0 {
      note.append(.text("epoch\u{A0}\(NumberText.shortest(Double(taken) / Double(description.stepsPerEpoch)))"))
    }
    return Page.card("steps", [Page.count(taken)], note: note.joined(" · "))
  }

  private static func loss(_ history: RunHistory) -> Markup? {
    let recent = history.steps.suffix(100)
    guard let last = recent.last else { return nil }
    let mean = recent.reduce(0) { $0 + $1.loss / Double(recent.count) }
    return Page.card(
      "mini-batch loss", [Page.number(mean)],
      note: [
        .text("mean of \(NumberText.counted(recent.count, "step"))"),
        .text("η\u{A0}\(NumberText.typeset(last.learningRate, digits: 3))"),
      ].joined(" · "))
  }

  private static func curvature(_ history: RunHistory) -> [Markup] {
    guard let subject = history.subjects.first,
      let last = history.measurements(of: subject).last(where: { !$0.top.isEmpty })
    else { return [] }
    var cards: [Markup] = []
    if let leading = last.top.first {
      var note = [Markup.text("step\u{A0}\(NumberText.count(last.step))")]
      if let residual = last.topResiduals.first {
        note.insert(.text("residual\u{A0}\(NumberText.typeset(residual, digits: 2))"), at: 0)
      }
      cards.append(Page.card("λ₁", [Page.number(leading)], note: note.joined(" · ")))
    }
    if let edge = last.edge, let sharpness = last.sharpness ?? last.top.first, edge > 0 {
      cards.append(
        Page.card(
          "of the edge", [.text(NumberText.percentage(sharpness / edge))],
          note: [.text("edge \(NumberText.typeset(edge))")]))
    }
    if let fraction = last.gradientFraction {
      let chance = last.fractionByChance.map { Markup.text("chance \(NumberText.percentage($0))") }
      cards.append(
        Page.card(
          "gradient in top space", [.text(NumberText.percentage(fraction.value))], note: chance.map { [$0] } ?? []))
    }
    return cards
  }
}

extension [Markup] {
  /// The parts with a text between them.
  func joined(_ separator: String) -> [Markup] {
    enumerated().flatMap { $0.offset == 0 ? [$0.element] : [.text(separator), $0.element] }
  }
}
