/// Every setting of one network and its data, standards filled in: what a cell is made from.
struct CellSettings: Sendable, Hashable {
  /// By key; only those that the kind of network has.
  private(set) var values: [String: SettingValue]

  /// - Parameter given: those of the study and of the cell's place on its axes.
  init(_ given: [String: SettingValue]) {
    let kind = given["kind"]?.description ?? "linear"
    var values: [String: SettingValue] = [:]
    for key in StudyKey.all where key.kinds.isEmpty || key.kinds.contains(kind) {
      values[key.name] = given[key.name] ?? key.standard
    }
    if values["activation"] == nil, kind != "linear" {
      values["activation"] = .text(kind == "mlp" ? "relu" : "identity")
    }
    if case .perDepth(let factor)? = values["width"] {
      values["width"] = .integer(factor * (values["depth"]?.integer ?? 1))
    }
    self.values = values
  }

  func text(_ key: String) -> String { values[key]?.description ?? "" }
  func integer(_ key: String) -> Int { values[key]?.integer ?? 0 }
  func number(_ key: String) -> Double { values[key]?.position ?? 0 }
  func flag(_ key: String) -> Bool { values[key]?.flag ?? false }

  /// `key: value` lines of some sections, in the order of ``StudyKey/all``.
  func lines(_ sections: StudyKey.Section...) -> String {
    StudyKey.all.filter { sections.contains($0.section) }.compactMap { key in
      values[key.name].map { "\(key.name): \($0)\n" }
    }.joined()
  }
}
