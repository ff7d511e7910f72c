/// Names of several models in a few words.
enum ModelNames {
  /// The names, those that differ in a last number only as one: `mlp-1, mlp-2, net` are `mlp, net`.
  static func joined(_ names: [String]) -> String {
    let stems = names.map { String($0.prefixMatch(of: /(.+)[-_.][0-9]+$/)?.1 ?? $0[...]) }
    var shown: [String] = []
    for (name, stem) in zip(names, stems) {
      let text = stems.filter { $0 == stem }.count > 1 ? stem : name
      if !shown.contains(text) { shown.append(text) }
    }
    return shown.joined(separator: ", ")
  }
}
