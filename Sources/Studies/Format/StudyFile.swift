import Archives
import Datasets
import Tensors
import Yams

extension Study {
  /// The bounds and predictions that cells may have.
  static let boundNames = [
    "sum", "convex combination", "maximum", "sum over layers of full rank", "skip strength", "Marchenko-Pastur edges",
    "loose", "refined", "dense layers", "blocks",
  ]
}

extension Study {
  /// The largest file that is read: a study is a page of text.
  static let largestFile = 1 << 16

  /// Reads a study from a YAML file.
  ///
  /// - Throws: ``InputError`` naming file, line and key, what was expected there, and the nearest name that exists.
  public static func read(_ path: String) throws -> Study {
    let file = try FileBytes(contentsOf: path, limit: largestFile)
    guard let text = String(validating: file.bytes, as: UTF8.self) else {
      throw InputError(
        file: path, "is not text in UTF-8", remedy: "give a study as ritz conditioning --print writes it")
    }
    let stem = path.split(separator: "/").last.map(String.init) ?? path
    let name =
      stem.hasSuffix(".yaml") ? String(stem.dropLast(5)) : stem.hasSuffix(".yml") ? String(stem.dropLast(4)) : stem
    return try Study(text: text, name: name, file: path)
  }

  /// Reads a study from its text.
  ///
  /// - Parameter name: what its figures and files are called.
  public init(text: String, name: String, file: String? = nil) throws {
    var reader = StudyReader(file: file ?? name)
    self = try reader.study(text, name: name)
  }
}

/// Turns the nodes of a YAML document into a study.
private struct StudyReader {
  let file: String
  /// The kinds of networks the study has; a setting is refused where none of them has it.
  private var kinds: Set<String> = []

  init(file: String) { self.file = file }

  private static let keys = [
    "title", "question", "reference", "data", "network", "loss", "operator", "training", "vary", "seeds", "figures",
    "bounds", "claims",
  ]

  mutating func study(_ text: String, name: String) throws -> Study {
    let root = try entries(of: document(text), "the study", Self.keys)
    var study = Study(
      name: Self.identifier(name), title: name, settings: [:], axes: [], seeds: 3, claims: [], figures: [], text: text)
    var givenAt: [String: Entry] = [:]
    for entry in root {
      switch entry.key {
      case "title": study.title = try string(entry)
      case "question": study.question = try string(entry)
      case "reference": study.reference = try string(entry)
      case "loss", "operator": try set(entry, &study, &givenAt)
      case "data", "network":
        let names = StudyKey.all.filter { $0.section.rawValue == entry.key }.map(\.name)
        for inner in try entries(of: entry.value, entry.key, names) { try set(inner, &study, &givenAt) }
      case "training": try training(entry, &study, &givenAt)
      case "seeds": study.seeds = try whole(entry, 1...10_000)
      default: break
      }
    }
    for entry in root where entry.key == "vary" { try axes(entry, &study, &givenAt) }
    for entry in root {
      switch entry.key {
      case "claims": try claims(entry, &study)
      case "figures": try figures(entry, &study)
      case "bounds": study.bounds = try names(entry)
      default: break
      }
    }
    try require(study, givenAt)
    if study.figures.isEmpty {
      let axes = study.allAxes
      study.figures =
        axes.first.map { [Study.FigureAxes(horizontal: $0.key, lines: axes.dropFirst().first?.key)] } ?? []
    }
    return study
  }

  // MARK: Parts of a study

  private func training(_ entry: Entry, _ study: inout Study, _ givenAt: inout [String: Entry]) throws {
    let names = StudyKey.all.filter { $0.section == .training }.map(\.name) + ["steps"]
    for inner in try entries(of: entry.value, "training", names) {
      guard inner.key == "steps" else {
        try set(inner, &study, &givenAt)
        continue
      }
      let steps = try list(inner).map { try whole(Entry(key: inner.key, value: $0, line: line($0)), 0...10_000_000) }
      guard steps == Set(steps).sorted() else {
        throw problem(inner, "the steps must ascend", remedy: "write them in order, each once")
      }
      study.steps = steps
    }
    guard study.steps != nil else {
      throw problem(entry, "training without steps", remedy: "add steps: [0, 10, 100], those at which κ is measured")
    }
  }

  private func axes(_ entry: Entry, _ study: inout Study, _ givenAt: inout [String: Entry]) throws {
    for inner in try entries(of: entry.value, "vary", StudyKey.all.map(\.name)) {
      guard let key = StudyKey.named(inner.key) else { continue }
      if let given = study.settings[key.name] {
        throw problem(
          inner, "is varied and given once, as \(given)", remedy: "leave one of them out")
      }
      let values = try list(inner).map { try value($0, of: key) }
      guard Set(values).count == values.count else {
        throw problem(inner, "has a value twice", remedy: "give each value once")
      }
      study.axes.append(Study.Axis(key: key.name, values: values))
      givenAt[key.name] = inner
    }
    let limit = study.steps == nil ? 2 : 1
    guard (study.steps == nil ? 1 : 0)...limit ~= study.axes.count else {
      throw problem(
        entry, "varies \(study.axes.count) settings",
        remedy: study.steps == nil
          ? "vary one, or two of which the second gives the lines of the figure"
          : "vary one beside the steps of training, which gives the lines of the figure")
    }
    guard study.cellCount <= Study.largestCellCount else {
      throw problem(entry, "makes more than \(Study.largestCellCount) cells with the seeds", remedy: "vary less")
    }
  }

  private func claims(_ entry: Entry, _ study: inout Study) throws {
    for inner in try entries(of: entry.value, "claims", study.allAxes.map(\.key)) {
      let text = try string(inner)
      guard let trend = Study.Trend(rawValue: text) else {
        throw unknown(inner.value, text, among: Study.Trend.allCases.map(\.rawValue), key: inner.key)
      }
      study.claims.append(Study.Claim(axis: inner.key, trend: trend))
    }
  }

  private func figures(_ entry: Entry, _ study: inout Study) throws {
    let axes = study.allAxes.map(\.key)
    for node in try list(entry) {
      var horizontal: String?
      var lines: String?
      for inner in try entries(of: node, "figures", ["x", "lines"]) {
        let name = try string(inner)
        guard axes.contains(name) else { throw unknown(inner.value, name, among: axes, key: inner.key) }
        if inner.key == "x" { horizontal = name } else { lines = name }
      }
      guard let horizontal, lines != horizontal, axes.allSatisfy({ $0 == horizontal || $0 == lines }) else {
        throw InputError(
          file: file, place: place(line(node), "figures"), "does not say where \(axes.joined(separator: " and ")) go",
          remedy: axes.count == 1 ? "write {x: \(axes[0])}" : "write {x: \(axes[0]), lines: \(axes[1])}")
      }
      study.figures.append(Study.FigureAxes(horizontal: horizontal, lines: lines))
    }
  }

  /// What only the whole study can be asked.
  private func require(_ study: Study, _ givenAt: [String: Entry]) throws {
    func values(_ key: String) -> [SettingValue] {
      study.axes.first { $0.key == key }?.values ?? study.settings[key].map { [$0] } ?? StudyKey.named(key)?.standard
        .map { [$0] }
        ?? []
    }
    guard !values("source").isEmpty else {
      throw InputError(
        file: file, place: "data", "has no source", remedy: "write data: {source: digits}, or mnist or cifar10")
    }
    guard !study.axes.isEmpty || study.steps != nil else {
      throw InputError(file: file, "varies nothing", remedy: "add vary: with one or two settings and lists of values")
    }
    let kinds = values("kind").map(\.description)
    for (name, entry) in givenAt {
      guard let key = StudyKey.named(name), !key.kinds.isEmpty else { continue }
      guard kinds.contains(where: key.kinds.contains) else {
        throw problem(
          entry,
          "is a setting of kind \(key.kinds.sorted().joined(separator: " and ")), and the network is \(kinds[0])",
          remedy: "leave it out, or change the kind")
      }
    }
    if let entry = givenAt["slope"], !values("activation").contains(where: { $0.description == "leaky-relu" }) {
      throw problem(
        entry, "is the slope of leaky-relu, which no network here has", remedy: "add activation: leaky-relu")
    }
    for key in ["learning-rate", "momentum"] where study.steps == nil {
      if let entry = givenAt[key] {
        throw problem(
          entry, "is a setting of training, and nothing is trained", remedy: "add training: {steps: [0, 100]}")
      }
    }
    for name in study.bounds ?? [] where !Study.boundNames.contains(name) {
      throw InputError(
        file: file, place: "bounds", "there is no bound '\(name)'",
        remedy: "use \(Study.boundNames.joined(separator: ", "))")
    }
    for key in ["standardise"] {
      for value in values(key) {
        do { _ = try DatasetOptions.Standardisation(argument: value.description) } catch {
          if let entry = givenAt[key] {
            throw problem(
              entry, "'\(value)' is not a way to standardise",
              remedy: "use automatic, none, unit, mean-std, or MEAN,STD")
          }
        }
      }
    }
  }

  // MARK: Values

  private func set(_ entry: Entry, _ study: inout Study, _ givenAt: inout [String: Entry]) throws {
    guard let key = StudyKey.named(entry.key) else { return }
    study.settings[key.name] = try value(entry.value, of: key)
    givenAt[key.name] = entry
  }

  private func value(_ node: Node, of key: StudyKey) throws -> SettingValue {
    guard case .scalar(let scalar) = node else { throw expected(key.form.description, node, key.name) }
    let text = scalar.string
    switch key.form {
    case .integer(let range):
      guard let value = node.wholeNumber, range.contains(value) else {
        throw expected(key.form.description, node, key.name)
      }
      return .integer(value)
    case .number(let range):
      guard let value = node.decimalNumber, range.contains(value) else {
        throw expected(key.form.description, node, key.name)
      }
      return .number(value == 0 ? 0 : value)
    case .flag:
      guard let value = node.truth else { throw expected(key.form.description, node, key.name) }
      return .flag(value)
    case .choice(let choices):
      // `none` may be written false or left to YAML's null.
      if choices.contains("none"), node.truth == false || node.isNothing { return .text("none") }
      guard choices.contains(text) else { throw unknown(node, text, among: choices, key: key.name) }
      return .text(text)
    case .text:
      guard !text.isEmpty else { throw expected("a text", node, key.name) }
      return .text(text)
    case .width(let range):
      if let value = node.wholeNumber, range.contains(value) { return .integer(value) }
      let parts = text.split(separator: "*").map { $0.split(separator: " ").joined(separator: " ") }
      guard parts.count == 2, let factor = Int(parts[0]) ?? Int(parts[1]), parts.contains("depth"),
        range.contains(factor)
      else { throw expected(key.form.description, node, key.name) }
      return .perDepth(factor)
    }
  }

  private func whole(_ entry: Entry, _ range: ClosedRange<Int>) throws -> Int {
    guard let value = entry.value.wholeNumber, range.contains(value) else {
      throw expected("a whole number from \(range.lowerBound) to \(range.upperBound)", entry.value, entry.key)
    }
    return value
  }

  private func string(_ entry: Entry) throws -> String {
    guard case .scalar(let scalar) = entry.value, !scalar.string.isEmpty else {
      throw expected("a text", entry.value, entry.key)
    }
    return scalar.string
  }

  private func names(_ entry: Entry) throws -> [String] {
    if case .sequence(let nodes) = entry.value, nodes.isEmpty { return [] }
    return try list(entry).map { try string(Entry(key: entry.key, value: $0, line: line($0))) }
  }

  private func list(_ entry: Entry) throws -> [Node] {
    guard case .sequence(let nodes) = entry.value, !nodes.isEmpty else {
      throw expected("a list such as [1, 2, 4]", entry.value, entry.key)
    }
    return Array(nodes)
  }

  // MARK: Nodes

  /// A key with its value and line.
  private struct Entry {
    var key: String
    var value: Node
    var line: Int?
  }

  private func document(_ text: String) throws -> Node {
    try requireFlat(text)
    do {
      guard let node = try compose(yaml: text) else {
        throw InputError(file: file, "is empty", remedy: "give a study as ritz conditioning --print writes it")
      }
      return node
    } catch let error as YamlError {
      throw damaged(error)
    }
  }

  /// A parser that calls itself for each nested level must not be handed thousands of them.
  private func requireFlat(_ text: String) throws {
    var level = 0
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let indentation = line.prefix { $0 == " " || $0 == "-" || $0 == "?" || $0 == "\t" }.count
      for character in line.utf8 {
        if character == UInt8(ascii: "[") || character == UInt8(ascii: "{") { level += 1 }
        if character == UInt8(ascii: "]") || character == UInt8(ascii: "}") { level = max(0, level - 1) }
      }
      guard level <= 20, indentation <= 80 else {
        throw InputError(
          file: file, place: "line \(number + 1)", "is nested deeper than any study",
          remedy: "give a study as ritz conditioning --print writes it")
      }
    }
  }

  private func entries(of node: Node, _ what: String, _ known: [String]) throws -> [Entry] {
    guard case .mapping(let mapping) = node else { throw expected("keys with values", node, what) }
    return try mapping.map { key, value in
      guard let name = key.scalar?.string else { throw expected("a name before the colon", key, what) }
      guard known.contains(name) else { throw misplaced(name, key, what, known) }
      return Entry(key: name, value: value, line: line(key))
    }
  }

  /// An unknown key: one that belongs elsewhere, or a misspelt one.
  private func misplaced(_ name: String, _ node: Node, _ what: String, _ known: [String]) -> InputError {
    if let key = StudyKey.named(name), !known.contains(name) {
      let home = key.section == .measure ? "the first level" : "'\(key.section.rawValue)'"
      return InputError(
        file: file, place: place(line(node), what), "'\(name)' does not belong here", remedy: "it belongs to \(home)")
    }
    return unknown(node, name, among: known, key: what, noun: "key")
  }

  private func unknown(
    _ node: Node, _ name: String, among names: [String], key: String, noun: String = "value"
  ) -> InputError {
    let suggestion = NearestName.of(name, among: names).map { "did you mean '\($0)'? " } ?? ""
    return InputError(
      file: file, place: place(line(node), key), "unknown \(noun) '\(name.prefix(60))'",
      remedy: suggestion + "choose from \(names.joined(separator: ", "))")
  }

  private func expected(_ what: String, _ node: Node, _ key: String) -> InputError {
    let found =
      switch node {
      case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : "'\(scalar.string.prefix(60))'"
      case .sequence: "a list"
      case .mapping: "keys with values"
      case .alias: "an alias"
      }
    return InputError(file: file, place: place(line(node), key), "is \(found), expected \(what)")
  }

  private func problem(_ entry: Entry, _ text: String, remedy: String? = nil) -> InputError {
    InputError(file: file, place: place(entry.line, entry.key), text, remedy: remedy)
  }

  private func line(_ node: Node) -> Int? { node.mark?.line }

  private func place(_ line: Int?, _ key: String) -> String {
    [line.map { "line \($0)" }, key].compactMap(\.self).joined(separator: ": ")
  }

  private func damaged(_ error: YamlError) -> InputError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return InputError(
        file: file, place: "line \(mark.line), column \(mark.column)", "is not YAML: \(problem)",
        remedy: "mind indentation and brackets; --print shows a study")
    case .duplicatedKeysInMapping(let duplicates, let context):
      return InputError(
        file: file, place: "line \(context.mark.line)",
        "has the key '\(duplicates.first ?? "")' twice", remedy: "leave one of them out")
    case .reader(let problem, _, _, _):
      return InputError(file: file, "is not YAML: \(problem)", remedy: "write it in UTF-8 without control characters")
    default:
      return InputError(file: file, "is not YAML", remedy: "give a study as ritz conditioning --print writes it")
    }
  }

  /// A name that can stand in file names and anchors.
  private static func identifier(_ name: String) -> String {
    let safe = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    return safe.isEmpty ? "study" : String(safe)
  }
}
