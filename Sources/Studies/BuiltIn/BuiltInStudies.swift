/// The studies that come with the program, one file each, as the YAML texts a user would write.
public enum BuiltInStudies {
  /// Name and text, in the order of a report.
  public static let all: [(name: String, text: String)] = [
    ("depth-width", depthWidth), ("width-with-depth", widthWithDepth), ("skip", skip), ("convolution", convolution),
    ("leaky-slope", leakySlope), ("batch-norm", batchNorm), ("initialisation", initialisation), ("pruning", pruning),
    ("whitening", whitening), ("training", training), ("bound-tightness", boundTightness),
  ]

  /// The names, in order.
  public static var names: [String] { all.map(\.name) }

  /// A built-in study; nil where there is none of that name.
  public static func study(_ name: String) throws -> Study? {
    guard let (name, text) = all.first(where: { $0.name == name }) else { return nil }
    return try Study(text: text, name: name)
  }

  /// The name most likely meant.
  public static func nearest(_ name: String) -> String? { NearestName.of(name, among: names) }
}
