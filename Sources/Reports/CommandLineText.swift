/// A command line a shell takes back.
enum CommandLineText {
  /// The arguments, those with special characters in single quotes.
  static func quoted(_ arguments: [String]) -> String {
    arguments.map { argument in
      let plain = argument.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII
          && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            || "-_./=,:@%+".unicodeScalars.contains(scalar))
      }
      if plain, !argument.isEmpty { return argument }
      return "'" + argument.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }.joined(separator: " ")
  }
}
