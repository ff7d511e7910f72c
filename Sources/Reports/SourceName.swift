/// What a model or a data set is called in headings, where its whole path would only be in the way; the page's setting has it.
enum SourceName {
  /// The last two components of an absolute path, `mnist/model.pt2`; any other name as it is.
  static func short(_ source: String) -> String {
    guard source.hasPrefix("/") else { return source }
    return source.split(separator: "/").suffix(2).joined(separator: "/")
  }
}
