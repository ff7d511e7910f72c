/// A command line a shell takes back.
enum CommandLineText {
  /// The arguments, those with special characters in single quotes; a long command goes on after a backslash with each flag
  /// on a line of its own.
  static func quoted(_ arguments: [String]) -> String {
    var lines: [String] = []
    for argument in arguments.map(quoted) {
      if let last = lines.last, !argument.hasPrefix("--") {
        lines[lines.count - 1] = last + " " + argument
      } else {
        lines.append(argument)
      }
    }
    let oneLine = lines.joined(separator: " ")
    return oneLine.count <= 72 ? oneLine : lines.joined(separator: " \\\n  ")
  }

  private static func quoted(_ argument: String) -> String {
    let plain = argument.unicodeScalars.allSatisfy { scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "/", "=", ",", ":", "@", "%", "+": true
      default: false
      }
    }
    if plain, !argument.isEmpty { return argument }
    return "'" + argument.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
