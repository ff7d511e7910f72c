/// An error in what the user handed over: a damaged file, a shape that does not fit, an option that cannot be met.
///
/// Its text is one line that names the file, the place in it, what was found against what was expected, and the remedy:
///
///     model.pt2: models/model.json: node 'linear_3': unknown operator aten.foo; export with ...
///
/// It is the only error type that ends the command with exit code 1.
public struct InputError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file (or other source, such as a flag) at fault, where one is known.
  public var file: String?
  /// The place inside the file: an archive member, a node, a byte offset, an array name.
  public var place: String?
  /// What was found and what was expected.
  public var problem: String
  /// What the user can do about it.
  public var remedy: String?

  public init(file: String? = nil, place: String? = nil, _ problem: String, remedy: String? = nil) {
    self.file = file
    self.place = place
    self.problem = problem
    self.remedy = remedy
  }

  public var description: String {
    let subject = [file, place, problem].compactMap { $0 }.joined(separator: ": ")
    let text = remedy.map { subject + "; " + $0 } ?? subject
    // Text from a hostile file must not break the one line or move the cursor.
    return String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
  }

  /// The same error, with the file filled in where it was not known.
  public func inFile(_ file: String) -> InputError {
    var error = self
    if error.file == nil { error.file = file }
    return error
  }
}
