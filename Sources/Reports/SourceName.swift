/// What a model or a data set is called in headings, where its whole path would only be in the way; the page's setting has it.
enum SourceName {
  /// The last two components of an absolute path, `mnist/model.pt2`; any other name as it is.
  static func short(_ source: String) -> String {
    guard source.hasPrefix("/") else { return source }
    return source.split(separator: "/").suffix(2).joined(separator: "/")
  }

  /// Data by its summary, "/data/cifar10 (cifar, train split): 1000 samples, …": what stands before the colon.
  static func ofData(_ summary: String) -> String {
    guard let end = summary.firstRange(of: "): ")?.lowerBound else { return short(summary) }
    return short(String(summary[...end]))
  }
}
